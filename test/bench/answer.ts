import { setTimeout as pause } from 'node:timers/promises';
import type { Incoming, Receipt } from '../../src/chat/port.ts';
import { randomIds } from '../../src/ground/ids.ts';
import { fakeAdapter } from '../fakes/adapter.ts';
import { openBenchBot } from './bot.ts';
import { type BenchResult, quantile, rounded } from './result.ts';

const warmUpSeconds = 10;
const barMs = 100;

const owners = ['alice.ng', 'bob', 'alice.moreau', 'victoria', 'noor', 'pavel', 'mei', 'tom', 'renee', 'karl', 'gita'];

/** What a busy helpdesk says, in turn: one report in ten, which opens an incident or joins an open one; reads, and refusals. */
const sentences: readonly (readonly [persona: string, place: string | undefined, text: string])[] = [
  ['hana', 'console:#helpdesk', 'lost device …'],
  ['hana', 'console:#helpdesk', 'incidents'],
  ['otto', undefined, 'approvals'],
  ['hugo', 'console:#helpdesk', 'status INC-101'],
  ['ines', undefined, 'whoami'],
  ['hana', undefined, 'help'],
  ['hugo', 'console:#helpdesk', 'lost device alice'],
  ['bob', undefined, 'wipe INC-101 1'],
  ['hugo', 'console:#helpdesk', 'incidents mine'],
  ['sasha', undefined, 'hold INC-101'],
];

/**
 * From the moment a chat platform hands a command over until its first answer can be shown: stored, parsed, authorised, run in
 * its transaction, answered. One process on its own PostgreSQL with its usual durability, jobs and phones at work beside it.
 */
export async function benchAnswer({
  seconds = 20,
  perSecond = 50,
}: {
  seconds?: number;
  perSecond?: number;
} = {}): Promise<BenchResult[]> {
  const adapter = fakeAdapter({ name: 'console' });
  const { close } = await openBenchBot(adapter);
  try {
    await load((incoming) => adapter.say(incoming), warmUpSeconds, perSecond);
    const times = await load((incoming) => adapter.say(incoming), seconds, perSecond);
    const p99 = quantile(times, 0.99);
    return [
      {
        name: `command to first answer at ${perSecond} a second`,
        figures: {
          commands: times.length,
          'p50 ms': rounded(quantile(times, 0.5)),
          'p99 ms': rounded(p99),
          'max ms': rounded(Math.max(...times)),
          'not stored': seconds * perSecond - times.length,
        },
        bar: `p99 under ${barMs} ms, every command stored`,
        pass: p99 < barMs && times.length === seconds * perSecond,
      },
    ];
  } finally {
    await close();
  }
}

/** Open load: commands begin on the beat, whether or not those before were answered. Answers milliseconds of each that was stored. */
async function load(
  say: (incoming: Incoming) => Promise<Receipt>,
  seconds: number,
  perSecond: number,
): Promise<number[]> {
  const times: number[] = [];
  const under: Promise<void>[] = [];
  const began = performance.now();
  for (let count = 0; count < seconds * perSecond; count += 1) {
    const wait = began + (count * 1000) / perSecond - performance.now();
    if (wait > 0) await pause(wait);
    const [persona, place, text] = sentences[count % sentences.length] ?? ['hana', undefined, 'help'];
    under.push(
      one(
        say,
        persona,
        place,
        text.replace('…', owners[Math.floor(count / sentences.length) % owners.length] ?? ''),
      ).then((ms) => {
        if (ms !== undefined) times.push(ms);
      }),
    );
  }
  await Promise.all(under);
  return times;
}

async function one(
  say: (incoming: Incoming) => Promise<Receipt>,
  persona: string,
  place: string | undefined,
  text: string,
): Promise<number | undefined> {
  const began = performance.now();
  const reception = await say({
    eventKey: randomIds.token(),
    sender: { identity: `console:${persona}`, displayName: persona },
    ...(place === undefined ? {} : { place }),
    input: { kind: 'sentence', text },
  });
  if (reception.kind !== 'stored') return undefined;
  await reception.answer;
  return performance.now() - began;
}
