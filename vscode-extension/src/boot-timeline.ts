// The stages of boot as a flame chart: HTML of one bar for each, without scripts.
import type { Table } from './tables';

interface Stage {
  readonly name: string;
  readonly begin: number;
  readonly ticks: number;
}

/** The stage that waits for people: its time is no time of the boot's. */
const waitingStage = 'debugger';

/** In the order of time, as if nobody had been waited for. */
function stagesIn(table: Table): Stage[] {
  const stages = table.rows
    .map((row) => ({ name: row['stage'] ?? '', begin: Number(row['begin TSC'] ?? 0), ticks: Number(row['ticks'] ?? 0), done: row['done'] }))
    .filter(({ begin, done }) => done === 'yes' && begin > 0)
    .sort((a, b) => a.begin - b.begin);
  const waited = stages.find(({ name }) => name === waitingStage);
  return stages
    .filter((stage) => stage !== waited)
    .map((stage) => (waited && stage.begin > waited.begin ? { ...stage, begin: stage.begin - waited.ticks } : stage));
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const style = `
  body { font: var(--vscode-font-size, 13px) var(--vscode-font-family, sans-serif); color: var(--vscode-foreground); padding: 4px 12px; }
  .row { display: grid; grid-template-columns: 12em 9em 1fr; align-items: center; height: 1.7em; }
  .row:hover { background: var(--vscode-list-hoverBackground); }
  .ticks { text-align: right; padding-right: 1em; color: var(--vscode-descriptionForeground); font-variant-numeric: tabular-nums; }
  .track { position: relative; height: 1.1em; background: var(--vscode-editorWidget-background); }
  .bar { position: absolute; height: 100%; min-width: 2px; background: var(--vscode-charts-blue); }
  .bar.long { background: var(--vscode-charts-orange); }
  p { color: var(--vscode-descriptionForeground); margin: 4px 0 8px; }
`;

/** A stage that takes this share of the whole is marked. */
const longShare = 0.2;

export function bootTimeline(table: Table | undefined): string {
  const stages = table === undefined ? [] : stagesIn(table);
  const begin = stages[0]?.begin ?? 0;
  const end = Math.max(0, ...stages.map((stage) => stage.begin + stage.ticks));
  const whole = Math.max(1, end - begin);
  const percent = (ticks: number): string => ((100 * ticks) / whole).toFixed(2);
  const row = ({ name, begin: start, ticks }: Stage): string => `<div class="row" title="${escapeHtml(name)}: ${ticks} ticks, ${percent(ticks)} % of boot">
    <span>${escapeHtml(name)}</span><span class="ticks">${ticks.toLocaleString('en')}</span>
    <span class="track"><span class="bar${ticks > longShare * whole ? ' long' : ''}" style="left:${percent(start - begin)}%;width:${percent(ticks)}%"></span></span></div>`;
  const said =
    table === undefined
      ? 'Debug a Toro application: when it stands, this view shows the stages of its boot.'
      : (table.error ?? `${stages.length} stages, ${whole.toLocaleString('en')} ticks of the time-stamp counter from the first to the last; the wait for the debugger is not among them.`);
  return `<!DOCTYPE html><html><head><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <style>${style}</style></head><body><p>${escapeHtml(said)}</p>${stages.map(row).join('\n')}</body></html>`;
}
