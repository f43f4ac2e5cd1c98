// What `toro doctor --json` says, as one sentence: nothing when all is well.

export interface Diagnosis {
  readonly version?: string;
  readonly sdk: string;
  readonly tools: readonly { readonly name: string; readonly group: string; readonly ok: boolean; readonly package: string; readonly found: string; readonly wanted: string }[];
}

/** What those need who write applications; tests and the extension's own build are other people's. */
const neededGroups = ['build', 'run', 'debug'];

export function missingTools(diagnosis: Diagnosis): string[] {
  const missing = diagnosis.tools.filter(({ ok, group }) => !ok && neededGroups.includes(group));
  return [...new Set(missing.map(({ name, package: debian, found, wanted }) => (found === 'missing' ? debian : `${name} (${found} found, ${wanted} wanted)`)))];
}

/** The first two numbers of a version must agree: extension and command are made for each other. */
export function versionMismatch(diagnosis: Diagnosis, extension: string): string | undefined {
  const series = (version: string): string => version.split('.').slice(0, 2).join('.');
  const found = diagnosis.version;
  return found !== undefined && series(found) === series(extension)
    ? undefined
    : `The SDK at ${diagnosis.sdk} has version ${found ?? 'older than 0.1'}, this extension is for ${series(extension)}: install the extension that comes with that SDK (vscode-extension/), or choose another SDK.`;
}
