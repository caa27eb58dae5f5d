import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { heartbeatAdviceCommand } from '../../src/commands/direct-push/heartbeat-knowledge.ts';
import { adviceFor, adviceMessage, edgeKinds, wantedTimeout } from '../../src/heartbeat/advice.ts';
import { costOf } from '../../src/heartbeat/asked.ts';
import { summariseEvents } from '../../src/heartbeat/events.ts';
import { knownNear } from '../../src/heartbeat/known-timeouts.ts';
import { networkNames, soleNetwork } from '../../src/heartbeat/networks.ts';
import type { Observation } from '../../src/heartbeat/observation.ts';
import { shortRun } from '../../src/heartbeat/since.ts';
import { renderPlainText } from '../../src/message/plain.ts';
import { eventsIn } from '../../src/servers/files/exported-text.ts';

const now = new Date('2026-03-02T09:00:00Z');
const hour = 3_600_000;

describe('events 1040', () => {
  const event = (hoursAgo: number, averageSeconds = 250) => ({
    server: 'EX02',
    at: new Date(now.getTime() - hoursAgo * hour),
    averageSeconds,
    thresholdSeconds: 540,
  });

  it('give the average in seconds in both real wordings', () => {
    const path = join(import.meta.dirname, '../../../shared/domain/samples/event-1040.txt');
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('The average'));
    const found = lines.flatMap(
      (line) => eventsIn('EX02', `2026-03-02 08:00:00 ${line}`, { order: undefined, timeZone: 'UTC' }).events,
    );

    expect(
      found.map(({ averageSeconds, thresholdSeconds, command }) => [averageSeconds, thresholdSeconds, command]),
    ).toEqual([
      [513, 540, undefined],
      [207, 540, 'Ping'],
    ]);
  });

  it("are counted by day in the reader's zone, with the run that goes on and the trend", () => {
    const events = [event(1), event(5), event(10.5), event(20), event(100), event(300)];
    const summary = summariseEvents({ events, unread: [] }, { now, timeZone: 'Europe/Berlin' });

    expect(summary?.total).toBe(6);
    expect(summary?.days.at(-1)).toEqual({ day: '2026-03-02', count: 2 });
    // 22:30 UTC the evening before is 23:30 in Berlin.
    expect(summary?.days.at(-2)).toEqual({ day: '2026-03-01', count: 2 });
    expect(summary?.runningSince).toBe(event(20).at.toISOString());
    expect(summary?.trend).toBe('rising');
  });

  it('are none, and long over', () => {
    expect(summariseEvents({ events: [], unread: [] }, { now, timeZone: 'UTC' })).toEqual({
      total: 0,
      days: [],
      trend: 'none',
    });
    expect(summariseEvents({ events: [], unread: ['a.csv: no.'] }, { now, timeZone: 'UTC' })).toBeUndefined();
    expect(summariseEvents({ events: [event(30)], unread: ['a.csv: no.'] }, { now, timeZone: 'UTC' })?.atLeast).toBe(
      true,
    );
    expect(
      summariseEvents({ events: [event(30)], unread: [] }, { now, timeZone: 'UTC' })?.runningSince,
    ).toBeUndefined();
  });
});

describe('what it costs', () => {
  const waits = (rest: Partial<Observation>): Observation => ({
    client: '1',
    asked: 250,
    ended: 'heartbeat',
    requests: 100,
    shortest: 250,
    mean: 250,
    longest: 250,
    firstHour: 0,
    lastHour: 0,
    deviceType: 'iPhone',
    network: '',
    ...rest,
  });

  it('is requests an hour now, and with long waits and the same mail', () => {
    const cost = costOf([waits({}), waits({ ended: 'change', requests: 10, mean: 100 })], 3540);

    // 110 requests in 26,000 s on the line; 10 mails in it: a wait of 3540 s would end after (1 - e^-1.36) · 2600 s.
    expect(cost?.now).toBeCloseTo((110 / 26_000) * 3600, 5);
    expect(cost?.after).toBeCloseTo(3600 / ((1 - Math.exp(-3540 / 2600)) * 2600), 5);
  });

  it('is one an hour where no mail comes, and not known from next to nothing', () => {
    expect(costOf([waits({})], 3540)?.after).toBeCloseTo(3600 / 3540, 5);
    expect(costOf([waits({ requests: 10 })], 3540)).toBeUndefined();
  });
});

