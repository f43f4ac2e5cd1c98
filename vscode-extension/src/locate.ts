// Finds what the user did not name: the `toro` command, the project a file belongs to, the debug adapter.
import { accessSync, constants, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isCommand(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}

/** The folder and all folders above it, nearest first. */
function ancestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}

function searchPath(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
}

/**
 * `setting` is the command or the SDK's folder; without it the folders are searched upwards in their order, then PATH.
 * `last` is what was found the last time: projects lie anywhere.
 */
export function findToro(setting: string, folders: readonly string[], last = ''): string | undefined {
  if (setting !== '') {
    return [setting, join(setting, 'toro')].find(isCommand);
  }
  return [...[...folders.flatMap(ancestors), ...searchPath()].map((folder) => join(folder, 'toro')), last].find(isCommand);
}

/** A project is a folder with a sample.json, or with a CMakeLists.txt that makes a Toro application. */
export function isProject(folder: string): boolean {
  const cmake = join(folder, 'CMakeLists.txt');
  return isFile(join(folder, 'sample.json')) || (isFile(cmake) && readFileSync(cmake, 'utf8').includes('toro_add_application'));
}

/** The nearest project at or above a folder, not above `top`. */
export function findProject(folder: string, top: string): string | undefined {
  const above = ancestors(folder);
  return above.slice(0, above.indexOf(top) + 1 || above.length).find(isProject);
}

export function findGdb(setting: string): string | undefined {
  return setting !== '' ? [setting].find(isCommand) : searchPath().map((folder) => join(folder, 'gdb')).find(isCommand);
}

/** The newest `lldb-dap`, as Debian names them (lldb-dap-22), or the unversioned one. */
export function findDebugAdapter(setting: string): string | undefined {
  if (setting !== '') {
    return isCommand(setting) ? setting : undefined;
  }
  const version = (path: string): number => Number(basename(path).slice('lldb-dap-'.length)) || 0;
  return searchPath()
    .filter((folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    .flatMap((folder) => readdirSync(folder).filter((name) => /^lldb-dap(-\d+)?$/.test(name)).map((name) => join(folder, name)))
    .filter(isCommand)
    .sort((a, b) => version(b) - version(a))[0];
}
