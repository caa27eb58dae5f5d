/** The part of a batch that is most of it: groups and heartbeats. */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Database } from '../../store/schema.ts';
import type { Batch } from '../reader/batch.ts';
import { int4s, int8s, quoted, quotedArray, textArray } from './arrays.ts';
import type { BatchOrigin } from './batch-origin.ts';

/**
 * What a minute's reading makes waits as arrays for the rest of its hour. What a long reading makes is folded enough as it is: it has
 * many groups, or hours long over, to which nothing is added any more.
 */
const MOST_WAITING = 10_000;
const MOST_HOURS_WAITING = 2;
/** Elements of one row of arrays, as many as fit in a page: whoever asks for one client passes over the rows of others. */
const PIECE = 80;

/** `ids`: database ids by the batch's client numbers. */
export async function writeGroups(
  tx: Transaction<Database>,
  origin: BatchOrigin,
  batch: Batch,
  ids: Int32Array,
): Promise<void> {
  const { groups, heartbeats } = batch;
  const hours = [...new Set(groups.hour)];
  const waits = groups.hour.length + heartbeats.length <= MOST_WAITING && hours.length <= MOST_HOURS_WAITING;
  const add = waits ? addPieces : addRows;
  const parts = [add('log_rollup', origin, groupsInOrder(batch, ids))];
  if (heartbeats.length > 0) parts.push(add('log_heartbeat', origin, heartbeatsInOrder(batch, ids)));
  const counted = sql.ref(waits ? 'batches' : 'parts');
  await sql`
    with ${sql.join(parts.map((part, number) => sql`${sql.ref(`part${number}`)} as (${part})`))}
    insert into log_hour as known (server, kind, hour, ${counted})
    select ${origin.server}, ${origin.kind}, to_timestamp(hour * 3600::float8), 1
    from unnest(${int4s(Int32Array.from(hours))}::int[]) as hour
    on conflict (server, kind, hour) do update set ${counted} = known.${counted} + 1`.execute(tx);
}

/** A column of many rows. A text stands as its number; `time` says what becomes of seconds in a plain row. */
type Column =
  | { readonly name: string; readonly type: 'int' | 'time'; readonly values: Int32Array }
  | { readonly name: string; readonly type: 'bigint'; readonly values: Float64Array }
  | TextColumn;
type TextColumn = {
  readonly name: string;
  readonly type: 'text';
  readonly values: Int32Array;
  readonly texts: readonly string[];
};

/** Rows by hour and client: neighbours in the index, which PostgreSQL then walks through once. */
type Ordered = { readonly hours: Int32Array; readonly clients: Int32Array; readonly columns: readonly Column[] };

function groupsInOrder({ groups, outcomes, commands, addresses }: Batch, ids: Int32Array): Ordered {
  const clientIds = groups.client.map((client) => ids[client] ?? 0);
  const order = orderOf(groups.hour, clientIds);
  const ints = (values: Int32Array) => intsAt(order, values);
  const sums = (values: Float64Array) => sumsAt(order, values);
  const outcome = ints(groups.outcome);
  const told = (of: (outcome: Outcome) => number) => intsAt(outcome, Int32Array.from(outcomes, of));
  const clients = ints(clientIds);
  return {
    hours: ints(groups.hour),
    clients,
    columns: [
      { name: 'client_id', type: 'int', values: clients },
      { name: 'command', type: 'text', values: ints(groups.command), texts: commands },
      { name: 'http', type: 'int', values: told(({ http }) => http) },
      { name: 'substatus', type: 'int', values: told(({ substatus }) => substatus) },
      { name: 'status', type: 'int', values: told(({ status }) => status) },
      { name: 'error', type: 'text', values: outcome, texts: distinct(outcomes.map(({ error }) => error)) },
      { name: 'access', type: 'text', values: outcome, texts: distinct(outcomes.map(({ access }) => access)) },
      { name: 'requests', type: 'int', values: ints(groups.requests) },
      { name: 'first_start', type: 'time', values: ints(groups.firstStart) },
      { name: 'last_start', type: 'time', values: ints(groups.lastStart) },
      { name: 'last_end', type: 'time', values: ints(groups.lastEnd) },
      { name: 'last_address', type: 'text', values: ints(groups.address), texts: addresses },
      { name: 'taken', type: 'bigint', values: sums(groups.taken) },
      { name: 'sent', type: 'bigint', values: sums(groups.sent) },
      { name: 'received', type: 'bigint', values: sums(groups.received) },
    ],
  };
}

