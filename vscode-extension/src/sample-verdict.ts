// Whether a sample did what its sample.json says it does.

export interface Expectation {
  readonly expect: readonly string[];
  readonly exit_status: number;
}

/** Undefined when it did, else what was missing. Lines are expected in their order. */
export function verdict(expected: Expectation, console: string, status: number | undefined): string | undefined {
  let from = 0;
  for (const line of expected.expect) {
    const at = console.indexOf(line, from);
    if (at < 0) {
      return `the console was expected to say: ${line}`;
    }
    from = at + line.length;
  }
  return status === expected.exit_status ? undefined : `exit status ${expected.exit_status} was expected, ${status ?? 'none'} was found`;
}
