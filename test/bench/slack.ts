/**
 * From a signed slash command to its acknowledgement, at 50 requests a second: through the adapter into PostgreSQL, with the
 * router at work beside, and through a bare Bolt app that acknowledges at once. Slack (requests and Web API) is this process,
 * what is measured has its own, as in life.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type FakeSlack, openFakeSlack, signingSecret, team } from '../fakes/slack/index.ts';
import { formBody, formType, type SignedRequest, signed } from '../fakes/slack/requests.ts';
import { type BenchResult, quantile, rounded } from './result.ts';
import { channel, user } from './slack-people.ts';

const warmSeconds = 3;
const text = 'whoami';

/** `seconds`: how long each of the two is measured, after warming up. */
export async function benchSlack({
  seconds = 20,
  perSecond = 50,
}: {
  seconds?: number;
  perSecond?: number;
} = {}): Promise<BenchResult[]> {
  const slack = await openFakeSlack({
    users: [{ id: user, name: 'Hana', email: 'hana@contoso.example' }],
    channels: [channel],
  });
  try {
    const bare = await measured({ kind: 'bare', slack, seconds, perSecond });
    const ours = await measured({ kind: 'bot', slack, seconds, perSecond });
    const alone = await measured({ kind: 'adapter', slack, seconds, perSecond });
    const p99 = quantile(
      ours.asked.map(({ ms }) => ms),
      0.99,
    );
    return [
      {
        name: 'Slack: signed command to acknowledgement, stored first',
        figures: figuresOf(ours, perSecond),
        bar: 'p99 under 50 ms, every one acknowledged',
        pass: p99 < 50 && ours.asked.every(({ acknowledged }) => acknowledged),
      },
      { name: 'Slack: the same, nothing stored, one answer for all', figures: figuresOf(alone, perSecond) },
      { name: 'Slack: the same through a bare Bolt app, nothing stored', figures: figuresOf(bare, perSecond) },
    ];
  } finally {
    await slack.close();
  }
}

type Asked = { ms: number; acknowledged: boolean };
type Measured = { asked: readonly Asked[]; cpuMs: number };

function figuresOf({ asked, cpuMs }: Measured, perSecond: number): Record<string, number> {
  const times = asked.map(({ ms }) => ms);
  return {
    'requests/s': perSecond,
    'p50 ms': rounded(quantile(times, 0.5)),
    'p99 ms': rounded(quantile(times, 0.99)),
    'max ms': rounded(quantile(times, 1)),
    'not acknowledged': asked.filter(({ acknowledged }) => !acknowledged).length,
    'CPU ms a request': rounded(cpuMs / asked.length),
  };
}

const Told = z.object({ url: z.string().optional(), cpuMs: z.number().optional() });

/** What `slack-bot.ts` can be. */
export type MeasuredKind = 'bare' | 'bare-insert' | 'adapter' | 'bot';

type Measuring = { kind: MeasuredKind; slack: FakeSlack; seconds: number; perSecond: number };

async function measured({ kind, slack, seconds, perSecond }: Measuring): Promise<Measured> {
  const { bot, url, agent } = await startMeasured(kind, slack.apiUrl);
  const ended = once(bot, 'exit');
  try {
    const warm = await load({ agent, url, slack, perSecond, seconds: warmSeconds });
    const before = await cpuOf(bot);
    const asked = await load({ agent, url, slack, perSecond, seconds });
    // What the commands set going belongs to them, the answers that people see first of all.
    if (kind !== 'bare') await answered(slack, [...warm, ...asked].filter(({ acknowledged }) => acknowledged).length);
    return { asked, cpuMs: (await cpuOf(bot)) - before };
  } finally {
    agent.destroy();
    if (bot.connected) bot.send('end');
    await ended;
  }
}

/** One measured process, on a PostgreSQL of its own where none is given. */
export async function startMeasured(
  kind: MeasuredKind,
  apiUrl: string,
  databaseUrl?: string,
): Promise<{ kind: MeasuredKind; bot: ChildProcess; url: string; agent: Agent }> {
  const args = [kind, apiUrl, ...(databaseUrl === undefined ? [] : [databaseUrl])];
  const bot = fork(fileURLToPath(new URL('slack-bot.js', import.meta.url)), args, {
    // As `npm start` runs it.
    execArgv: ['--max-semi-space-size=8', '--heap-growing-percent=30'],
  });
  const { url = '' } = await told(bot);
  return { kind, bot, url, agent: new Agent({ keepAlive: true }) };
}

async function told(bot: ChildProcess): Promise<z.infer<typeof Told>> {
  const ended = once(bot, 'exit').then(() => {
    throw new Error('the measured process ended');
  });
  const [message] = await Promise.race([once(bot, 'message'), ended]);
  return Told.parse(message);
}

export async function cpuOf(bot: ChildProcess): Promise<number> {
  const answer = told(bot);
  bot.send('cpu');
  return (await answer).cpuMs ?? 0;
}

async function answered(slack: FakeSlack, count: number): Promise<void> {
  const patience = performance.now() + 60_000;
  while (slack.workspace.messages.length < count) {
    if (performance.now() > patience)
      throw new Error(`${slack.workspace.messages.length} of ${count} commands were answered`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

type Loading = { agent: Agent; url: string; slack: FakeSlack; perSecond: number; seconds: number };

/** Requests leave on time, whether or not those before are answered: a slow answer is not hidden by waiting for it. */
export async function load({ agent, url, slack, perSecond, seconds }: Loading): Promise<Asked[]> {
  const sent: Promise<Asked>[] = [];
  const began = performance.now();
  for (let index = 0; index < seconds * perSecond; index++) {
    const due = began + (index * 1_000) / perSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    sent.push(ask(agent, url, commandOf(slack)));
  }
  return await Promise.all(sent);
}

/** A signed slash command; default: what the bench says. */
export function commandOf(
  slack: FakeSlack,
  said: { user: string; channel: string; text: string; trigger: string } = {
    user,
    channel,
    text,
    trigger: slack.workspace.trigger(user),
  },
): SignedRequest {
  const body = formBody({
    command: '/mislaid',
    text: said.text,
    user_id: said.user,
    user_name: 'hana',
    team_id: team,
    channel_id: said.channel,
    trigger_id: said.trigger,
    response_url: `${slack.apiUrl.replace(/api\/$/, '')}respond/${slack.workspace.responseUrl(said.user, said.channel)}`,
  });
  return signed(signingSecret, body, { contentType: formType });
}

/** Rejects when nobody listens. */
export function ask(agent: Agent, url: string, { headers, body }: SignedRequest): Promise<Asked> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const sending = httpRequest(url, { method: 'POST', agent, headers }, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        answer += part;
      });
      response.once('end', () => {
        // Bolt's 404 after 3 s is what Slack would call a time-out; a sentence says that it was not stored.
        resolve({ ms: performance.now() - began, acknowledged: response.statusCode === 200 && answer === '' });
      });
    });
    sending.once('error', reject);
    sending.end(body);
  });
}