function heartbeatsInOrder({ heartbeats, commands }: Batch, ids: Int32Array): Ordered {
  const hour = Int32Array.from(heartbeats, (beat) => beat.hour);
  const order = orderOf(
    hour,
    Int32Array.from(heartbeats, ({ client }) => ids[client] ?? 0),
  );
  const beats = Array.from(order, (place) => heartbeats[place]).filter((beat) => beat !== undefined);
  const ints = (of: (beat: Beat) => number) => Int32Array.from(beats, of);
  const clients = ints(({ client }) => ids[client] ?? 0);
  const ways = [...new Set(beats.map(({ ended }) => ended))];
  return {
    hours: ints((beat) => beat.hour),
    clients,
    columns: [
      { name: 'client_id', type: 'int', values: clients },
      { name: 'command', type: 'text', values: ints(({ command }) => command), texts: commands },
      { name: 'asked', type: 'int', values: ints(({ asked }) => asked) },
      { name: 'ended', type: 'text', values: ints(({ ended }) => ways.indexOf(ended)), texts: ways },
      { name: 'win32', type: 'int', values: ints(({ win32 }) => win32) },
      { name: 'lived', type: 'int', values: ints(({ lived }) => lived) },
      { name: 'requests', type: 'int', values: ints(({ requests }) => requests) },
      { name: 'shortest', type: 'int', values: ints(({ shortest }) => shortest) },
      { name: 'longest', type: 'int', values: ints(({ longest }) => longest) },
      { name: 'sum', type: 'bigint', values: Float64Array.from(beats, ({ sum }) => sum) },
    ],
  };
}

type Outcome = Batch['outcomes'][number];
type Beat = Batch['heartbeats'][number];

/** The one text that all are, where they are: then their numbers do not matter. */
function distinct(texts: readonly string[]): readonly string[] {
  return new Set(texts).size === 1 ? texts.slice(0, 1) : texts;
}

/** Places in the order of hours and, within an hour, of clients. */
function orderOf(hours: Int32Array, clients: Int32Array): Int32Array {
  const { length } = hours;
  const first = smallest(hours);
  const most = largest(clients) + 1;
  const keys = new Float64Array(length);
  for (let row = 0; row < length; row += 1) keys[row] = ((hours[row] ?? 0) - first) * most + (clients[row] ?? 0);
  const order = new Int32Array(length);
  if ((largest(hours) - first + 1) * most * length > Number.MAX_SAFE_INTEGER) {
    for (let row = 0; row < length; row += 1) order[row] = row;
    return order.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
  }
  // With its place in the key itself a row needs no comparing function, which takes several times as long.
  for (let row = 0; row < length; row += 1) keys[row] = (keys[row] ?? 0) * length + row;
  keys.sort();
  for (let index = 0; index < length; index += 1) order[index] = (keys[index] ?? 0) % length;
  return order;
}

function smallest(values: Int32Array): number {
  return values.reduce((least, value) => Math.min(least, value), 0x7fffffff);
}

