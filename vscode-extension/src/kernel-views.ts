// The views of a guest that stands: asked for at a stop, and only while somebody looks.
import * as vscode from 'vscode';
import { bootTimeline } from './boot-timeline';
import type { Debugging } from './debugging';
import { devicesTree, filesTree, genericRows, memoryTree, otherTables, sameThread, threadsTree, type DapThread, type TreeNode } from './kernel-trees';
import { TableClient, type Tables } from './tables';
import type { Log } from './toro';

interface ViewDescription {
  readonly id: string;
  readonly tables: readonly string[];
  readonly tree: (tables: Tables) => readonly TreeNode[];
}

const views: readonly ViewDescription[] = [
  { id: 'toro.threads', tables: ['cores', 'threads', 'counters'], tree: threadsTree },
  { id: 'toro.devices', tables: ['virtqueues', 'interrupts'], tree: devicesTree },
  { id: 'toro.memory', tables: ['heaps', 'mappings'], tree: memoryTree },
  { id: 'toro.files', tables: ['mounts', 'files', 'sockets'], tree: filesTree },
];
const bootStages = 'boot-stages';
const shownElsewhere = [...views.flatMap(({ tables }) => tables), bootStages];

/** The guest of a session: where its tables are, and whether it stands. */
interface Source {
  readonly client: TableClient;
  standing: boolean;
}

/** What the views have in common: one source at a time, that of the session the user looks at. */
class Sources implements vscode.DebugAdapterTrackerFactory {
  private readonly sources = new Map<string, Source>();
  private readonly changed = new vscode.EventEmitter<number>();
  /** With the time of what changed. */
  readonly onDidChange = this.changed.event;

  constructor(private readonly debugging: Debugging) {}

  get current(): Source | undefined {
    return this.sources.get(vscode.debug.activeDebugSession?.id ?? '');
  }

  createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    return {
      onDidSendMessage: (message: { event?: string }) => {
        if (message.event === 'stopped' || message.event === 'continued') {
          void this.move(session, message.event === 'stopped');
        }
      },
      onWillReceiveMessage: (message: { command?: string }) => {
        // The answer comes before the event does, and a view that asks in between gets a sentence.
        if (/^(continue|next|step(In|Out|Back))$/.test(message.command ?? '')) {
          const source = this.sources.get(session.id);
          if (source) {
            source.standing = false;
          }
        }
      },
      onWillStopSession: () => this.forget(session),
    };
  }

  refresh(since = performance.now()): void {
    this.changed.fire(since);
  }

  private async move(session: vscode.DebugSession, standing: boolean): Promise<void> {
    const since = performance.now();
    let source = this.sources.get(session.id);
    if (!source && standing) {
      const place = await this.debugging.tablesOf(session);
      source = place && { client: new TableClient(place.host, place.port), standing };
      if (source) {
        this.sources.set(session.id, source);
      }
    }
    if (source) {
      source.standing = standing;
    }
    if (standing) {
      this.refresh(since);
    }
  }

  private forget(session: vscode.DebugSession): void {
    this.sources.get(session.id)?.client.dispose();
    this.sources.delete(session.id);
    this.refresh();
  }
}

type Roots = (client: TableClient) => Promise<readonly TreeNode[]>;
type Children = (client: TableClient, node: TreeNode) => Promise<readonly TreeNode[]>;

