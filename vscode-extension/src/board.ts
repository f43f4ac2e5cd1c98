// The status bar: the chosen board and configuration, which are kept for each workspace, and Build, Run, Debug.
import * as vscode from 'vscode';
import type { LaunchOptions } from './command-line';
import type { Toro } from './toro';

interface Board {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Whether the command takes it by itself. */
  readonly default: boolean;
  readonly configs: readonly string[];
}

async function listBoards(toro: Toro): Promise<Board[]> {
  return (await toro.query(['boards', '--json'])).answer as Board[];
}

type Choice = Required<Pick<LaunchOptions, 'board' | 'config'>>;

const chosenKey = 'toro.chosen';
const defaultKey = 'toro.default';

/** Icon, command and what it does: beside the board, in this order. */
const buttons = [
  ['$(tools)', 'toro.build', 'Build the project at hand (toro build)'],
  ['$(play)', 'toro.run', 'Build and boot the project at hand (toro run)'],
  ['$(debug-alt)', 'toro.debug', 'Build, boot and debug the project at hand (toro debug)'],
] as const;

export class BoardChoice {
  private readonly item = vscode.window.createStatusBarItem('toro.board', vscode.StatusBarAlignment.Left, 10);

  private readonly buttons = buttons.map(([text, command, tooltip], index) => {
    const button = vscode.window.createStatusBarItem(command, vscode.StatusBarAlignment.Left, 9 - index / 10);
    Object.assign(button, { text, command, tooltip, name: `Toro: ${command.slice('toro.'.length)}` });
    button.show();
    return button;
  });

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
    if (this.shown === undefined) {
      const board = (await listBoards(toro)).find((candidate) => candidate.default);
      await this.state.update(defaultKey, board && { board: board.name, config: board.configs[0] ?? '' });
      this.show();
    }
  }

  async select(toro: Toro): Promise<void> {
    const current = this.shown;
    const choices = (await listBoards(toro)).flatMap((board) =>
      board.configs.map((config) => ({
        label: `${board.name === current?.board && config === current.config ? '$(check) ' : ''}${board.name}`,
        description: config,
        detail: `${board.title}: ${board.description}`,
        choice: { board: board.name, config },
      })),
    );
    const picked = await vscode.window.showQuickPick(choices, { title: 'Toro: board and configuration', matchOnDescription: true, matchOnDetail: true });
    if (picked) {
      await this.choose(picked.choice);
    }
  }

  async choose(choice: Choice): Promise<void> {
    await this.state.update(chosenKey, choice);
    this.show();
  }

  private get shown(): Choice | undefined {
    return this.state.get<Choice>(chosenKey) ?? this.state.get<Choice>(defaultKey);
  }

  private show(): void {
    this.item.text = `$(circuit-board) ${this.shown ? `${this.shown.board} ${this.shown.config}` : 'Toro'}`;
    this.item.tooltip = 'The board and configuration that Toro builds for and boots. Click to choose.';
    this.item.show();
  }

  dispose(): void {
    [this.item, ...this.buttons].forEach((item) => item.dispose());
  }
}
