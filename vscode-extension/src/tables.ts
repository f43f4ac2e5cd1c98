// The kernel's objects as the `toro` command serves them: a line with a table's name out, a line of JSON in.
import { createConnection, type Socket } from 'node:net';
import { LineSplitter } from './events';

export type Row = Readonly<Record<string, string>>;

/** The rows, or the sentence that says why there are none. */
export interface Table {
  readonly rows: readonly Row[];
  readonly error?: string;
}

export type Tables = ReadonlyMap<string, Table>;

export function parseTable(line: string): Table {
  try {
    const { rows, error } = JSON.parse(line) as { rows?: Row[]; error?: string };
    return error === undefined ? { rows: rows ?? [] } : { rows: [], error };
  } catch {
    return { rows: [], error: `a line of JSON was expected: “${line.slice(0, 60)}” was found` };
  }
}

/** One connection for all questions of a session; answers come in the order of the questions. */
export class TableClient {
  private socket: Socket | undefined;
  private waiting: ((table: Table) => void)[] = [];

  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {}

  /** Never rejects: a table that cannot be had has an error. The empty name lists the tables. */
  async ask(names: readonly string[]): Promise<Tables> {
    const socket = (this.socket ??= this.connect());
    const answers = names.map((name) => new Promise<[string, Table]>((resolve) => this.waiting.push((table) => resolve([name, table]))));
    socket.write(names.map((name) => `${name}\n`).join(''));
    return new Map(await Promise.all(answers));
  }

  dispose(): void {
    this.socket?.destroy();
  }

  private connect(): Socket {
    const socket = createConnection({ host: this.host, port: this.port, noDelay: true });
    const lines = new LineSplitter((line) => this.waiting.shift()?.(parseTable(line)));
    socket.on('data', (bytes) => lines.push(bytes));
    let reason = 'the guest has ended';
    socket.on('error', (error) => (reason = error.message));
    socket.on('close', () => {
      this.socket = undefined;
      this.waiting.splice(0).forEach((resolve) => resolve({ rows: [], error: reason }));
    });
    return socket;
  }
}
