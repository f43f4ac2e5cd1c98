// What an image is made of, as a treemap: pure layout and HTML, without scripts.
import { escapeHtml } from './boot-timeline';
import { inBytes } from './kernel-trees';

/** As `toro size --json` answers. */
export interface SizeReport {
  readonly name: string;
  readonly board: string;
  readonly config: string;
  readonly stripped_bytes: number;
  readonly units: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface Tile {
  readonly name: string;
  readonly value: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Halves the area again and again, along its longer side, into parts of nearly equal weight; the largest comes first. */
export function treemap(items: readonly { name: string; value: number }[], x: number, y: number, width: number, height: number): Tile[] {
  const sorted = items.filter(({ value }) => value > 0).sort((a, b) => b.value - a.value);
  const only = sorted[0];
  if (only === undefined) {
    return [];
  }
  if (sorted.length === 1) {
    return [{ ...only, x, y, width, height }];
  }
  const total = sorted.reduce((sum, { value }) => sum + value, 0);
  let count = 0;
  let weight = 0;
  do {
    weight += sorted[count++]?.value ?? 0;
  } while (count < sorted.length - 1 && weight < total / 2);
  const share = weight / total;
  const [first, second] = [sorted.slice(0, count), sorted.slice(count)];
  return width >= height
    ? [...treemap(first, x, y, width * share, height), ...treemap(second, x + width * share, y, width * (1 - share), height)]
    : [...treemap(first, x, y, width, height * share), ...treemap(second, x, y + height * share, width, height * (1 - share))];
}

/** What takes room in the file: zeroed memory does not. */
function inFile(unit: Readonly<Record<string, number>>): number {
  return (unit['code'] ?? 0) + (unit['constants'] ?? 0) + (unit['data'] ?? 0);
}

export function difference(bytes: number): string {
  return bytes === 0 ? '' : `${bytes > 0 ? '+' : '−'}${inBytes(Math.abs(bytes))}`;
}

const style = `
  body { font: var(--vscode-font-size, 13px) var(--vscode-font-family, sans-serif); color: var(--vscode-foreground); margin: 12px; }
  .map { position: relative; width: 100%; height: calc(100vh - 60px); }
  .tile { position: absolute; box-sizing: border-box; border: 1px solid var(--vscode-editor-background); padding: 4px; overflow: hidden;
    background: var(--vscode-editorWidget-background); }
  .tile.grown { background: var(--vscode-inputValidation-warningBackground); }
  .tile span { color: var(--vscode-descriptionForeground); }
`;

/** `before` is the report that was shown the last time. */
export function sizeMap(report: SizeReport, before: SizeReport | undefined): string {
  const units = Object.entries(report.units).map(([name, unit]) => ({ name, value: inFile(unit) }));
  const growth = (name: string, value: number): number => (before === undefined ? 0 : value - inFile(before.units[name] ?? {}));
  const tile = ({ name, value, x, y, width, height }: Tile): string => {
    const change = growth(name, value);
    const words = `${inBytes(value)} ${difference(change)}`.trim();
    return `<div class="tile${change > 0 ? ' grown' : ''}" title="${escapeHtml(`${name}: ${words}`)}"
      style="left:${x.toFixed(3)}%;top:${y.toFixed(3)}%;width:${width.toFixed(3)}%;height:${height.toFixed(3)}%">${escapeHtml(name)}<br><span>${escapeHtml(words)}</span></div>`;
  };
  const change = before === undefined ? '' : difference(report.stripped_bytes - before.stripped_bytes) || 'as before';
  const said = `${report.name}, ${report.board} ${report.config}: ${inBytes(report.stripped_bytes)} without symbols${change && ` (${change})`}`;
  return `<!DOCTYPE html><html><head><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <style>${style}</style></head><body><p>${escapeHtml(said)}</p><div class="map">${treemap(units, 0, 0, 100, 100).map(tile).join('\n')}</div></body></html>`;
}
