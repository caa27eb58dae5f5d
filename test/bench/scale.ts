/**
 * What people say at 100, 1,000 and 10,000 open incidents, without and with a year of history: from the moment at which the platform
 * hands a command over until its answer can be shown, one after the other, with nothing else at work in the process.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import express from 'express';
import type { Kysely } from 'kysely';
import { appendAudit } from '../../src/audit/chain.ts';
import { Inbox } from '../../src/chat/inbox.ts';
import { Router } from '../../src/chat/router.ts';
import { commands } from '../../src/commands/index.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { randomIds } from '../../src/ground/ids.ts';
import { drillMarkOfMessage } from '../../src/incidents/drill/drill.ts';
import type { Answer, FormValues } from '../../src/message/model.ts';
import { type Policy, parsePolicy } from '../../src/policy.ts';
import { approvals, evidenceProviders } from '../../src/start/registries.ts';
import type { Database } from '../../src/store/schema.ts';
import { createStore } from '../../src/store/store.ts';
import { fakeAdapter } from '../fakes/adapter.ts';
import { buttonIn, decide } from '../incidents/scenes.ts';
import { silent } from '../queue/world.ts';
import { type Conversation, createConversation } from '../setup/conversation.ts';
import { recordStatements } from '../setup/statements.ts';
import { type BenchOptions, numberIn, numbersIn } from './options.ts';
import { type BenchResult, quantile, rounded } from './result.ts';
import { openScaleStores } from './scale-store.ts';

const p99BarMs = 100;
const growthBar = 1.5;
/** A command that grew by less is not called slower: so much two medians of one command differ by themselves. */
const noiseMs = 2;
const quiet = { settle: false };

type Measured = { command: string; p50: number; p99: number; figures: Record<string, number> };

export async function benchScale(options: BenchOptions): Promise<BenchResult[]> {
  const incidents = numbersIn(options, 'incidents', [100, 1_000, 10_000]);
  const asks = numberIn(options, 'asks', 100);
  const sizes = {
    incidents,
    deliveries: numberIn(options, 'deliveries', 500_000),
    audit: numberIn(options, 'audit', 1_000_000),
  };
  const policy = parsePolicy(readFileSync(join(process.cwd(), 'policy.example.yaml'), 'utf8'), 'policy.example.yaml');
  const stores = await openScaleStores(policy, sizes);
  const results: BenchResult[] = [];
  try {
    for (const year of [false, true]) {
      const smallest = new Map<string, Measured>();
      for (const open of incidents) {
        const store = await stores.open(open, year);
        try {
          for (const measured of await measureAll(store.db, policy, { open, asks })) {
            const before = smallest.get(measured.command);
            if (before === undefined) smallest.set(measured.command, measured);
            results.push(judged(measured, { open, year, last: open === incidents.at(-1), before }));
          }
        } finally {
          await store.close();
        }
      }
    }
  } finally {
    await stores.close();
  }
  return results;
}

function judged(
  { command, p50, p99, figures }: Measured,
  { open, year, last, before }: { open: number; year: boolean; last: boolean; before: Measured | undefined },
): BenchResult {
  const name = `${command} at ${open} open incidents${year ? ' with a year of history' : ''}`;
  if (!last || before === undefined) return { name, figures };
  const growth = p50 / before.p50;
  const grew = growth >= growthBar && p50 - before.p50 >= noiseMs;
  const slow = year && p99 >= p99BarMs;
  return {
    name,
    figures: { ...figures, growth: rounded(growth) },
    bar: `growth under ${growthBar}${year ? `, p99 under ${p99BarMs} ms` : ''}`,
    pass: !grew && !slow,
  };
}

type Ask = { command: string; say(talk: Conversation, n: number): Promise<unknown> };

const typed = (persona: string, text: string | ((n: number) => string), where?: '#helpdesk'): Ask => ({
  command: typeof text === 'string' ? text : text(0).replace(/\d+/g, 'n'),
  say: (talk, n) => talk.type(persona, where, typeof text === 'string' ? text : text(n), quiet),
});

/** `n` begins at 1 and grows: an incident's number is 100 more, and its owner is called p<n>. */
function asksAt(open: number): readonly Ask[] {
  const incident = (n: number) => `INC-${100 + 1 + ((n * 7) % open)}`;
  return [
    typed('hana', 'help'),
    typed('hana', 'whoami'),
    typed('hana', 'incidents'),
    typed('hana', 'incidents mine'),
    typed('hana', 'incidents all'),
    typed('otto', 'status'),
    typed('otto', (n) => `status ${incident(n)}`),
    typed('hana', (n) => `hold ${incident(n)}`),
    typed('hana', (n) => `audit ${incident(n)}`),
    typed('hana', 'apps'),
    typed('hana', (n) => `last seen p${n}`),
    // Joins an open incident; then one that nobody has reported.
    typed('hana', (n) => `lost device p${1 + ((n * 7) % open)}`, '#helpdesk'),
    { ...typed('hugo', (n) => `lost device p${open + n}`, '#helpdesk'), command: 'lost device pn (new)' },
    {
      command: 'lost device (nobody)',
      say: (talk, n) => talk.type('hana', '#helpdesk', `lost device zzyzx${n}`, quiet),
    },
  ];
}

