/** The lab: a simulated Exchange organisation behind the same port as the real one. Its people are in people.ts. */
import type { Kysely } from 'kysely';
import type { Clock } from '../../ground/clock.ts';
import type { Database } from '../../store/schema.ts';
import { type Capabilities, type CmdletArguments, type Exchange, ExchangeError, type Simulated } from '../port.ts';
import { createExchange } from '../run.ts';
import { CmdletFailure, type Transport, type TransportCmdlet } from '../transport.ts';
import { labCapabilities } from './capabilities.ts';

/** Where a fault run may strike while a change is on its way. */
export type LabMoment = 'before' | 'inside' | 'after';

export type LabInput = {
  db: Kysely<Database>;
  clock: Clock;
  /** SMTP address that the lab's Exchange records as requestor; empty for an account without a mailbox. */
  requestor: string;
  /** Fewer or other things than the lab offers: an Exchange without -AccountOnly, one that does not report wipes. */
  capabilities?: Partial<Capabilities>;
  /** Called around every change: `before` it, `inside` its transaction, and `after` the commit, before the answer. */
  onChange?: (cmdlet: string, moment: LabMoment) => Promise<void>;
  /** What a read answers instead, as a real Exchange does on a bad day: less, other rows, an error. */
  onRead?: (cmdlet: string, rows: readonly unknown[]) => readonly unknown[];
};

/** Opens the lab's Exchange over a seeded database (see seedLab). */
export function openLab(input: LabInput): Exchange {
  const capabilities = { ...labCapabilities, ...input.capabilities };
  return createExchange({
    organisation: 'lab',
    transport: labTransport(input, async () => capabilities),
  });
}

function labTransport(input: LabInput, capabilities: () => Promise<Capabilities>): Transport {
  const { db, clock, requestor } = input;

  async function refuseWhileAway(name: string): Promise<void> {
    const state = await db.selectFrom('labState').select('available').executeTakeFirst();
    if (state?.available === true) return;
    throw new ExchangeError({
      code: 'exchange-away',
      reached: 'no',
      message: state === undefined ? `${name}: the lab was never seeded` : `${name}: the lab is switched off`,
      userMessage: 'Exchange does not answer.',
    });
  }

  async function change(
    cmdlet: TransportCmdlet,
    args: CmdletArguments,
    notAfter: Date | undefined,
  ): Promise<readonly unknown[]> {
    const entry = {
      at: clock.now(),
      cmdlet: cmdlet.id,
      name: cmdlet.name,
      target: typeof args.Identity === 'string' ? args.Identity : '',
      arguments: JSON.stringify({ ...cmdlet.fixed, ...args }),
      by: requestor,
    };
    await input.onChange?.(cmdlet.id, 'before');
    if (notAfter !== undefined && clock.now() >= notAfter) throw tooLate(cmdlet.name);
    try {
      const rows = await db.transaction().execute(async (tx) => {
        await tx
          .insertInto('labLedger')
          .values({ ...entry, outcome: 'done' })
          .execute();
        const answer = await whole(cmdlet.simulate({ db: tx, clock, requestor }));
        await input.onChange?.(cmdlet.id, 'inside');
        return answer;
      });
      await input.onChange?.(cmdlet.id, 'after');
      return rows;
    } catch (error) {
      if (error instanceof CmdletFailure) {
        await db
          .insertInto('labLedger')
          .values({ ...entry, outcome: error.errorId })
          .execute();
      }
      throw error;
    }
  }

  return {
    async call(cmdlet, args, { notAfter, pages }) {
      await refuseWhileAway(cmdlet.name);
      if (cmdlet.effect !== 'read') return selectedOf(await change(cmdlet, args, notAfter));
      const answer = cmdlet.simulate({ db, clock, requestor });
      if (input.onRead !== undefined || pages === undefined)
        return selectedOf(input.onRead?.(cmdlet.id, await whole(answer)) ?? (await whole(answer)));
      for await (const page of 'then' in answer ? [await answer] : answer) await pages.take(selectedOf(page));
      return [];

      function selectedOf(rows: readonly unknown[]): Record<string, unknown>[] {
        return rows.map((row) => selected(row, cmdlet.select));
      }
    },
    capabilities,
  };
}

async function whole(answer: Simulated): Promise<readonly unknown[]> {
  if ('then' in answer) return await answer;
  const rows: unknown[] = [];
  for await (const page of answer) rows.push(...page);
  return rows;
}

function tooLate(name: string): ExchangeError {
  return new ExchangeError({
    code: 'exchange-refused-unsent',
    reached: 'no',
    message: `${name} was not sent: its deadline has passed`,
    userMessage: 'I did not send this to Exchange: too much time had passed.',
  });
}

/** As Select-Object does it: only these properties, null where the object has none. */
function selected(row: unknown, properties: readonly string[]): Record<string, unknown> {
  const object = new Map(Object.entries(row ?? {}));
  return Object.fromEntries(properties.map((property) => [property, object.get(property) ?? null]));
}
