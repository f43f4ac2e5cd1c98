// Reads compiler, linker and CMake output for the Problems view.
import { isAbsolute, resolve } from 'node:path';

export type Severity = 'error' | 'warning' | 'note';

/** Line and column count from 1, as the tools print them. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: Severity;
  readonly message: string;
  readonly source: string;
}

const clang = /^(.+?):(\d+):(\d+): (?:fatal )?(error|warning|note): (.+)$/;
const linker = /^[\w./-]*ld(?:\.lld)?(?:-\d+)?: (error|warning): (.+)$/;
const linkerPlace = /^>>> (?:referenced by|defined at) .*?\(?([^\s()]+):(\d+)\)?/;
const cmake = /^CMake (Error|Warning)(?: \(dev\))? at (.+?):(\d+)/;

/** `folder` is where relative paths start. A note follows the problem it explains. */
export function parseProblems(output: string, folder: string): Problem[] {
  const problems = new Map<string, Problem>();
  const add = (file: string, line: string, column: string, severity: Severity, message: string, source: string): void => {
    const problem = { file: isAbsolute(file) ? file : resolve(folder, file), line: Number(line), column: Number(column), severity, message, source };
    problems.set(JSON.stringify(problem), problem); // a header's problem comes once for each source that includes it
  };
  const lines = output.replace(/\x1b\[[0-9;]*[A-Za-z]/g, '').split(/\r?\n/);
  lines.forEach((line, index) => {
    let match: RegExpExecArray | null;
    if ((match = clang.exec(line))) {
      const [, file = '', row = '1', column = '1', severity, message = ''] = match;
      add(file, row, column, severity as Severity, message, 'clang');
    } else if ((match = linker.exec(line))) {
      const [, severity, message = ''] = match;
      const place = linkerPlace.exec(lines[index + 1] ?? '');
      add(place?.[1] ?? 'CMakeLists.txt', place?.[2] ?? '1', '1', severity as Severity, message, 'lld');
    } else if ((match = cmake.exec(line))) {
      const [, kind, file = '', row = '1'] = match;
      const end = lines.findIndex((text, at) => at > index && text === '' && lines[at + 1]?.startsWith('  ') !== true);
      const message = lines.slice(index + 1, end < 0 ? undefined : end).map((text) => text.trim()).filter((text) => text !== '');
      add(file, row, '1', kind === 'Error' ? 'error' : 'warning', message.join(' '), 'cmake');
    }
  });
  return [...problems.values()];
}

/** The first line with an error of compiler, linker or CMake; empty when there is none. */
export function firstError(output: string): string {
  return output.split(/\r?\n/).find((line) => /\berror: |^CMake Error/.test(line))?.trim() ?? '';
}

export function lastLine(output: string): string {
  return output.trimEnd().split(/\r?\n/).at(-1)?.trim() ?? '';
}