/** A tree that is asked for again at each stop while it is visible, and once when it becomes so. */
class KernelTree implements vscode.TreeDataProvider<TreeNode> {
  private readonly changed = new vscode.EventEmitter<void>();
  /** When what it has to show changed. */
  private since = performance.now();
  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    private readonly sources: Sources,
    private readonly roots: Roots,
    private readonly filled: (since: number) => void,
    private readonly children?: Children,
  ) {}

  /** The editor asks a tree that has changed once somebody looks at it. */
  refresh(since: number): void {
    this.since = since;
    this.changed.fire();
  }

  opened(): void {
    this.since = performance.now();
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    const source = this.sources.current;
    if (node?.children !== undefined) {
      return [...node.children];
    }
    if (!source) {
      return [];
    }
    if (!source.standing) {
      return node ? [] : [{ label: 'The guest runs: pause it to look into it.', icon: 'debug-pause' }];
    }
    if (node) {
      return [...((await this.children?.(source.client, node)) ?? [])];
    }
    const roots = await this.roots(source.client);
    this.filled(this.since);
    return [...roots];
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const grows = node.children !== undefined || node.icon === tableIcon;
    const item = new vscode.TreeItem(node.label, grows ? (node.icon === 'chip' ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed) : vscode.TreeItemCollapsibleState.None);
    item.description = node.description ?? false;
    item.tooltip = [node.label, node.description].filter(Boolean).join('\n');
    if (node.warning) {
      item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
    } else if (node.icon) {
      item.iconPath = new vscode.ThemeIcon(node.icon);
    }
    if (node.thread) {
      item.command = { command: 'toro.focusThread', title: 'Show in the Call Stack', arguments: [node.thread] };
      item.contextValue = 'thread';
    }
    return item;
  }
}

const tableIcon = 'table';

export function registerKernelViews(debugging: Debugging, log: Log): vscode.Disposable {
  const sources = new Sources(debugging);
  const disposables: vscode.Disposable[] = [];
  const filled = (id: string, since: number): void => log(`view ${id}: filled after ${Math.round(performance.now() - since)} ms`);
  const show = (id: string, roots: Roots, children?: Children): void => {
    const provider = new KernelTree(sources, roots, (since) => filled(id, since), children);
    const view = vscode.window.createTreeView(id, { treeDataProvider: provider, showCollapseAll: true });
    disposables.push(view, view.onDidChangeVisibility(() => provider.opened()), sources.onDidChange((since) => provider.refresh(since)));
  };
  for (const { id, tables, tree } of views) {
    show(id, async (client) => tree(await client.ask(tables)));
  }
  const listed = async (client: TableClient): Promise<readonly TreeNode[]> => {
    const list = (await client.ask([''])).get('');
    if (list === undefined || list.error !== undefined) {
      return [{ label: list?.error ?? '', icon: 'info' }];
    }
    return otherTables(list, shownElsewhere).map(({ name, title }) => ({ label: name, description: title, icon: tableIcon }));
  };
  const rows = async (client: TableClient, { label }: TreeNode): Promise<readonly TreeNode[]> => {
    const table = (await client.ask([label])).get(label);
    return table ? genericRows(table) : [];
  };
  show('toro.objects', listed, rows);

  const boot: vscode.WebviewViewProvider = {
    resolveWebviewView: (view) => {
      const refresh = async (since = performance.now()): Promise<void> => {
        const source = sources.current;
        if (view.visible && (source === undefined || source.standing)) {
          view.webview.html = bootTimeline((await source?.client.ask([bootStages]))?.get(bootStages));
          filled('toro.boot', since);
        }
      };
      const following = sources.onDidChange((since) => void refresh(since));
      view.onDidChangeVisibility(() => void refresh());
      view.onDidDispose(() => {
        following.dispose();
      });
      void refresh();
    },
  };
  const focus = async (wanted: { id: number; name: string }): Promise<void> => {
    const session = vscode.debug.activeDebugSession;
    const adapter = session && debugging.adapterOf(session);
    if (!session || !adapter) {
      return;
    }
    const { threads } = (await session.customRequest('threads')) as { threads: DapThread[] };
    const thread = sameThread(wanted, threads, adapter.debuggerName === 'lldb');
    if (thread) {
      adapter.focusThread(thread.id);
      await vscode.commands.executeCommand('workbench.debug.action.focusCallStackView');
    }
  };
  return vscode.Disposable.from(
    ...disposables,
    vscode.debug.registerDebugAdapterTrackerFactory('toro', sources),
    vscode.debug.onDidChangeActiveDebugSession(() => sources.refresh()),
    vscode.window.registerWebviewViewProvider('toro.boot', boot),
    vscode.commands.registerCommand('toro.focusThread', focus),
  );
}