async function measureAll(
  db: Kysely<Database>,
  policy: Policy,
  { open, asks }: { open: number; asks: number },
): Promise<Measured[]> {
  const adapter = fakeAdapter({ name: 'console' });
  const store = createStore({
    db,
    clock: systemClock,
    ids: randomIds,
    laneOf: () => 'upkeep',
    appendAudit,
    wake: () => {},
  });
  const parts = { store, approvals, evidence: evidenceProviders, commands, policy, organisation: 'lab' } as const;
  const router = new Router({ ...parts, clock: systemClock, ids: randomIds, log: silent, markOf: drillMarkOfMessage });
  const desk = new Inbox({ store, db, clock: systemClock, router, log: silent });
  await adapter.start({ app: express(), onCommand: (incoming) => desk.onCommand(incoming) });
  const talk = createConversation({ adapter, clock: systemClock, ids: randomIds, settle: async () => {} });
  // Who speaks for the first time is looked up in the directory.
  for (const persona of ['hana', 'hugo', 'otto']) await talk.type(persona, undefined, 'whoami', quiet);

  const measured: Measured[] = [];
  for (const { command, say } of asksAt(open)) measured.push(await measure(command, asks, (n) => say(talk, n)));
  // A wipe as it is asked for, shown and approved, each of another phone.
  let next = 100;
  const openForm = async (timed: (body: () => Promise<unknown>) => Promise<void>): Promise<FormValues> => {
    for (;;) {
      next += 1;
      let form: Answer['form'];
      if (next > 100 + open) throw new Error('there are not enough phones that can be wiped');
      const opening = async () => {
        const { answer } = await talk.type('hana', '#helpdesk', `wipe INC-${next} 1`, quiet);
        form = answer.form;
      };
      await timed(opening);
      if (form !== undefined) return filledIn(form);
    }
  };
  const most = Math.min(asks, Math.floor(open / 8));
  measured.push(
    await measure('wipe INC-n 1: the form', most, (_n, timed) => openForm(timed)),
    await measure('wipe INC-n 1: asked', most, async (_n, timed) => {
      const values = await openForm(async (opening) => void (await opening()));
      await timed(() => talk.submit('hana', '#helpdesk', values, quiet));
    }),
    await measure('approvals', asks, () => talk.type('otto', undefined, 'approvals', quiet)),
  );
  const waiting = await db.selectFrom('approval').select('incidentNumber').where('state', '=', 'waiting').execute();
  const numbers = waiting.map(({ incidentNumber }) => incidentNumber ?? 0);
  if (numbers.length === 0) throw new Error('no wipe was asked for');
  measured.push(
    await measure('approve INC-n: shown', numbers.length, (n) =>
      talk.type('otto', undefined, `approve INC-${numbers[n - 1]}`, quiet),
    ),
    await measure('approve INC-n: decided', numbers.length, async (n, timed) => {
      const shown = await talk.type('otto', undefined, `approve INC-${numbers[n - 1]}`, quiet);
      if (buttonIn(shown.answer, 'Approve') === undefined) throw new Error(`nothing to approve: ${shown.text}`);
      await timed(() => decide(talk, 'otto', shown, quiet));
    }),
  );
  await desk.idle();
  await adapter.stop();
  return measured;
}

/** The smallest scope that the phone knows, and whatever is to be confirmed for it. */
function filledIn({ fields }: NonNullable<Answer['form']>): FormValues {
  const scopes = fields.flatMap((field) => (field.kind === 'choice' && field.id === 'scope' ? field.options : []));
  const scope = scopes.find(({ value }) => value === 'account-only')?.value ?? scopes[0]?.value ?? '';
  const typedName = fields.find((field) => field.kind === 'typed');
  const confirmed =
    scope === 'account-only' || typedName?.kind !== 'typed' ? {} : { told: true, typed: typedName.show };
  return { scope, reason: 'Left in a taxi.', how: 'manager', ...confirmed };
}

/** `one` may measure only a part of what it does. */
async function measure(
  command: string,
  asks: number,
  one: (n: number, timed: (body: () => Promise<unknown>) => Promise<void>) => Promise<unknown>,
): Promise<Measured> {
  const times: number[] = [];
  let cpuMs = 0;
  let statements = 0;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  for (let n = 1; n <= asks; n += 1) {
    let partly = false;
    const timed = async (body: () => Promise<unknown>) => {
      partly = true;
      const record = recordStatements();
      const cpu = process.cpuUsage();
      const began = performance.now();
      delay.enable();
      try {
        await body();
      } finally {
        delay.disable();
        times.push(performance.now() - began);
        const { user, system } = process.cpuUsage(cpu);
        cpuMs += (user + system) / 1000;
        statements = Math.max(statements, record.sent.length);
        record.stop();
      }
    };
    if (one.length > 1) await one(n, timed);
    else await timed(() => one(n, timed));
    if (!partly) throw new Error(`${command} was not measured`);
  }
  const p50 = quantile(times, 0.5);
  const p99 = quantile(times, 0.99);
  return {
    command,
    p50,
    p99,
    figures: {
      'p50 ms': rounded(p50),
      'p99 ms': rounded(p99),
      'CPU ms': rounded(cpuMs / asks),
      'statements at most': statements,
      'loop held at most ms': rounded(delay.max / 1e6),
      'memory MB': Math.round(process.memoryUsage.rss() / 1e6),
    },
  };
}
