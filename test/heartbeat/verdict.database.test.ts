import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHeartbeats } from '../../src/heartbeat/read-heartbeats.ts';
import type { Reading } from '../../src/heartbeat/reading.ts';
import { reportMessage } from '../../src/heartbeat/report.ts';
import type { DraftMessage, Message } from '../../src/message/model.ts';
import { renderPlainText } from '../../src/message/plain.ts';
import { Policy } from '../../src/policy.ts';
import { type TestStore, testStore } from '../setup/store.ts';
import type { Habit } from './generator.ts';
import { type KnownServer, knownServers, writeLives } from './world.ts';

let base: TestStore;
beforeEach(async () => {
  base = await testStore();
});
afterEach(() => base.close());

const defaults = {
  MinHeartbeatInterval: '60',
  MaxHeartbeatInterval: '3540',
  HeartbeatSampleSize: '200',
  HeartbeatAlertThreshold: '540',
};
const patient: Habit = { kind: 'fixed', asked: 3540 };
const climbing: Habit = { kind: 'climb', first: 200, step: 60, again: 10 };

function phones(
  habit: Habit,
  count: number,
  rest: { deviceType?: string; network?: string; mailsPerHour?: number } = {},
) {
  return Array.from({ length: count }, () => ({
    habit,
    deviceType: 'iPhone',
    network: '',
    mailsPerHour: 0.8,
    ...rest,
  }));
}

const healthy = { phones: phones(patient, 10) };
const cut = { phones: phones(climbing, 10), edge: { seconds: 300, how: 'reset', lateSeconds: 1 } } as const;

async function readAll(servers: readonly KnownServer[], policy: Policy = Policy.parse({})): Promise<Reading> {
  const now = base.clock.now();
  await writeLives(base.db, servers, now);
  return readHeartbeats({
    db: base.db,
    servers: knownServers(servers, () => base.clock.now()),
    policy,
    organisation: 'lab',
    now,
  });
}

/** As a reader sees it; buttons stand for their labels. */
function shown(draft: DraftMessage): string {
  const message: Message = {
    ...draft,
    blocks: draft.blocks.map((block) =>
      block.kind === 'buttons'
        ? { kind: 'buttons', buttons: block.buttons.map((button) => ({ label: button.label, action: button.label })) }
        : block,
    ),
  };
  return renderPlainText(message, { now: base.clock.now(), timeZone: 'UTC' });
}

const firstLine = (reading: Reading): string => shown(reportMessage(reading)).split('\n')[1] ?? '';

