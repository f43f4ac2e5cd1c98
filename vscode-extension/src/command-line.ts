// Turns a launch configuration into the arguments of `toro`, and a command line into the words a user can paste.

/** The launch attributes that the command is told about; package.json documents them. */
export interface LaunchOptions {
  readonly board?: string;
  readonly config?: string;
  readonly application?: string;
  readonly cores?: number;
  readonly memory?: string;
  readonly disks?: readonly string[];
  readonly network?: string;
  readonly forward?: readonly string[];
  readonly vsock?: readonly string[];
  readonly share?: readonly string[];
  readonly stub?: string;
  readonly accelerator?: string;
  readonly protocolLog?: string;
  readonly arguments?: readonly string[];
  readonly wait?: boolean;
}

type Attribute = keyof LaunchOptions;

/** Which option of the command an attribute becomes: what says what is built, and what says how it is booted. */
const buildOptions: readonly (readonly [Attribute, string])[] = [
  ['board', '--board'],
  ['config', '--config'],
  ['application', '--application'],
];
const bootOptions: readonly (readonly [Attribute, string])[] = [
  ['cores', '--cores'],
  ['memory', '--memory'],
  ['disks', '--disk'],
  ['network', '--net'],
  ['forward', '--forward'],
  ['vsock', '--vsock'],
  ['share', '--share'],
  ['stub', '--stub'],
  ['accelerator', '--accel'],
  ['protocolLog', '--protocol-log'],
];

/** An attribute that is a list repeats its option; one that is absent or empty has none. */
function optionWords(options: LaunchOptions, table: typeof buildOptions): string[] {
  return table.flatMap(([attribute, name]) =>
    [options[attribute] ?? []]
      .flat()
      .filter((value) => value !== '')
      .flatMap((value) => [name, String(value)]),
  );
}

function mainArguments(options: LaunchOptions): string[] {
  return options.arguments?.length ? ['--', ...options.arguments] : [];
}

export function buildArguments(sample: string, options: LaunchOptions): string[] {
  return [...buildTaskArguments(sample, options), '--json'];
}

/** For people: the same in words. */
export function buildTaskArguments(sample: string, options: LaunchOptions): string[] {
  return ['build', sample, ...optionWords(options, buildOptions)];
}

export function sizeArguments(sample: string, options: LaunchOptions): string[] {
  return ['size', sample, ...optionWords(options, buildOptions), '--json'];
}

/** Serves what a guest left when it panicked; without a sample the image lies beside it. */
export function dumpArguments(dump: string, sample: string | undefined): string[] {
  return ['debug', ...(sample === undefined ? [] : [sample]), '--dump', dump, '--debugger', 'none', '--json'];
}

/** Runs a recording again, or makes one, for the debugger that the editor brings. */
export function recordingArguments(sample: string, options: LaunchOptions, purpose: 'record' | 'replay', file: string): string[] {
  const { stub: _qemu, ...others } = options; // a recording is QEMU's own stub's
  return [
    'debug', sample, ...optionWords(others, buildOptions), ...optionWords(others, bootOptions),
    `--${purpose}`, file, '--debugger', 'none', '--json', ...mainArguments(options),
  ];
}

export function newProjectArguments(folder: string, sample: string): string[] {
  return ['new', folder, '--from', sample, '--json'];
}

export type GuestPurpose = 'run' | 'debug';

export function runArguments(sample: string, options: LaunchOptions, purpose: GuestPurpose): string[] {
  const { stub: _none, ...others } = options;
  const listen = purpose === 'debug' ? ['--listen', '0', ...(options.wait === false ? [] : ['--wait'])] : [];
  return [
    'run', sample, ...optionWords(options, buildOptions), ...optionWords(purpose === 'debug' ? options : others, bootOptions),
    ...listen, '--json', ...mainArguments(options),
  ];
}

/** One line for a POSIX shell. */
export function quoteCommand(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
