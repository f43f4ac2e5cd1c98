// What the views show of the kernel's tables: trees of text, made without an editor so that they can be tested without one.
import type { Row, Table, Tables } from './tables';

export interface TreeNode {
  readonly label: string;
  readonly description?: string;
  /** The name of one of the editor's icons. */
  readonly icon?: string;
  /** Something is wrong with it. */
  readonly warning?: boolean;
  /** What a click shows in the call stack. */
  readonly thread?: { readonly id: number; readonly name: string };
  readonly children?: readonly TreeNode[];
}

function number(row: Row, column: string): number {
  return Number(row[column] ?? 0);
}

const units = ['bytes', 'KiB', 'MiB', 'GiB'];

export function inBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[power]}`;
}

/** Every column as a line of its own. */
function details(row: Row): TreeNode[] {
  return Object.entries(row).map(([label, description]) => ({ label, description }));
}

function group(label: string, icon: string, nodes: readonly TreeNode[]): TreeNode {
  return { label, icon, description: String(nodes.length), children: nodes };
}

/** A table's rows by `show`, or why there are none. */
function rowsOf(tables: Tables, name: string, show: (row: Row) => TreeNode): TreeNode[] {
  const table: Table = tables.get(name) ?? { rows: [], error: 'it was not asked for' };
  return table.error === undefined ? table.rows.map(show) : [{ label: table.error, icon: 'info' }];
}

function threadNode(row: Row): TreeNode {
  const size = number(row, 'stack size');
  const used = number(row, 'stack used');
  const share = size > 0 ? Math.round((100 * used) / size) : 0;
  const state = row['waits for'] ? `${row['state']}, waits for ${row['waits for']}` : (row['state'] ?? '');
  return {
    label: row['name'] ?? '',
    description: `${state} · stack ${size > 0 ? `${share} %` : inBytes(used)}`,
    icon: row['state'] === 'running' ? 'play-circle' : 'circle-outline',
    warning: share >= 90,
    thread: { id: number(row, 'id'), name: row['name'] ?? '' },
    children: details(row),
  };
}

/** Each core with its threads below it, the running one first. */
export function threadsTree(tables: Tables): TreeNode[] {
  const threads = tables.get('threads');
  if (threads?.error !== undefined) {
    return [{ label: threads.error, icon: 'info' }];
  }
  const running = (row: Row): number => (row['state'] === 'running' ? 0 : 1);
  const counters = new Map((tables.get('counters')?.rows ?? []).map((row) => [row['core'], row]));
  return rowsOf(tables, 'cores', (core) => {
    const own = (threads?.rows ?? []).filter((row) => row['core'] === core['core']).sort((a, b) => running(a) - running(b));
    const interrupts = counters.get(core['core'])?.['interrupts'];
    return {
      label: `Core ${core['core']}`,
      description: [core['halted'] === 'yes' ? 'halted' : `runs ${core['name']}`, interrupts && `${interrupts} interrupts`].filter(Boolean).join(' · '),
      icon: 'chip',
      children: own.map(threadNode),
    };
  });
}

function queueNode(row: Row): TreeNode {
  const wrong = row['disagreement'] ?? '';
  return {
    label: `${row['device']} queue ${row['queue']}`,
    description: wrong || `${row['in flight']} in flight, ${row['free']} of ${row['descriptors']} free`,
    icon: 'list-ordered',
    warning: wrong !== '',
    children: details(row),
  };
}

export function devicesTree(tables: Tables): TreeNode[] {
  const interrupt = (row: Row): TreeNode => ({ label: `Core ${row['core']}, vector ${row['vector']}`, description: row['handler'] ?? '', children: details(row) });
  return [
    group('Virtqueues', 'list-tree', rowsOf(tables, 'virtqueues', queueNode)),
    group('Interrupts', 'pulse', rowsOf(tables, 'interrupts', interrupt)),
  ];
}

export function memoryTree(tables: Tables): TreeNode[] {
  const heap = (row: Row): TreeNode => ({
    label: `Core ${row['core']}`,
    description: `${inBytes(number(row, 'bytes used or kept'))} of ${inBytes(number(row, 'region bytes'))}, ${row['blocks']} blocks, peak ${inBytes(number(row, 'peak bytes'))}`,
    icon: 'database',
    children: details(row),
  });
  const mapping = (row: Row): TreeNode => ({
    label: `${row['start']} – ${row['end']}`,
    description: `${row['rights']} ${inBytes(1024 * number(row, 'KiB'))}`,
    icon: row['rights']?.includes('x') ? 'file-code' : 'file-binary',
    warning: row['rights'] === 'rwx',
  });
  return [group('Heaps', 'database', rowsOf(tables, 'heaps', heap)), group('Mappings', 'map', rowsOf(tables, 'mappings', mapping))];
}

function socketNode(row: Row): TreeNode {
  const counted = (column: string, says: string): string => (number(row, column) > 0 ? `${row[column]} ${says}` : '');
  return {
    label: `${row['protocol']} ${row['local address']}:${row['local port']}`,
    description: [
      row['state'],
      number(row, 'remote port') > 0 && `with ${row['remote address']}:${row['remote port']}`,
      row['state'] === 'LISTEN' && `${row['waiting']} of ${row['backlog']} waiting`,
      counted('receive queue', 'bytes to read'),
      counted('send queue', 'bytes to send'),
      counted('retransmissions', 'sent again'),
      row['descriptor'] && `descriptor ${row['descriptor']}`,
    ].filter(Boolean).join(' · '),
    icon: row['state'] === 'LISTEN' ? 'radio-tower' : 'plug',
    children: details(row),
  };
}

/** What is mounted, what is open, and the sockets of an image that has some. */
export function filesTree(tables: Tables): TreeNode[] {
  const file = (row: Row): TreeNode => ({
    label: `${row['descriptor']}`,
    description: row['kind'] === 'file' ? `${row['type']} ${row['node']} on ${row['mount']}, at ${row['position']}` : (row['kind'] ?? ''),
    icon: row['type'] === 'directory' ? 'folder' : 'file',
    children: details(row),
  });
  const mount = (row: Row): TreeNode => ({
    label: row['path'] ?? '',
    description: `${row['kind']}${row['source'] ? ` of ${row['source']}` : ''}${row['read only'] === 'yes' ? ', read-only' : ''}, in use by ${row['in use by']}`,
    icon: 'server',
    children: details(row),
  });
  return [
    group('Mounts', 'server', rowsOf(tables, 'mounts', mount)),
    group('Open Files', 'files', rowsOf(tables, 'files', file)),
    ...(tables.get('sockets')?.error === undefined ? [group('Sockets', 'plug', rowsOf(tables, 'sockets', socketNode))] : []),
  ];
}

/** What the kernel lists beside what the other views show: a kernel that serves more shows more. */
export function otherTables(list: Table, shown: readonly string[]): { name: string; title: string; about: string }[] {
  return list.rows
    .filter((row) => row['Type'] && !shown.includes(row['Type']))
    .map((row) => ({ name: row['Type'] ?? '', title: row['Title'] || row['Type'] || '', about: row['Description'] ?? '' }));
}

/** Rows by their first two columns. */
export function genericRows(table: Table): TreeNode[] {
  if (table.error !== undefined) {
    return [{ label: table.error, icon: 'info' }];
  }
  return table.rows.map((row) => {
    const [first, ...others] = Object.entries(row);
    return { label: first?.join(' ') ?? '', description: others.slice(0, 3).map(([name, value]) => `${name} ${value}`).join(', '), children: details(row) };
  });
}

export interface DapThread {
  readonly id: number;
  readonly name: string;
}

/** LLDB numbers threads as the kernel does, GDB by itself; by name where the numbers say nothing. */
export function sameThread(wanted: { readonly id: number; readonly name: string }, threads: readonly DapThread[], numbersAreTheKernels: boolean): DapThread | undefined {
  const named = ({ name }: DapThread): boolean => name === wanted.name || name.startsWith(`${wanted.name} (`);
  return threads.find((thread) => (numbersAreTheKernels ? thread.id === wanted.id : named(thread)));
}
