/**
 * One process of a whole bot for the tests beside: `bot` lets random people speak, `worker` calls the lab's Exchange, `all` does that and
 * takes what people say from its standard input, a line each, and answers by a line each (heard-process.ts).
 * argv: role, seed, policy file, and `mortal` for one that dies when it has asked for its first wipe; the others end with
 * SIGTERM. Database, Redis and data folder come from the environment, as in life.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Kysely } from 'kysely';
import { pino } from 'pino';
import { z } from 'zod';
import { jobs } from '../../jobs/index.ts';
import { Incoming, type Receipt } from '../../src/chat/port.ts';
import { readConfig } from '../../src/config.ts';
import { seededRandom } from '../../src/exchange/lab/random.ts';
import { createClosing } from '../../src/ground/closing.ts';
import { randomIds } from '../../src/ground/ids.ts';
import { parsePolicy } from '../../src/policy.ts';
import { startBot } from '../../src/start/bot.ts';
import type { Database } from '../../src/store/schema.ts';
import { fakeAdapter } from '../fakes/adapter.ts';
import { type Conversation, createConversation } from '../setup/conversation.ts';
import { unlimitedShares } from '../setup/shares.ts';
import { approve, reportLost } from './scenes.ts';

const [role = 'worker', seed = '1', policyFile = 'policy.example.yaml', life] = process.argv.slice(2);

const owners = ['alice.ng', 'alice.moreau', 'bob', 'renee', 'karl', 'dieter', 'gita', 'tom', 'mei', 'victoria'];
const requesters = ['hana', 'hugo', 'sasha'];
const deciders = ['otto', 'ada', 'hana', 'bob'];
const admins = ['ada', 'ines', 'otto'];

async function main(): Promise<void> {
  const told = new Promise<void>((resolve) => process.once('SIGTERM', resolve));
  const config = readConfig(process.env);
  const log = pino({ level: 'error' }, pino.destination(2));
  const closing = createClosing((name, error) => log.error({ err: error, name }, 'could not be closed in order'));
  const policy = parsePolicy(readFileSync(policyFile, 'utf8'), policyFile);
  const adapter = fakeAdapter({ name: 'console', postsPerSecond: 1_000 });
  const bot = await startBot({
    shares: unlimitedShares,
    config,
    environment: process.env,
    policy,
    readPolicy: () => policy,
    jobs,
    ids: randomIds,
    log,
    closing,
    doctor: async () => [],
    adapters: async () => [adapter],
    ...(life === 'mortal' ? { onLabChange: dieAfterWipe } : {}),
  });
  process.stdout.write('ready\n');
  let over = false;
  void told.then(() => {
    over = true;
  });
  if (role === 'all') listen((incoming) => adapter.say(incoming));
  if (role === 'bot') {
    const talk = createConversation({ adapter, clock: bot.clock, ids: randomIds, settle: async () => {} });
    const random = seededRandom(seed);
    while (!over) {
      // A database that keeps one waiting for too long: what was to be said is not said.
      await speak(talk, bot.db, random).catch((error: unknown) => log.error({ err: error }, 'not said'));
    }
    process.stdout.write('said\n');
  }
  await told;
  await closing.close();
  process.exit(0);
}

/** Each line is what somebody says, with a number; the answer has the same one. What comes at the same moment is taken at once. */
function listen(say: (incoming: Incoming) => Promise<Receipt>): void {
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, incoming } = z.object({ id: z.number(), incoming: Incoming }).parse(JSON.parse(line));
    void say(incoming).then(async (receipt) => {
      const answer = receipt.kind === 'stored' ? { answer: await receipt.answer } : {};
      process.stdout.write(`${JSON.stringify({ id, receipt: { ...receipt, ...answer } })}\n`);
    });
  });
}

async function dieAfterWipe(cmdlet: string, moment: string): Promise<void> {
  if (cmdlet !== 'clear-mobile-device' || moment !== 'after') return;
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => {});
}

/** One thing that one person says: mostly what leads on, now and then what must be refused. */
async function speak(talk: Conversation, db: Kysely<Database>, random: () => number): Promise<void> {
  const any = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? '';
  const open = (await db.selectFrom('incident').select('number').where('state', '=', 'open').execute()).map((row) =>
    String(row.number),
  );
  const what = random();
  if (open.length < 5 || what < 0.05) {
    await talk.type(any(requesters), '#helpdesk', `lost device ${any(owners)}`);
    return;
  }
  const waiting = await db.selectFrom('approval').selectAll().where('state', '=', 'waiting').execute();
  const wipes = waiting.filter((row) => row.subjectKind === 'wipe').map((row) => String(row.incidentNumber));
  const unlocking = waiting.find((row) => row.subjectKind === 'unlock');
  if (unlocking !== undefined && what < 0.3) {
    const buttons = await db
      .selectFrom('storedAction')
      .select(['id', 'args'])
      .where('command', '=', 'approve')
      .execute();
    const button = buttons.find((row) => row.args.approval === unlocking.id && row.args.content !== undefined);
    if (button !== undefined) await talk.press(any(admins), '#approvals', button.id);
    return;
  }
  if (wipes.length > 0 && what < 0.6) {
    await approve(talk, any(deciders), Number(any(wipes)));
    return;
  }
  // People with rights lose their phones, too, and somebody else gives them everything back.
  if (what > 0.94 && what < 0.95) {
    await reportLost(talk, any(['otto', 'hugo', 'ines']), any(requesters));
    return;
  }
  if (what > 0.9 && what < 0.94) {
    await talk.type(
      any(['ada', 'ines', 'sasha']),
      '#security',
      `restore ${any(['otto', 'hugo', 'ines'])} because it is right`,
    );
    return;
  }
  if (what > 0.985) {
    await talk.type('otto', '#security', 'lock wipes because it is right');
    return;
  }
  if (what > 0.88) {
    await talk.type(any(admins), '#security', 'unlock wipes because it is right');
    return;
  }
  if (what > 0.84) {
    const ends: readonly [by: string, where: '#helpdesk' | undefined, said: string][] = [
      [any(requesters), '#helpdesk', `close INC-${any(open)}`],
      [any(requesters), '#helpdesk', `withdraw INC-${any(open)}`],
      [any(owners), undefined, 'i lost my phone'],
      [any(owners), undefined, 'found it'],
    ];
    const [by, where, said] = ends[Math.floor(random() * ends.length)] ?? [];
    if (by !== undefined && said !== undefined) await talk.type(by, where, said);
    return;
  }
  const who = any(requesters);
  const opened = await talk.type(who, '#helpdesk', `${random() < 0.1 ? 'break-glass' : 'wipe'} INC-${any(open)} 1`);
  const form = opened.answer.form;
  if (form === undefined) return;
  const scope = form.fields.find((field) => field.kind === 'choice' && field.id === 'scope');
  const typed = form.fields.find((field) => field.kind === 'typed');
  await talk.submit(who, '#helpdesk', {
    scope: scope?.kind === 'choice' ? (scope.options[0]?.value ?? 'full') : 'full',
    reason: 'So it is.',
    how: 'manager',
    told: true,
    typed: typed?.kind === 'typed' ? typed.show : '',
  });
}

await main();
