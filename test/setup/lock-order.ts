/** Watches in which order every transaction of this process locks rows, by what is sent to PostgreSQL. */
import pg from 'pg';
import { lockOrder } from '../../src/incidents/lock-order.ts';

export type LockWatch = {
  /** Transactions that locked something of an earlier place after something of a later one, as sentences. */
  readonly inversions: readonly string[];
  /** Every order that was seen, as `incident > approval > wipe`. */
  readonly seen: ReadonlySet<string>;
  stop(): void;
};

export function watchLocks(): LockWatch {
  const held = new WeakMap<object, string[]>();
  const inversions: string[] = [];
  const seen = new Set<string>();
  const original = pg.Client.prototype.query;

  function note(client: object, statement: string): void {
    if (/^\s*(begin|start transaction)/i.test(statement)) held.set(client, []);
    const mine = held.get(client);
    if (mine === undefined) return;
    if (/^\s*(commit|rollback)/i.test(statement)) {
      if (mine.length > 0) seen.add(mine.join(' > '));
      held.delete(client);
      return;
    }
    // What a transaction inserted nobody else can lock before it has ended.
    const inserted = lockOrder.find((name) => new RegExp(`^\\s*insert into "${name}"`).test(statement));
    if (inserted !== undefined && !mine.includes(inserted)) mine.push(inserted);
    const taken = lockOrder.find((name) => locks(statement, name));
    if (taken === undefined || mine.includes(taken)) return;
    const later = mine.filter((name) => place(name) > place(taken));
    if (later.length > 0) inversions.push(`${taken} after ${mine.join(' > ')}: ${statement.slice(0, 120)}`);
    mine.push(taken);
  }

  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [first] = args;
    const text = typeof first === 'string' ? first : (first as { text?: unknown } | undefined)?.text;
    if (typeof text === 'string') note(this, text);
    return Reflect.apply(original, this, args);
  } as typeof original;

  function stop(): void {
    pg.Client.prototype.query = original;
  }
  return { inversions, seen, stop };
}

function place(name: string): number {
  return (lockOrder as readonly string[]).indexOf(name);
}

function locks(statement: string, name: string): boolean {
  if (name === 'brake') return /pg_advisory_xact_lock\(hashtext\('mislaid\.brake'\)\)/.test(statement);
  return (
    new RegExp(`^\\s*update "${name}"`).test(statement) ||
    (/ for (no key )?update| for (key )?share/.test(statement) && new RegExp(`from "${name}"`).test(statement))
  );
}
