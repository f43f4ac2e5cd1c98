// The chosen board and configuration: kept for each workspace, shown in the status bar.
import * as vscode from 'vscode';
import type { LaunchOptions } from './command-line';
import type { Toro } from './toro';

export interface Board {
  readonly name: string;
  readonly title: string;
  readonly configs: readonly string[];
}

/** The answer of `toro boards --json`; the first board is the one the command takes by itself. */
export async function listBoards(toro: Toro): Promise<Board[]> {
  const { answer } = await toro.query(['boards', '--json']);
  return (answer as Partial<Board>[]).map((board) => ({
    name: board.name ?? '',
    title: board.title ?? board.name ?? '',
    configs: board.configs ?? ['debug', 'release'],
  }));
}

type Choice = Required<Pick<LaunchOptions, 'board' | 'config'>>;

const chosenKey = 'toro.chosen';
const defaultKey = 'toro.default';

export class BoardChoice {
  private readonly item = vscode.window.createStatusBarItem('toro.board', vscode.StatusBarAlignment.Left, 10);

  constructor(private readonly state: vscode.Memento) {
    this.item.name = 'Toro board';
    this.item.command = 'toro.selectBoard';
    this.show();
  }

  /** What the user chose; empty when the command decides. */
  get chosen(): Partial<Choice> {
    return this.state.get<Choice>(chosenKey) ?? {};
  }

  /** Learns the command's own choice, once it has been used anyway: the editor's start never runs it. */
  async learnDefault(toro: Toro): Promise<void> {
    if (this.state.get<Choice>(chosenKey) === undefined && this.state.get<Choice>(defaultKey) === undefined) {
      const [first] = await listBoards(toro);
      await this.state.update(defaultKey, first && { board: first.name, config: first.configs[0] ?? '' });
      this.show();
    }
  }

  async select(toro: Toro): Promise<void> {
    const current = this.state.get<Choice>(chosenKey);
    const choices = (await listBoards(toro)).flatMap((board) =>
      board.configs.map((config) => ({
        label: `${board.name === current?.board && config === current.config ? '$(check) ' : ''}${board.name}`,
        description: config,
        detail: board.title,
        choice: { board: board.name, config },
      })),
    );
    const picked = await vscode.window.showQuickPick(choices, { title: 'Toro: board and configuration', matchOnDescription: true, matchOnDetail: true });
    if (picked) {
      await this.state.update(chosenKey, picked.choice);
      this.show();
    }
  }

  private show(): void {
    const shown = this.state.get<Choice>(chosenKey) ?? this.state.get<Choice>(defaultKey);
    this.item.text = `$(circuit-board) ${shown ? `${shown.board} ${shown.config}` : 'Toro'}`;
    this.item.tooltip = 'The board and configuration that Toro builds for and boots. Click to choose.';
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
  }
}
