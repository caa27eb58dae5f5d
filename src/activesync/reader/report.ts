import type { LogKind } from '../../ground/identifiers.ts';
import type { Batch } from './batch.ts';
import { AT_START, cutLines } from './cut-lines.ts';
import { MOST_WAITING, type ReaderPool, type ReadSession } from './pool.ts';

export type ReportRow = {
  account: string;
  deviceId: string;
  deviceType: string;
  command: string;
  requests: number;
  /** End of the last request, in seconds since 1970. */
  lastEnd: number;
};

export type Report = { rows: ReportRow[]; lines: number; requests: number; odd: Batch['odd'] };

/**
 * The calling thread reads too, whenever as many chunks wait as may: with two cores that is one thread beside it, which saves the memory of a
 * third. `accountOf` makes one person of several accounts (`contoso\alice`, `alice@contoso.example`); it is asked once per account.
 */
export async function reportOver(
  sources: AsyncIterable<Uint8Array>[],
  options: { kind: LogKind; pool: ReaderPool; accountOf?: (account: string) => string },
): Promise<Report> {
  const { kind, pool } = options;
  const here = pool.open({ kind, hours: false }, 'here');
  const threads: ReadSession[] = Array.from({ length: pool.threads }, () => pool.open({ kind, hours: false }));
  const sessions = [here, ...threads];
  try {
    for (const source of sources) {
      for await (const chunk of cutLines(source, { kind, from: AT_START, last: true, buffers: pool.buffers })) {
        const idle = threads.find(({ waiting }) => waiting < MOST_WAITING);
        await (idle ?? here).read(chunk);
      }
    }
    return merged(
      await Promise.all(sessions.map((session) => session.take())),
      options.accountOf ?? ((account) => account),
    );
  } finally {
    for (const session of sessions) session.close();
  }
}

/** More than any set of logs can hold: texts are bounded, and so are the numbers that Map keys hold exactly. */
const MOST_COMMANDS = 2 ** 24;

/** Numbers for texts, from 0 on. */
class Numbers {
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

function merged(batches: readonly Batch[], accountOf: (account: string) => string): Report {
  const phones = new Numbers();
  const commandNames = new Numbers();
  const rows = new Map<number, ReportRow>();
  const odd = new Map<string, Batch['odd'][number]>();
  for (const { clients, commands, groups, odd: oddities } of batches) {
    const accounts = clients.map(({ account }) => accountOf(account));
    const phoneOf = clients.map(({ deviceId, deviceType }, number) =>
      phones.of(`${accounts[number]}\n${deviceId}\n${deviceType}`),
    );
    const commandOf = commands.map((command) => commandNames.of(command));
    for (let row = 0; row < groups.client.length; row += 1) {
      const number = groups.client[row] ?? 0;
      const client = clients[number];
      if (client === undefined) continue;
      const commandNumber = groups.command[row] ?? 0;
      const key = (phoneOf[number] ?? 0) * MOST_COMMANDS + (commandOf[commandNumber] ?? 0);
      const requests = groups.requests[row] ?? 0;
      const lastEnd = groups.lastEnd[row] ?? 0;
      const known = rows.get(key);
      if (known === undefined) {
        const { deviceId, deviceType } = client;
        const command = commands[commandNumber] ?? '';
        rows.set(key, { account: accounts[number] ?? '', deviceId, deviceType, command, requests, lastEnd });
      } else {
        known.requests += requests;
        if (lastEnd > known.lastEnd) known.lastEnd = lastEnd;
      }
    }
    for (const { kind, text, requests } of oddities) {
      const known = odd.get(`${kind}\n${text}`);
      if (known === undefined) odd.set(`${kind}\n${text}`, { kind, text, requests });
      else known.requests += requests;
    }
  }
  return {
    rows: [...rows.values()],
    lines: batches.reduce((sum, batch) => sum + batch.lines, 0),
    requests: batches.reduce((sum, batch) => sum + batch.requests, 0),
    odd: [...odd.values()],
  };
}
