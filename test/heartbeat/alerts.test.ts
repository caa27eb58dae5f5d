import { describe, expect, it } from 'vitest';
import { type AlertStep, alertSteps, type OpenAlert } from '../../src/heartbeat/alerts.ts';
import type { Reading, ServerReading } from '../../src/heartbeat/reading.ts';
import { defaultValues } from '../../src/heartbeat/values.ts';

const now = new Date('2026-03-02T09:00:00Z');
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();
const written = { MaxHeartbeatInterval: '3540' };

function server(rest: Partial<ServerReading> = {}): ServerReading {
  return {
    server: 'EX02',
    unseen: [],
    remarks: [],
    values: defaultValues,
    written,
    valueProblems: [],
    averages: [],
    events: { total: 0, days: [], trend: 'none' },
    pull: { few: [] },
    verdict: 'healthy',
    ...rest,
  };
}

function reading(...servers: ServerReading[]): Reading {
  return {
    at: now.toISOString(),
    hours: 24,
    servers,
    edges: [],
    differences: [],
    verdict: 'healthy',
    about: [],
    changes: [],
  };
}

function average(
  value: number,
  rest: Partial<ServerReading['averages'][number]> = {},
): Pick<ServerReading, 'averages'> {
  return { averages: [{ command: 'Ping', average: value, samples: 200, full: true, firing: value <= 540, ...rest }] };
}

function events(hours: number): NonNullable<ServerReading['events']> {
  const last = { at: hoursAgo(hours), average: 250, threshold: 540, command: 'Ping' };
  return {
    total: 3,
    days: [{ day: '2026-03-02', count: 3 }],
    last,
    trend: 'steady',
    ...(hours < 24 ? { runningSince: hoursAgo(hours + 2) } : {}),
  };
}

function steps(
  seen: ServerReading,
  open: OpenAlert[] = [],
  previous?: ServerReading,
  today = '2026-03-02',
): AlertStep[] {
  return alertSteps({
    previous: previous === undefined ? undefined : reading(previous),
    reading: reading(seen),
    open,
    now,
    today,
  });
}

const brief = (found: AlertStep[]) => found.map((step) => `${step.kind} ${step.cause}`);
const open = (cause: OpenAlert['cause'], rest: Partial<OpenAlert> = {}): OpenAlert => ({
  server: 'EX02',
  cause,
  since: new Date(hoursAgo(30)),
  notifiedOn: '2026-03-02',
  ...rest,
});

describe('event 1040', () => {
  const ill = server({ events: events(1), ...average(250) });

  it('is told once a day, and again the next day while it goes on', () => {
    expect(brief(steps(ill))).toEqual(['raise event-1040']);
    expect(brief(steps(ill, [open('event-1040')]))).toEqual([]);
    const [again] = steps(ill, [open('event-1040')], undefined, '2026-03-03');
    expect(again).toMatchObject({ kind: 'raise', title: 'Event 1040 on EX02 goes on' });
  });

  it('is over when none came for hours and phones wait well over the threshold', () => {
    expect(brief(steps(server({ events: events(4), ...average(2000) }), [open('event-1040')]))).toEqual([
      'clear event-1040',
    ]);
    expect(brief(steps(server({ events: events(4), ...average(560) }), [open('event-1040')]))).toEqual([]);
    expect(brief(steps(server({ events: events(2), ...average(2000) }), [open('event-1040')]))).toEqual([]);
  });

  it('is over after a day where no log tells the average', () => {
    expect(brief(steps(server({ events: events(23) }), [open('event-1040')]))).toEqual([]);
    expect(brief(steps(server({ events: events(25) }), [open('event-1040')]))).toEqual(['clear event-1040']);
  });

  it('is neither told nor over while the server cannot be read', () => {
    const { events: _, ...blind } = server();

    expect(steps(blind, [open('event-1040')])).toEqual([]);
    expect(steps(blind)).toEqual([]);
  });

  it('that is long past is no news in the first reading', () => {
    expect(steps(server({ events: events(30), ...average(2000) }))).toEqual([]);
  });
});

describe('an average near the threshold', () => {
  it('is told before the event comes, and forgotten when it does', () => {
    expect(brief(steps(server(average(600))))).toEqual(['raise average-near']);
    expect(brief(steps(server(average(900, { firesInHours: 5 }))))).toEqual(['raise average-near']);
    expect(brief(steps(server(average(900, { firesInHours: 50 }))))).toEqual([]);
    expect(brief(steps(server(average(500)), [open('average-near')]))).toEqual(['forget average-near']);
  });

  it('is over only when it is well over', () => {
    expect(brief(steps(server(average(650)), [open('average-near')]))).toEqual([]);
    expect(brief(steps(server(average(720)), [open('average-near')]))).toEqual(['clear average-near']);
  });

  it('is not told beside the event itself', () => {
    expect(brief(steps(server({ events: events(1), ...average(600) })))).toEqual(['raise event-1040']);
  });
});

describe('values', () => {
  const changed = server({ written: { MaxHeartbeatInterval: '900' } });

  it('that changed are told with what they were', () => {
    const [step] = steps(changed, [], server());

    expect(step).toMatchObject({ kind: 'raise', cause: 'values-changed', before: written });
    expect(step?.kind === 'raise' ? step.lines[0] : '').toBe('EX02: MaxHeartbeatInterval is 900 (before: 3540).');
  });

  it('are told once, and their return', () => {
    const alert = open('values-changed', { before: written });

    expect(steps(changed, [alert], changed)).toEqual([]);
    expect(brief(steps(server(), [alert], changed))).toEqual(['clear values-changed']);
  });

  it('that stay are the new values after a week', () => {
    const old = open('values-changed', { before: written, since: new Date(hoursAgo(24 * 8)) });

    expect(brief(steps(changed, [old], changed))).toEqual(['forget values-changed']);
  });

  it('are no news in the first reading, nor when the file could not be read', () => {
    expect(steps(changed)).toEqual([]);
    const { written: _, ...blind } = server();
    expect(steps(blind, [], changed)).toEqual([]);
    expect(steps(changed, [], blind)).toEqual([]);
  });
});
