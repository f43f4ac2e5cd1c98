// The samples as a tree: what each shows, and buttons that run, debug or copy it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Sample, Workbench } from './workbench';

class SampleTree implements vscode.TreeDataProvider<Sample> {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly workbench: Workbench) {}

  refresh(): void {
    this.changed.fire();
  }

  async getChildren(sample?: Sample): Promise<Sample[]> {
    if (sample) {
      return [];
    }
    try {
      return await this.workbench.samples(this.workbench.toro());
    } catch (error) {
      this.workbench.log(`Samples: ${error instanceof Error ? error.message : String(error)}`);
      return []; // the view's welcome says what to do
    }
  }

  getTreeItem(sample: Sample): vscode.TreeItem {
    const item = new vscode.TreeItem(sample.name);
    item.id = sample.name;
    item.description = sample.title;
    item.tooltip = new vscode.MarkdownString().appendText(`${sample.description}\n\nBoards: ${sample.boards.join(', ')}\n\ntoro run ${sample.name}`);
    item.iconPath = new vscode.ThemeIcon('beaker');
    item.contextValue = 'sample';
    const main = ['main.cpp', 'main.c', 'README.md'].map((name) => join(sample.directory, name)).find((file) => existsSync(file));
    if (main !== undefined) {
      item.command = { command: 'vscode.open', title: 'Open', arguments: [vscode.Uri.file(main)] };
    }
    return item;
  }
}

export function registerSamplesView(workbench: Workbench): vscode.Disposable {
  const tree = new SampleTree(workbench);
  return vscode.Disposable.from(
    vscode.window.registerTreeDataProvider('toro.samples', tree),
    vscode.commands.registerCommand('toro.refreshSamples', () => tree.refresh()),
    vscode.workspace.onDidChangeConfiguration((change) => change.affectsConfiguration('toro.path') && tree.refresh()),
  );
}