describe('since when', () => {
  const hours = (...averages: number[]) =>
    averages.map((average, index) => ({ hour: new Date(index * hour), requests: 20, average }));

  it('is the begin of the last unbroken run of short hours', () => {
    expect(shortRun(hours(200, 3000, 3000, 250, 250), 621)).toEqual({ at: 3 * hour, atLeast: false });
    expect(shortRun(hours(250, 250), 621)).toEqual({ at: 0, atLeast: true });
    expect(shortRun(hours(250, 3000), 621)).toBeUndefined();
  });

  it('does not end at an hour in which hardly anybody connected', () => {
    const quiet = hours(3000, 250, 3000, 250).map((each, index) => (index === 2 ? { ...each, requests: 2 } : each));

    expect(shortRun(quiet, 621)).toEqual({ at: hour, atLeast: false });
  });
});

describe('networks', () => {
  it('are found by range, address and version', () => {
    const nameOf = networkNames([
      { name: 'Office', ranges: ['192.0.2.0/24', '2001:db8::/32'] },
      { name: 'VPN', ranges: ['198.51.100.7', '198.51.100.10-198.51.100.20'] },
    ]);

    expect(
      ['192.0.2.9', '2001:db8:1::5', '198.51.100.7', '198.51.100.15', '198.51.100.8', 'x', ''].map(nameOf),
    ).toEqual(['Office', 'Office', 'VPN', 'VPN', '', '', '']);
  });

  it('are those of a phone only where all of its addresses are in one', () => {
    const nameOf = networkNames([{ name: 'Office', ranges: ['192.0.2.0/24'] }]);
    const of = (...addresses: readonly string[]) => soleNetwork(addresses, nameOf);

    expect([of('192.0.2.9', '192.0.2.10'), of('192.0.2.9', '198.51.100.7'), of()]).toEqual(['Office', '', '']);
  });

  it('that are no ranges are refused with their name', () => {
    expect(() => networkNames([{ name: 'Office', ranges: ['192.0.2.0/99'] }])).toThrow(
      /Office has a range that is none/,
    );
  });
});

describe('advice', () => {
  it('waits longer than the longest heartbeat, on every kind of edge', () => {
    expect(wantedTimeout(3540)).toBe(3600);
    for (const kind of edgeKinds) {
      const message = adviceMessage(kind, 3540);
      expect(
        renderPlainText(
          {
            ...message,
            blocks: message.blocks
              .filter(({ kind: block }) => block !== 'buttons')
              .map((block) => (block.kind === 'buttons' ? { ...block, buttons: [] } : block)),
          },
          { now, timeZone: 'UTC' },
        ),
      ).toContain('3,600 s');
    }
    for (const kind of ['f5', 'citrix-adc', 'haproxy', 'nginx', 'kemp', 'fortigate'] as const) {
      expect(adviceFor(kind, 1740).commands.join('\n')).toContain('1800');
    }
  });

  it('asks no more of Azure Load Balancer than it can, and does not send phones behind Application Gateway', () => {
    expect(adviceFor('azure', 3540).commands).toEqual([expect.stringContaining('--idle-timeout 60 ')]);
    expect(adviceFor('azure', 9000).commands).toEqual([expect.stringContaining('--idle-timeout 100 ')]);
  });

  it('sets both sides of F5, and on Citrix ADC the timeouts that count', () => {
    expect(
      adviceFor('f5', 3540)
        .commands.join('\n')
        .match(/IP::idle_timeout 3600/g),
    ).toHaveLength(2);
    const citrix = adviceFor('citrix-adc', 3540);
    expect(citrix.commands).toContain('set lb vserver vs_activesync -cltTimeout 3600');
    expect(citrix.commands).toContain('set serviceGroup sg_activesync -svrTimeout 3600');
    expect(citrix.notes.join()).toContain('set cs vserver … -cltTimeout 3600');
  });

  it('is found by what people call the box', () => {
    const kinds = ['netscaler', 'citrix', 'big-ip', 'f5'].map(
      (kind) => heartbeatAdviceCommand.args.parse({ kind }).kind,
    );

    expect(kinds).toEqual(['citrix-adc', 'citrix-adc', 'f5', 'f5']);
    expect(() => heartbeatAdviceCommand.args.parse({ kind: 'toaster' })).toThrow();
  });

  it('names the timeout that counts for HAProxy in mode tcp', () => {
    expect(adviceFor('haproxy', 1740).notes.join()).toMatch(
      /timeout tunnel, where it is set, counts instead of both: 1800s/,
    );
  });
});

describe('known timeouts', () => {
  it('are named when they are near, and only then', () => {
    expect(knownNear(301)?.whose).toContain('F5');
    expect(knownNear(352)?.seconds).toBe(350);
    expect(knownNear(500)).toBeUndefined();
  });
});
