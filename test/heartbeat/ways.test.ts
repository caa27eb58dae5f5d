/** One decision: headline, table, lines and advice say the same of an edge, whichever ways phones take. */
import { describe, expect, it } from 'vitest';
import { locateEdge } from '../../src/heartbeat/estimate-edge.ts';
import { edgeLength, type LocatedEdge, type Reading } from '../../src/heartbeat/reading.ts';
import { reportMessage } from '../../src/heartbeat/report.ts';
import { renderPlainText } from '../../src/message/plain.ts';
import { Policy } from '../../src/policy.ts';
import { runs } from '../setup/runs.ts';
import { type Habit, live, type World } from './generator.ts';
import { oneNode, readWays, throughFirewall, type Ways, withoutEdgeRoaming } from './ways.ts';
import { organisation } from './worlds.ts';

const cases = runs(10, 100);
const seeds = Array.from({ length: cases }, (_, index) => index + 1);

const pair = Policy.parse({
  edges: [{ name: 'LB1', kind: 'f5', where: 'in front of both' }],
  servers: [
    { name: 'EX01', edge: 'LB1' },
    { name: 'EX02', edge: 'LB1' },
  ],
});

function shown(reading: Reading): string {
  const draft = reportMessage(reading);
  const blocks = draft.blocks.flatMap((block) => (block.kind === 'buttons' ? [] : [block]));
  return renderPlainText({ ...draft, blocks }, { now: new Date(reading.at), timeZone: 'UTC' });
}

function isRight(located: LocatedEdge, seconds: number): boolean {
  const found = edgeLength(located);
  return found !== undefined && Math.abs(found - seconds) <= seconds * 0.05;
}

/** Enough connections of three phones meet the edge to be told from others that last. */
function isVisible({ truth }: ReturnType<typeof live>): boolean {
  return truth.beyond >= 40 && truth.phonesBeyond >= 3;
}

/** What the report says against an edge that it names, in any of its parts. */
function against(reading: Reading): string[] {
  const report = shown(reading);
  const cut = reading.edges.filter((edge) => edgeLength(edge) !== undefined);
  const behind = cut.flatMap(({ servers }) => servers);
  const otherwise = reading.servers.filter(
    ({ server, verdict }) => (verdict === 'edge-too-short') !== behind.includes(server),
  );
  const phrases = ['no cut connection', 'list what stands', 'No firewall', 'it is that app'];
  // Clients may make the average of a server what it is that nothing cuts.
  const blamed = report.split('\n').filter((line) => {
    const of = reading.servers.find(({ server }) => line.startsWith(`• ${server}: `))?.server;
    return /pulls? the average/.test(line) && (of === undefined || behind.includes(of));
  });
  return [
    ...otherwise.map(({ server, verdict }) => `${server} is ${verdict}`),
    ...(cut.length === 0 ? [] : [...phrases.filter((phrase) => report.includes(phrase)), ...blamed]),
    ...(cut.length === 0 || report.includes('Do: raise the idle timeout of') ? [] : ['no advice']),
  ];
}

describe.each<[string, (seed: number) => Ways]>([
  ['a firewall that phones pass outside and not inside', throughFirewall],
  ['one of two nodes of a pair', oneNode],
])('%s', (_, drawn) => {
  it('is found within 5 % in at least 95 % of the cases that can be seen', () => {
    const visible = seeds.flatMap((seed) => {
      const world = drawn(seed);
      const lived = live(world);
      return isVisible(lived) ? [{ seed, seconds: world.edge.seconds, ...locateEdge(lived.observations, 3540) }] : [];
    });
    const wrong = visible.filter((each) => !isRight(each, each.seconds));

    expect(visible.length).toBeGreaterThan(cases / 2);
    expect(wrong.length / visible.length, JSON.stringify(wrong)).toBeLessThanOrEqual(0.05);
  });
});

describe('the report', () => {
  it('agrees with itself on every drawn set', async () => {
    for (const seed of seeds) {
      const sets = [
        { EX01: throughFirewall(seed), EX02: throughFirewall(seed + 1000) },
        { EX01: oneNode(seed), EX02: { ...organisation(seed), phones: organisation(seed).phones.slice(0, 12) } },
      ];
      for (const worlds of sets)
        for (const policy of [pair, Policy.parse({})])
          expect(against(await readWays(worlds, policy)), `seed ${seed}`).toEqual([]);
    }
  });

  it('claims no edge where there is none', async () => {
    for (const seed of Array.from({ length: runs(10, 200) }, (_, index) => index + 1)) {
      const reading = await readWays({ EX01: withoutEdgeRoaming(seed) }, pair);
      expect(
        reading.edges.filter((edge) => edgeLength(edge) !== undefined),
        `seed ${seed}`,
      ).toEqual([]);
      expect(shown(reading), `seed ${seed}`).not.toContain('raise the idle timeout');
    }
  });
});

