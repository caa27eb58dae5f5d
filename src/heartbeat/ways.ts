import type { EndedName } from '../store/tables/activesync.ts';

/** Waits of one command that ended in one way; all columns are of one length. */
export type Way = {
  command: string;
  ended: EndedName;
  client: number[];
  asked: number[];
  /** Steps of the log reader; 0 where every length is one. */
  lived: number[];
  requests: number[];
  /** Milliseconds. */
  shortest: number[];
  longest: number[];
  sum: number[];
  /** First and last hour they ended in, since 1970. */
  first: number[];
  last: number[];
};

const columns = ['client', 'asked', 'lived', 'requests', 'shortest', 'longest', 'sum', 'first', 'last'] as const;

/** The ways of several spans as those of one: what the same client asked and got more than once is one row. */
export function joinWays(parts: readonly (readonly Way[])[]): Way[] {
  const whole = new Map<string, { way: Way; rows: Rows }>();
  for (const way of parts.flat()) {
    const key = `${way.command}\n${way.ended}`;
    const known = whole.get(key) ?? { way: emptyWay(way), rows: { last: new Map(), before: [] } };
    whole.set(key, known);
    addWay(known.way, known.rows, way);
  }
  return [...whole.values()].map(({ way }) => way);
}

function emptyWay({ command, ended }: Way): Way {
  const none = {
    client: [],
    asked: [],
    lived: [],
    requests: [],
    shortest: [],
    longest: [],
    sum: [],
    first: [],
    last: [],
  };
  return { command, ended, ...none };
}

/** The last row of each client, and for each row the one before it of the same client: a few steps find a row, without texts for keys. */
type Rows = { last: Map<number, number>; before: number[] };

function addWay(way: Way, rows: Rows, more: Way): void {
  for (let from = 0; from < more.client.length; from += 1) {
    const client = more.client[from] ?? 0;
    let row = rows.last.get(client) ?? -1;
    while (row >= 0 && (way.asked[row] !== more.asked[from] || way.lived[row] !== more.lived[from])) {
      row = rows.before[row] ?? -1;
    }
    if (row >= 0) {
      addUp(way, row, more, from);
      continue;
    }
    rows.before.push(rows.last.get(client) ?? -1);
    rows.last.set(client, way.client.length);
    for (const column of columns) way[column].push(more[column][from] ?? 0);
  }
}

function addUp(way: Way, row: number, more: Way, from: number): void {
  way.requests[row] = (way.requests[row] ?? 0) + (more.requests[from] ?? 0);
  way.sum[row] = (way.sum[row] ?? 0) + (more.sum[from] ?? 0);
  way.shortest[row] = Math.min(way.shortest[row] ?? 0, more.shortest[from] ?? 0);
  way.longest[row] = Math.max(way.longest[row] ?? 0, more.longest[from] ?? 0);
  way.first[row] = Math.min(way.first[row] ?? 0, more.first[from] ?? 0);
  way.last[row] = Math.max(way.last[row] ?? 0, more.last[from] ?? 0);
}
