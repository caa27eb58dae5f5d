/** Everything that this process sends to PostgreSQL, as it is sent. */
import pg from 'pg';

export type Statement = { readonly text: string; readonly values: readonly unknown[] };

export type StatementRecord = {
  /** In the order in which they were sent. */
  readonly sent: readonly Statement[];
  /** Forgets what was sent so far. */
  clear(): void;
  stop(): void;
};

export function recordStatements(): StatementRecord {
  const sent: Statement[] = [];
  const original = pg.Client.prototype.query;
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [first, values] = args;
    if (typeof first === 'string') sent.push({ text: first, values: Array.isArray(values) ? values : [] });
    else if (isQuery(first)) sent.push({ text: first.text, values: first.values ?? [] });
    return Reflect.apply(original, this, args);
  } as typeof original;
  return {
    sent,
    clear: () => {
      sent.length = 0;
    },
    stop: () => {
      pg.Client.prototype.query = original;
    },
  };
}

function isQuery(value: unknown): value is { text: string; values?: readonly unknown[] } {
  return typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string';
}