describe('the verdict', () => {
  it('is healthy where phones wait long and are answered', async () => {
    const reading = await readAll([{ name: 'EX01', world: healthy, values: defaults }]);

    expect(reading.verdict).toBe('healthy');
    expect(firstLine(reading)).toBe('Phones ask to wait 3,540 s on average, and their connections last.');
    expect(shown(reportMessage(reading))).toContain('Do: nothing.');
  });

  it('is edge too short where connections are cut, on that server alone', async () => {
    const policy = Policy.parse({
      edges: [{ name: 'LB1', kind: 'haproxy', where: 'in front of EX02', idleTimeoutSeconds: 300 }],
      servers: [{ name: 'EX01' }, { name: 'EX02', edge: 'LB1' }],
    });
    const reading = await readAll(
      [
        { name: 'EX01', world: healthy, values: defaults },
        { name: 'EX02', world: cut, values: defaults, events: [{ hoursAgo: 2, average: 260 }] },
      ],
      policy,
    );

    expect(reading.verdict).toBe('edge-too-short');
    expect(reading.about).toEqual(['EX02']);
    expect(reading.servers.map(({ verdict }) => verdict)).toEqual(['healthy', 'edge-too-short']);
    const report = shown(reportMessage(reading));
    expect(report).toContain('Likely cause: LB1 (in front of EX02) closes idle connections after about 30');
    expect(report).toContain('[How, for HAProxy]');
    expect(report).toMatch(
      /a wipe reaches a connected phone within about 5 minutes; afterwards a quiet one may take up to 59 minutes/,
    );
  });

  it('is edge too short, with bounds, where connections are forgotten silently', async () => {
    const silent = {
      phones: [...phones({ kind: 'fixed', asked: 480 }, 8), ...phones({ kind: 'fixed', asked: 1680 }, 8)].map(
        (phone) => ({
          ...phone,
          mailsPerHour: 0.1,
        }),
      ),
      edge: { seconds: 900, how: 'silent', lateSeconds: 0 },
    } as const;
    const report = shown(reportMessage(await readAll([{ name: 'EX01', world: silent, values: defaults }])));

    expect(report).toContain('Direct Push: edge too short');
    expect(report).toMatch(/silently|forgets idle connections somewhere between 4\d\d s and 1,\d\d\d s/);
    expect(report).toContain('may wait in vain on a connection that is gone');
    expect(report).toContain(
      '[How, for F5 BIG-IP] [How, for Citrix ADC] [How, for HAProxy] [How, for nginx] [How, for Azure]',
    );
  });

  it('rests on policy.yaml where phones backed off and nobody tries any more', async () => {
    const policy = Policy.parse({
      edges: [{ name: 'LB1', kind: 'f5', idleTimeoutSeconds: 300 }],
      servers: [{ name: 'EX01', edge: 'LB1' }],
    });
    const reading = await readAll(
      [{ name: 'EX01', world: { phones: phones({ kind: 'fixed', asked: 270 }, 10) }, values: defaults }],
      policy,
    );

    expect(reading.verdict).toBe('edge-too-short');
    expect(shown(reportMessage(reading))).toContain(
      'closes idle connections after 300 s, says policy.yaml; the logs show short heartbeats',
    );
  });

  it('does not rest on a policy.yaml that the logs refute', async () => {
    const policy = Policy.parse({
      edges: [{ name: 'LB1', kind: 'f5', idleTimeoutSeconds: 300 }],
      servers: [{ name: 'EX01', edge: 'LB1' }],
    });
    const reading = await readAll([{ name: 'EX01', world: healthy, values: defaults }], policy);

    expect(reading.verdict).toBe('healthy');
    expect(shown(reportMessage(reading))).toContain('policy.yaml says 300 s, which is no longer so.');
  });

  it('is clients too short where one bad app pulls the average down', async () => {
    const world = {
      phones: [...phones(patient, 12), ...phones({ kind: 'fixed', asked: 60 }, 2, { deviceType: 'BadMail' })],
    };
    const reading = await readAll([{ name: 'EX01', world, values: defaults, events: [{ hoursAgo: 1, average: 200 }] }]);

    expect(reading.verdict).toBe('clients-too-short');
    expect(firstLine(reading)).toContain('2 clients of type BadMail on EX01 ask for such short heartbeats');
    const open = shown(reportMessage(reading));
    expect(open).toContain('No firewall has to change');
    expect(open).not.toContain('user12');
    const nameOf = (account: string) => (account === 'contoso\\ex01.user12' ? 'Gita Rao' : account);
    expect(shown(reportMessage(reading, { personal: true, nameOf }))).toContain('Gita Rao');
  });

  it('is clients too short where all ask for little and nothing cuts', async () => {
    const reading = await readAll([
      { name: 'EX01', world: { phones: phones({ kind: 'fixed', asked: 470 }, 12) }, values: defaults },
    ]);

    expect(reading.verdict).toBe('clients-too-short');
    expect(firstLine(reading)).toContain('Phones on EX01 ask for only 470 s on average');
  });

  it('is values wrong where Exchange cannot use them, or where servers differ', async () => {
    const wrong = { ...defaults, MaxHeartbeatInterval: '7200' };
    const reading = await readAll([
      { name: 'EX01', world: healthy, values: defaults },
      { name: 'EX02', world: healthy, values: wrong },
    ]);

    expect(reading.verdict).toBe('values-wrong');
    expect(firstLine(reading)).toBe('The heartbeat values of EX02 are not what Exchange can use.');
    expect(shown(reportMessage(reading))).toContain('EX02: MaxHeartbeatInterval is 7200, over 3540');
    expect(shown(reportMessage(reading))).toContain('Restart-WebAppPool MSExchangeSyncAppPool');
  });

  it('is values wrong where they only differ', async () => {
    const reading = await readAll([
      { name: 'EX01', world: healthy, values: defaults },
      { name: 'EX02', world: healthy, values: { ...defaults, HeartbeatAlertThreshold: '300' } },
    ]);

    expect(reading.verdict).toBe('values-wrong');
    expect(firstLine(reading)).toBe('The heartbeat values differ between EX01 and EX02.');
  });

  it('is too little data with one phone, with none, and with no server', async () => {
    const one = await readAll([
      { name: 'EX01', world: { phones: phones(patient, 1) }, values: defaults },
      { name: 'EX02' },
    ]);

    expect(one.verdict).toBe('too-little-data');
    expect(firstLine(one)).toContain('Too few waiting phones were seen in 24 hours to judge EX01 and EX02');
    expect(firstLine(await readAll([]))).toContain('Exchange Online has none that could be read');
  });
});

