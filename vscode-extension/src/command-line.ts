// Turns a launch configuration into the arguments of `toro`, and a command line into the words a user can paste.

/** The launch attributes that the command is told about; package.json documents them. */
export interface LaunchOptions {
  readonly board?: string;
  readonly config?: string;
  readonly cores?: number;
  readonly memory?: string;
  readonly arguments?: readonly string[];
  readonly wait?: boolean;
}

function option(name: string, value: string | number | undefined): string[] {
  return value === undefined || value === '' ? [] : [name, String(value)];
}

export function buildArguments(sample: string, options: LaunchOptions): string[] {
  return ['build', sample, ...option('--board', options.board), ...option('--config', options.config), '--json'];
}

/** Serves what a guest left when it panicked; without a sample the image lies beside it. */
export function dumpArguments(dump: string, sample: string | undefined): string[] {
  return ['debug', ...(sample === undefined ? [] : [sample]), '--dump', dump, '--debugger', 'none', '--json'];
}

export type GuestPurpose = 'run' | 'debug';

export function runArguments(sample: string, options: LaunchOptions, purpose: GuestPurpose): string[] {
  const listen = purpose === 'debug' ? ['--listen', '0', ...(options.wait === false ? [] : ['--wait'])] : [];
  const trailing = options.arguments?.length ? ['--', ...options.arguments] : [];
  return [
    'run', sample,
    ...option('--board', options.board), ...option('--config', options.config),
    ...option('--cores', options.cores), ...option('--memory', options.memory),
    ...listen, '--json', ...trailing,
  ];
}

/** One line for a POSIX shell. */
export function quoteCommand(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
