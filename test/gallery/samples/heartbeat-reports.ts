/** Every message about Direct Push for the gallery: one organisation whose EX02 stands behind an edge of 300 s. */

import { adviceMessage } from '../../../src/heartbeat/advice.ts';
import { alertMessage, alertSteps } from '../../../src/heartbeat/alerts.ts';
import { explainMessage } from '../../../src/heartbeat/explain.ts';
import { historyMessage } from '../../../src/heartbeat/history.ts';
import type { EdgeReading, Reading, ServerReading } from '../../../src/heartbeat/reading.ts';
import { reportMessage } from '../../../src/heartbeat/report.ts';
import { serverMessage } from '../../../src/heartbeat/server-report.ts';
import { defaultValues } from '../../../src/heartbeat/values.ts';
import type { DraftMessage, Message } from '../../../src/message/model.ts';
import { type Sample, sceneNow } from './scene.ts';

const hour = 3_600_000;
const written = {
  MinHeartbeatInterval: '60',
  MaxHeartbeatInterval: '3540',
  HeartbeatSampleSize: '200',
  HeartbeatAlertThreshold: '540',
};
const hoursAgo = (hours: number) => new Date(sceneNow.getTime() - hours * hour).toISOString();

function server(name: string, average: number, rest: Partial<ServerReading> = {}): ServerReading {
  const part = { clients: 70, requests: 1400, average };
  return {
    server: name,
    unseen: [],
    remarks: [],
    values: defaultValues,
    written,
    valueProblems: [],
    events: { total: 0, days: [], trend: 'none' },
    averages: [{ command: 'Ping', average, samples: 200, full: true, firing: average <= 540 }],
    asked: {
      ...part,
      lives: Math.min(average, 240),
      bars: [],
      ended: { heartbeat: 900, change: 480, cut: 20, dropped: 0, overlapped: 3, refused: 1 },
      byType: [{ name: 'iPhone', ...part }],
      byNetwork: [{ name: 'Office', ...part }],
    },
    pull: { few: [] },
    cost: { now: 2.4, after: 2.2 },
    verdict: 'healthy',
    ...rest,
  };
}

const cutServer = server('EX02', 247, {
  edge: 'LB1',
  events: {
    total: 14,
    days: [
      { day: '2026-03-01', count: 9 },
      { day: '2026-03-02', count: 5 },
    ],
    last: { at: hoursAgo(1), average: 247, threshold: 540, command: 'Ping' },
    runningSince: hoursAgo(22),
    trend: 'rising',
  },
  cost: { now: 13.2, after: 2.1 },
  verdict: 'edge-too-short',
});

const lb1: EdgeReading = {
  name: 'LB1',
  edgeKind: 'f5',
  where: 'Data centre A, in front of EX02',
  policySeconds: 300,
  servers: ['EX02'],
  estimate: {
    kind: 'seen',
    seconds: 300,
    how: 'reset',
    requests: 61,
    clients: 27,
    firstHour: sceneNow.getTime() - 22 * hour,
    lastHour: sceneNow.getTime() - hour,
    confidence: 'high',
  },
  scope: { kind: 'all' },
  policyOutdated: false,
};

const cutReading: Reading = {
  at: sceneNow.toISOString(),
  hours: 24,
  servers: [server('EX01', 2710), cutServer, server('EX03', 2655)],
  edges: [
    lb1,
    { servers: ['EX01'], estimate: { kind: 'none', holds: 3540 }, scope: { kind: 'all' }, policyOutdated: false },
  ],
  differences: [],
  verdict: 'edge-too-short',
  about: ['EX02'],
  since: { at: hoursAgo(22), atLeast: false },
  changes: [],
};

const appReading: Reading = {
  ...cutReading,
  servers: [
    server('EX01', 231, {
      verdict: 'clients-too-short',
      pull: {
        few: [{ account: 'contoso\\gita', deviceId: 'cm01', deviceType: 'BadMail', samples: 154, average: 60 }],
        without: 2680,
        deviceType: 'BadMail',
      },
    }),
  ],
  edges: [],
  verdict: 'clients-too-short',
  about: ['EX01'],
};

const halfSeen: Reading = {
  ...cutReading,
  servers: [
    server('EX01', 2710),
    { ...server('EX03', 0), unseen: ['Logs of EX03: access denied.'], averages: [], verdict: 'too-little-data' },
  ],
  edges: [],
  verdict: 'healthy',
  about: ['EX01'],
};

/** As a renderer gets it: buttons carry the ids of stored actions. */
function stored(draft: DraftMessage): Message {
  return {
    ...draft,
    blocks: draft.blocks.map((block) =>
      block.kind === 'buttons'
        ? {
            kind: 'buttons',
            buttons: block.buttons.map((button, index) => ({ ...button, action: `${button.action.command}-${index}` })),
          }
        : block,
    ),
  };
}

const wrongServer = server('EX03', 2655, {
  written: { ...written, MaxHeartbeatInterval: '7200' },
  valueProblems: ['MaxHeartbeatInterval is 7200, over 3540: Exchange logs an event and takes 60 and 3540 for both.'],
});
const alerts = alertSteps({
  previous: { ...cutReading, servers: [server('EX03', 2655)] },
  reading: { ...cutReading, servers: [cutServer, wrongServer, server('EX01', 610)] },
  open: [],
  now: sceneNow,
  today: '2026-03-02',
}).concat(
  alertSteps({
    previous: undefined,
    reading: { ...cutReading, servers: [server('EX02', 2710)] },
    open: [{ server: 'EX02', cause: 'event-1040', since: new Date(hoursAgo(30)), notifiedOn: '2026-03-01' }],
    now: sceneNow,
    today: '2026-03-02',
  }),
);

export const heartbeatReportSamples: readonly Sample[] = [
  { name: 'heartbeat report: edge too short', message: stored(reportMessage(cutReading)) },
  {
    name: 'heartbeat report: one app',
    message: stored(reportMessage(appReading, { personal: true, nameOf: () => 'Gita Rao' })),
  },
  { name: 'heartbeat report: one server not seen', message: stored(reportMessage(halfSeen)) },
  { name: 'heartbeat report: one server', message: stored(serverMessage(cutReading, 'EX02')) },
  {
    name: 'heartbeat history',
    message: stored(
      historyMessage(
        [
          {
            day: '2026-03-02',
            reading: cutReading,
            verdicts: ['healthy', 'edge-too-short'],
            changes: [{ at: new Date(hoursAgo(22)), change: 'EX02: edge too short (before: healthy).' }],
          },
        ],
        14,
      ),
    ),
  },
  { name: 'heartbeat explained', message: stored(explainMessage(cutReading)) },
  { name: 'heartbeat advice: F5', message: stored(adviceMessage('f5', 3540)) },
  ...alerts.flatMap((step) =>
    step.kind === 'forget' ? [] : [{ name: `heartbeat alert: ${step.title}`, message: stored(alertMessage(step)) }],
  ),
];
