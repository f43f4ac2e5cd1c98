// What package.json promises: attributes that are used, files that are there, schemas that fit the SDK's own files.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = process.cwd();
const sdk = join(root, '..');
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const source = readdirSync(join(root, 'src')).map((name) => readFileSync(join(root, 'src', name), 'utf8')).join('\n');

interface Schema {
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, { type?: string; enum?: unknown[]; properties?: object }>>;
}
interface Manifest {
  readonly version: string;
  readonly icon: string;
  readonly contributes: {
    readonly commands: readonly { command: string }[];
    readonly configuration: { readonly properties: object };
    readonly debuggers: readonly [{ readonly configurationAttributes: { readonly launch: Schema; readonly attach: Schema } }];
    readonly walkthroughs: readonly { steps: readonly { media: { markdown: string } }[] }[];
    readonly viewsContainers: Readonly<Record<string, readonly { icon: string }[]>>;
    readonly jsonValidation: readonly { url: string }[];
  };
}
const { contributes, icon, version } = json(join(root, 'package.json')) as Manifest;

test('every launch attribute, setting and command is one that the extension knows', () => {
  const { launch, attach } = contributes.debuggers[0].configurationAttributes;
  const unknown = [...Object.keys(launch.properties), ...Object.keys(attach.properties)].filter((name) => !new RegExp(`\\b${name}\\b`).test(source));
  assert.deepEqual(unknown, []);
  const settings = Object.keys(contributes.configuration.properties).map((name) => name.replace('toro.', ''));
  assert.deepEqual(settings.filter((name) => !source.includes(`'${name}'`)), []);
  assert.deepEqual(contributes.commands.filter(({ command }) => !source.includes(`'${command}'`)), []);
});

test('every file that is named is there', () => {
  const named = [
    icon,
    ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.markdown)),
    ...Object.values(contributes.viewsContainers).flatMap((containers) => containers.map((container) => container.icon)),
    ...contributes.jsonValidation.map(({ url }) => url),
  ];
  assert.deepEqual(named.filter((name) => !existsSync(join(root, name))), []);
});

/** As far as the schemas go here: keys, types, enumerations. */
function complaints(schema: Schema, value: Readonly<Record<string, unknown>>, file: string): string[] {
  const missing = (schema.required ?? []).filter((key) => !(key in value)).map((key) => `${file}: ${key} is missing`);
  const wrong = Object.entries(value).flatMap(([key, content]) => {
    const property = schema.properties[key];
    const type = Array.isArray(content) ? 'array' : Number.isInteger(content) ? 'integer' : typeof content;
    const fits = property && (property.enum ? property.enum.includes(content) : (property.type ?? type) === type);
    return fits ? [] : [`${file}: ${key} does not fit`];
  });
  return [...missing, ...wrong];
}

test('the SDK’s samples and boards fit the schemas', () => {
  for (const [folder, name] of [['samples', 'sample'], ['boards', 'board']] as const) {
    const schema = json(join(root, `schemas/${name}.schema.json`)) as Schema;
    const files = readdirSync(join(sdk, folder)).map((entry) => join(sdk, folder, entry, `${name}.json`)).filter(existsSync);
    assert.ok(files.length > 0);
    assert.deepEqual(files.flatMap((file) => complaints(schema, json(file) as Record<string, unknown>, file)), []);
  }
});

test('extension and SDK have one version', () => {
  const project = /project\(toro VERSION (\S+)/.exec(readFileSync(join(sdk, 'CMakeLists.txt'), 'utf8'))?.[1];
  assert.equal(version, project);
});