describe('what could not be seen', () => {
  it('is said first, and the rest is told', async () => {
    const reading = await readAll([
      { name: 'EX01', world: healthy, values: defaults },
      { name: 'EX02', world: healthy, values: defaults },
      { name: 'EX03', down: { config: 'access denied to its folder.', events: 'access denied to its event log.' } },
    ]);
    const report = shown(reportMessage(reading));

    expect(reading.verdict).toBe('healthy');
    expect(report.split('\n')[0]).toContain('healthy (2 of 3 servers fully seen)');
    expect(report.split('\n')[1]).toBe(
      'Not everything could be seen. Values of EX03: access denied to its folder. Events of EX03: access denied to its event log. This is what EX01 and EX02 say, and what is left of the others:',
    );
    expect(report).toMatch(/EX03 +none +not known +not known +not known +too little data/);
  });

  it('is also a log that could not be read', async () => {
    await base.db
      .insertInto('logReading')
      .values({
        organisation: 'lab',
        server: 'EX01',
        kind: 'backEnd',
        startedAt: base.clock.now(),
        updatedAt: base.clock.now(),
        finishedAt: base.clock.now(),
        filesTotal: 0,
        filesDone: 0,
        bytesTotal: 0,
        bytesDone: 0,
        problem: 'The folder is not there.',
      })
      .execute();
    const reading = await readAll([{ name: 'EX01', values: defaults }]);

    expect(reading.servers[0]?.unseen).toEqual(['Logs of EX01: The folder is not there.']);
  });

  it('is not made worse by a clock that is ahead', async () => {
    const reading = await readAll([
      { name: 'EX01', world: healthy, values: defaults, events: [{ hoursAgo: -2, average: 500 }] },
    ]);

    expect(reading.servers[0]?.remarks).toEqual(["The clock of EX01 is about 120 minutes ahead of this machine's."]);
  });
});

describe('what stands behind it', () => {
  it("is the average of Exchange's own buffer, and what it will do", async () => {
    const reading = await readAll([{ name: 'EX02', world: cut, values: defaults }]);
    const [average] = reading.servers[0]?.averages ?? [];

    expect(average).toMatchObject({ command: 'Ping', samples: 200, full: true, firing: true });
    expect(average?.average).toBeGreaterThan(150);
    expect(average?.average).toBeLessThan(320);
  });

  it('is since when it is so', async () => {
    const reading = await readAll([{ name: 'EX02', world: cut, values: defaults }]);

    expect(reading.since?.atLeast).toBe(true);
  });
});
