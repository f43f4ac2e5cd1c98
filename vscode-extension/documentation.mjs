// The settings, commands and launch attributes in docs/editor.md are those of package.json: checks it, or with --write makes it so.
import { readFileSync, writeFileSync } from 'node:fs';

const { contributes } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const document = new URL('../docs/editor.md', import.meta.url);

const cell = (text) => text.replaceAll('|', '\\|');
const table = (heads, rows) => [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
const words = ({ type, enum: values, anyOf }) => anyOf?.map(words).join(' | ') ?? values?.map((value) => `\`"${value}"\``).join(' | ') ?? type;
const type = (property) => cell(words(property));
const attributes = (request) => {
  const { properties, required = [] } = contributes.debuggers[0].configurationAttributes[request];
  const preset = (name, { default: value }) => (required.includes(name) ? 'required' : value === undefined ? '' : `\`${JSON.stringify(value)}\``);
  return table(['attribute', 'type', 'default', 'meaning'], Object.entries(properties).map(([name, property]) => [
    `\`${name}\``, type(property), preset(name, property), cell(property.markdownDescription),
  ]));
};

const generated = {
  commands: table(['command', 'id'], contributes.commands.map(({ category, title, command }) => [`${category}: ${title}`, `\`${command}\``])),
  launch: attributes('launch'),
  attach: attributes('attach'),
  settings: table(['setting', 'meaning'], Object.entries(contributes.configuration.properties).map(([name, { markdownDescription }]) => [
    `\`${name}\``, cell(markdownDescription),
  ])),
};

const before = readFileSync(document, 'utf8');
const after = before.replace(/(<!-- generated: (\w+) -->\n)[^]*?(\n<!-- end -->)/g, (_, start, name, end) => start + generated[name] + end);
const absent = Object.keys(generated).filter((name) => !before.includes(`<!-- generated: ${name} -->`));
if (absent.length > 0) {
  console.error(`docs/editor.md has no place for: ${absent.join(', ')}`);
  process.exitCode = 1;
} else if (process.argv.includes('--write')) {
  writeFileSync(document, after);
} else if (after !== before) {
  console.error('docs/editor.md differs from package.json: npm run docs');
  process.exitCode = 1;
}
