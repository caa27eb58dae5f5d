/**
 * A signed Slack command to its acknowledgement, beside what is least: a bare Bolt app, and one that commits one insert on the same
 * PostgreSQL first. All four take turns in one run, so that what the machine gives to others strikes each.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { urlOf } from '../../src/store/connect.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { openFakeSlack } from '../fakes/slack/index.ts';
import { silent } from '../queue/world.ts';
import { type BenchOptions, numberIn } from './options.ts';
import { type BenchResult, quantile, rounded } from './result.ts';
import { cpuOf, load, type MeasuredKind, startMeasured } from './slack.ts';
import { channel, user } from './slack-people.ts';

const kinds = ['bare', 'bare-insert', 'adapter', 'bot'] as const satisfies readonly MeasuredKind[];
const storedBar = 1.3;
const plainBar = 1.5;
/** Seconds of one kind until the next one's turn. */
const turnSeconds = 2;

export async function benchAcknowledge(options: BenchOptions): Promise<BenchResult[]> {
  const seconds = numberIn(options, 'seconds', 20);
  const perSecond = numberIn(options, 'rate', 50);
  const data = mkdtempSync(join(tmpdir(), 'mislaid-bench-'));
  const server = await startEmbeddedPostgres({ dataFolder: data, log: silent });
  const slack = await openFakeSlack({
    users: [{ id: user, name: 'Hana', email: 'hana@contoso.example' }],
    channels: [channel],
  });
  const running: Awaited<ReturnType<typeof startMeasured>>[] = [];
  try {
    for (const kind of kinds) running.push(await startMeasured(kind, slack.apiUrl, urlOf(server.connection)));
    for (const { url, agent } of running) await load({ agent, url, slack, perSecond, seconds: 3 });
    const times = new Map<MeasuredKind, number[]>(kinds.map((kind) => [kind, []]));
    const cpu = new Map<MeasuredKind, number>();
    for (let turn = 0; turn < seconds / turnSeconds; turn += 1) {
      for (const { kind, bot, url, agent } of running) {
        const before = await cpuOf(bot);
        const asked = await load({ agent, url, slack, perSecond, seconds: turnSeconds });
        times.get(kind)?.push(...asked.map(({ ms }) => ms));
        cpu.set(kind, (cpu.get(kind) ?? 0) + (await cpuOf(bot)) - before);
      }
    }
    const result = (kind: MeasuredKind, name: string, to?: MeasuredKind, most = 0): BenchResult => {
      const own = times.get(kind) ?? [];
      const least = to === undefined ? own : (times.get(to) ?? []);
      const ratio = (q: number) => quantile(own, q) / quantile(least, q);
      const figures = {
        'p50 ms': rounded(quantile(own, 0.5)),
        'p99 ms': rounded(quantile(own, 0.99)),
        'CPU ms a request': rounded((cpu.get(kind) ?? 0) / own.length),
      };
      if (to === undefined) return { name, figures };
      return {
        name,
        figures: { ...figures, 'p50 times': rounded(ratio(0.5)), 'p99 times': rounded(ratio(0.99)) },
        bar: `at most ${most} times`,
        pass: ratio(0.5) <= most && ratio(0.99) <= most,
      };
    };
    return [
      result('bare', 'a bare Bolt app'),
      result('bare-insert', 'a bare Bolt app that commits one insert first'),
      result('adapter', 'the bot without its insert, beside the bare app', 'bare', plainBar),
      result('bot', 'the bot, beside the app with one insert', 'bare-insert', storedBar),
    ];
  } finally {
    for (const { bot, agent } of running) {
      const ended = once(bot, 'exit');
      agent.destroy();
      if (bot.connected) bot.send('end');
      await ended;
    }
    await slack.close();
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  }
}
