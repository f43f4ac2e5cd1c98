// A small client of the Debug Adapter Protocol over a child's pipes, for tests below the editor.
import { spawn } from 'node:child_process';

export class DapClient {
  #sequence = 0;
  #pending = new Map();
  #waiting = [];
  #buffer = Buffer.alloc(0);
  /** Every event in its order. */
  events = [];

  /** As src/adapters.ts of the extension describes an adapter. */
  constructor({ command, words, environment }) {
    this.adapter = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...environment } });
    this.adapter.stdout.on('data', (bytes) => this.#receive(bytes));
    this.ended = new Promise((resolve) => this.adapter.once('exit', resolve));
    void this.ended.then((status) => this.#pending.forEach(({ reject }) => reject(new Error(`the adapter ended with status ${status}`))));
  }

  #receive(bytes) {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    for (;;) {
      const header = /^Content-Length: (\d+)\r\n\r\n/.exec(this.#buffer.toString('latin1', 0, 64));
      const end = header && header[0].length + Number(header[1]);
      if (!header || this.#buffer.length < end) {
        return;
      }
      const message = JSON.parse(this.#buffer.toString('utf8', header[0].length, end));
      this.#buffer = this.#buffer.subarray(end);
      if (message.type === 'response') {
        const { resolve, reject, command } = this.#pending.get(message.request_seq);
        this.#pending.delete(message.request_seq);
        message.success ? resolve(message.body) : reject(new Error(`${command}: ${message.body?.error?.format ?? message.message}`));
      } else if (message.type === 'event') {
        this.events.push(message);
        this.#waiting = this.#waiting.filter(({ name, resolve }) => name !== message.event || resolve(message.body ?? {}));
      }
    }
  }

  request(command, parameters = {}) {
    const body = JSON.stringify({ seq: ++this.#sequence, type: 'request', command, arguments: parameters });
    this.adapter.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    return new Promise((resolve, reject) => this.#pending.set(this.#sequence, { resolve, reject, command }));
  }

  /** The next event of that name after the call. */
  event(name) {
    return new Promise((resolve) => this.#waiting.push({ name, resolve }));
  }

  end() {
    this.adapter.kill();
    return this.ended;
  }
}
