// A debugging session by the client of @vscode/debugadapter-testsupport.
import { DebugClient } from '@vscode/debugadapter-testsupport';
import { boot, elf, source, toro } from './guest.mjs';

const PATIENCE = 60_000; // ms: a loaded machine that emulates its guest

/** The promise, or an error that says what was waited for. */
function within(promise, what) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`${what} was expected within ${PATIENCE / 1000} s`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class Session {
  constructor(backend) {
    this.backend = backend;
    this.client = new DebugClient(backend.runtime, backend.executable, 'toro', undefined, process.env.TORO_DAP_VERBOSE !== undefined);
    this.disconnected = false;
    this.output = '';
    this.listeners = new Set();
    this.client.on('output', ({ body }) => this.hear(body.output));
  }

  /** Takes what the adapter or the guest's console says. */
  hear(text) {
    this.output += text;
    this.listeners.forEach((listener) => listener());
  }

  /** Waits until the adapter or the console has said that. */
  says(pattern) {
    const said = new Promise((done) => {
      const listener = () => pattern.test(this.output) && this.listeners.delete(listener) && done();
      this.listeners.add(listener);
      listener();
    });
    return within(said, `${pattern} in the output`);
  }

  /** A request; the body of its response. */
  async ask(command, parameters = {}) {
    this.disconnected ||= command === 'disconnect';
    const response = new Promise((done, fail) => {
      // The client's own request knows a refusal's message, which is a word for programs, and not its sentence. [DAP, ErrorResponse]
      this.client.doSend(command, parameters, (answer) =>
        answer.success ? done(answer) : fail(new Error(`${command}: ${answer.body?.error?.format ?? answer.message}`)),
      );
    });
    return (await within(response, `the response to ${command}`)).body ?? {};
  }

  /** Does what makes the guest go, and waits for its next stop. */
  async stopAfter(action) {
    const stopped = new Promise((done) => this.client.once('stopped', ({ body }) => done(body)));
    await action();
    this.stop = await within(stopped, 'a stop');
    return this.stop;
  }

  step(command, more = {}) {
    return this.stopAfter(() => this.ask(command, { threadId: this.stop.threadId, ...more }));
  }

  /** Lets it go on, and waits until the adapter says so: before that lldb-dap refuses a pause, as of a process that does not run. */
  async resume() {
    const resumed = new Promise((done) => this.client.once('continued', done));
    await this.ask('continue', { threadId: this.stop.threadId });
    await within(resumed, 'continued');
  }

  /** Starts the adapter, connects, and lets `configure` set breakpoints; resolves at the first stop. */
  async start(request, parameters, configure) {
    await this.client.start();
    const initialized = new Promise((done) => this.client.once('initialized', done));
    this.capabilities = await this.ask('initialize', { adapterID: 'toro', pathFormat: 'path', linesStartAt1: true, columnsStartAt1: true });
    const stop = await this.stopAfter(async () => {
      const started = within(this.client.customRequest(request, parameters), `the response to ${request}`);
      await Promise.race([within(initialized, 'initialized'), started.then(() => initialized)]);
      await configure(this);
      await this.ask('configurationDone');
      await started;
    });
    await this.ask('threads'); // as an editor does: lldb-dap answers the first time what it saw when it connected
    return stop;
  }

  async frames(threadId = this.stop.threadId) {
    return (await this.ask('stackTrace', { threadId, startFrame: 0, levels: 20 })).stackFrames;
  }

  async scopes() {
    return (await this.ask('scopes', { frameId: (await this.frames())[0].id })).scopes;
  }

  /** The variables of the first scope whose name fits, and their reference. */
  async scope(pattern) {
    const scope = (await this.scopes()).find(({ name }) => pattern.test(name));
    const { variables } = await this.ask('variables', { variablesReference: scope.variablesReference });
    return { reference: scope.variablesReference, variables };
  }

  /** The names of the functions, without what a debugger writes around them. */
  async functions(threadId) {
    return (await this.frames(threadId)).map(({ name }) => name.replace(/^::|\(anonymous namespace\)::/g, '').replace(/\(.*/, ''));
  }

  async local(name) {
    return (await this.scope(/^local/i)).variables.find((variable) => variable.name === name);
  }

  async evaluate(expression, context = 'watch') {
    return this.ask('evaluate', { expression, frameId: (await this.frames())[0].id, context });
  }

  setLines(...breakpoints) {
    return this.ask('setBreakpoints', { source: { path: source }, breakpoints });
  }

  /** Ends the adapter, as an editor does also where it was told to disconnect. */
  async end() {
    if (this.disconnected) {
      this.client.stopAdapter();
    } else {
      await within(this.client.stop(), 'the response to disconnect');
    }
  }
}

/** The adapter boots or connects as for F5; the guest does what `words` say. */
export async function launched(backend, words, configure) {
  const session = new Session(backend);
  // One adapter boots the guest by itself.
  session.guest = backend.boots ? undefined : await boot(words, (text) => session.hear(text));
  await session.start('launch', backend.launch({ toro, elf, words, ...session.guest }), configure);
  return session;
}

/** The adapter connects to a guest that waits. */
export async function attached(backend, words, configure) {
  const session = new Session(backend);
  session.guest = await boot(words, (text) => session.hear(text));
  await session.start('attach', backend.attach(session.guest), configure);
  return session;
}