describe('where the ways are known', () => {
  const habit: Habit = { kind: 'climb', first: 200, step: 60, again: 10 };
  const phones = (count: number, deviceType: string, away?: string) =>
    Array.from({ length: count }, () => ({
      habit,
      deviceType,
      network: 'Office',
      mailsPerHour: 1,
      ...(away === undefined ? {} : { away }),
    }));
  const world = (rest: Partial<World>): World => ({
    seed: 3,
    phones: phones(12, 'iPhone'),
    hours: 24,
    lossesPerHour: 0.02,
    max: 3540,
    ...rest,
  });
  const firewall = { seconds: 299, how: 'reset', lateSeconds: 1, networks: [''] } as const;

  it('nobody is told that nothing cuts, and no kind of phone is blamed, where nine phones go through a firewall', async () => {
    const reading = await readWays(
      {
        EX01: world({ phones: [...phones(9, 'iPhone', ''), ...phones(6, 'Android')], edge: firewall }),
        EX02: world({ seed: 4, phones: phones(9, 'iPhone', ''), edge: firewall }),
      },
      pair,
    );
    const report = shown(reading);

    expect(reading.servers.map(({ verdict }) => verdict)).toEqual(['edge-too-short', 'edge-too-short']);
    expect(report.split('\n')[1]).toMatch(
      /^Connections behind LB1 are cut at about (?:299|30\d) s on some ways and last longer on others; Exchange would let them wait 3,540 s\./,
    );
    expect(report).toMatch(
      /Likely cause: LB1 \(in front of both\) closes idle connections after about (?:299|30\d) s .*not all connections pass it/,
    );
    expect(report).toContain(
      'Do: raise the idle timeout of LB1 for `/Microsoft-Server-ActiveSync` to at least 3,600 s.',
    );
    expect(report).toMatch(
      /a wipe reaches a phone on such a way within about 5 minutes, others after 59 minutes at most/,
    );
    expect(report).not.toMatch(/no cut connection|healthy|list what stands|that app|iPhone/);
  });

  it('only the servers that it cuts are called so where others behind the same edge last', async () => {
    const edge = { seconds: 300, how: 'reset', lateSeconds: 1 } as const;
    const reading = await readWays(
      {
        EX01: world({ edge }),
        EX02: world({
          seed: 4,
          phones: phones(12, 'iPhone').map((phone) => ({ ...phone, habit: { kind: 'fixed', asked: 1680 } })),
        }),
      },
      pair,
    );

    expect(reading.servers.map(({ verdict }) => verdict)).toEqual(['edge-too-short', 'healthy']);
    expect(shown(reading)).toContain('raise the idle timeout of LB1 on the way to EX01 for');
    expect(shown(reading)).toMatch(/LB1 on the way to EX02: connections last/);
  });

  it('servers with nothing listed in front are told together what stands before all of them', async () => {
    const few = { phones: phones(2, 'iPhone', ''), edge: firewall };
    const reading = await readWays(
      { EX01: world({ phones: phones(9, 'iPhone', ''), edge: firewall }), EX02: world({ seed: 9, ...few }) },
      Policy.parse({}),
    );

    expect(reading.edges.map(({ servers }) => servers)).toEqual([['EX01', 'EX02']]);
    expect(reading.about).toEqual(['EX01', 'EX02']);
  });

  it('a listed edge is not asked to be listed where nothing shows why', async () => {
    const short = world({
      phones: phones(12, 'iPhone').map((phone) => ({ ...phone, habit: { kind: 'fixed', asked: 270 } })),
    });
    const report = shown(await readWays({ EX01: short }, pair));

    expect(report).toContain('Do: check the idle timeout of LB1 and of what else stands there against 3,600 s;');
    expect(report).not.toContain('list what stands');
  });

  it('one network or one app that is cut is named as such in headline and advice', async () => {
    const carrier = { seconds: 300, how: 'reset', lateSeconds: 1, networks: ['Carrier A'] } as const;
    const low = phones(12, 'iPhone').map((phone) => ({ ...phone, network: 'Carrier A', mailsPerHour: 8 }));
    const report = shown(
      await readWays({ EX01: world({ phones: [...low, ...phones(3, 'iPad')], edge: carrier }) }, pair),
    );

    expect(report).toMatch(/Connections of phones on Carrier A end at about 30\d s and those of others last/);
    expect(report).toContain('Do: look at what stands between Carrier A and Exchange');
    expect(report).not.toMatch(/no cut connection|raise the idle timeout/);
  });
});