function largest(values: Int32Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function intsAt(places: Int32Array, values: Int32Array): Int32Array {
  const found = new Int32Array(places.length);
  for (let index = 0; index < places.length; index += 1) found[index] = values[places[index] ?? 0] ?? 0;
  return found;
}

/** The same of sums: one function for both would be slow for both. */
function sumsAt(places: Int32Array, values: Float64Array): Float64Array {
  const found = new Float64Array(places.length);
  for (let index = 0; index < places.length; index += 1) found[index] = values[places[index] ?? 0] ?? 0;
  return found;
}

type Table = 'log_rollup' | 'log_heartbeat';

/**
 * Rows of arrays, in a statement that has the same few texts whatever it stores, so it is planned once. Numbers go over as one array for
 * each column and are cut there; texts go cut already, because PostgreSQL finds an element among texts by walking there; what is the same
 * in every row (front-end logs tell neither EAS status nor bytes) goes once.
 */
function addPieces(table: Table, origin: BatchOrigin, { hours, clients, columns }: Ordered): RawBuilder<unknown> {
  const low: number[] = [];
  const high: number[] = [];
  for (let from = 0; from < hours.length; ) {
    let to = from;
    while (to < hours.length && to - from < PIECE && hours[to] === hours[from]) to += 1;
    low.push(from);
    high.push(to - 1);
    from = to;
  }
  // PostgreSQL counts elements from 1.
  const at = (values: Int32Array, places: number[]) => int4s(Int32Array.from(places, (place) => values[place] ?? 0));
  const places = (of: number[]) => int4s(Int32Array.from(of, (place) => place + 1));
  const texts: TextColumn[] = [];
  const told = ({ name }: Column) => sql.ref(`told_${name}`);
  const pieces = ({ texts: raw, values }: TextColumn) => {
    const elements = raw.map(quoted);
    const cut = low.map((from, piece) => quotedArray(elements, values, from, (high[piece] ?? 0) + 1));
    return sql`${textArray(cut)}::text[]`;
  };
  const stored = columns.map((column) => {
    const all = valueOfAll(column);
    if (all !== undefined) return sql`array_fill(${all}, array[high - low + 1])`;
    if (column.type !== 'text') return sql`(${array(column)})[low:high]`;
    texts.push(column);
    return sql`${told(column)}::text[]`;
  });
  return sql`
    insert into ${sql.table(`${table}_batch`)} (server, kind, hour, clients, ${names(columns)})
    select ${origin.server}, ${origin.kind}, to_timestamp(hour * 3600::float8), int4range(first, last, '[]'),
      ${sql.join(stored)}
    from unnest(${sql.join([
      ...[places(low), places(high), at(hours, low), at(clients, low), at(clients, high)].map(
        (of) => sql`${of}::int[]`,
      ),
      ...texts.map(pieces),
    ])}) as piece (low, high, hour, first, last${sql.join([sql``, ...texts.map(told)], sql`, `)})`;
}

function addRows(table: Table, origin: BatchOrigin, { hours, columns }: Ordered): RawBuilder<unknown> {
  const stored = columns.map(({ name, type }) =>
    type === 'time' ? sql`to_timestamp(${sql.ref(name)})` : sql.ref(name),
  );
  return sql`
    insert into ${sql.table(`${table}_row`)} (server, kind, hour, ${names(columns)})
    select ${origin.server}, ${origin.kind}, to_timestamp(hour * 3600::float8), ${sql.join(stored)}
    from unnest(${int4s(hours)}::int[], ${sql.join(columns.map(array))}) as told (hour, ${names(columns)})`;
}

function names(columns: readonly Column[]): RawBuilder<unknown> {
  return sql.join(columns.map(({ name }) => sql.ref(name)));
}

/** The one value that all rows have; undefined where they differ. */
function valueOfAll({ values, ...column }: Column): RawBuilder<unknown> | undefined {
  const [first = 0] = values;
  if (column.type === 'text') {
    if (column.texts.length > 1) return undefined;
    return sql`${column.texts[0] ?? ''}::text`;
  }
  for (let index = 1; index < values.length; index += 1) if (values[index] !== first) return undefined;
  return column.type === 'bigint' ? sql`${Math.round(first)}::bigint` : sql`${first}::int`;
}

function array(column: Column): RawBuilder<unknown> {
  if (column.type === 'text') return sql`${quotedArray(column.texts.map(quoted), column.values)}::text[]`;
  if (column.type === 'bigint') return sql`${int8s(column.values)}::bigint[]`;
  return sql`${int4s(column.values)}::int[]`;
}
