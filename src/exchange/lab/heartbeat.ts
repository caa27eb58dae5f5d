/** How a phone finds the longest wait that the network bears, as iOS and Android do: longer while it works, shorter when cut. */

import type { LabPingEnd } from '../../store/tables/lab.ts';
import type { LabDevice } from './device-row.ts';

export type PlannedPing = { milliseconds: number; end: LabPingEnd };

/** Whatever comes first ends a Ping: new mail, the edge's idle timeout, or the heartbeat itself. */
export function planPing(input: {
  heartbeat: number;
  idleSeconds: number | undefined;
  mailsPerHour: number;
  random: () => number;
}): PlannedPing {
  const mail =
    input.mailsPerHour > 0 ? (-Math.log(1 - input.random()) / input.mailsPerHour) * 3600 : Number.POSITIVE_INFINITY;
  const idle = input.idleSeconds ?? Number.POSITIVE_INFINITY;
  if (mail < input.heartbeat && mail < idle)
    return { milliseconds: Math.max(50, Math.round(mail * 1000)), end: 'mail' };
  if (idle < input.heartbeat) return { milliseconds: idle * 1000 + Math.floor(input.random() * 400), end: 'cut' };
  return { milliseconds: input.heartbeat * 1000 + Math.floor(input.random() * 30), end: 'expired' };
}

/** Every so many contacts a phone that was cut tries a longer heartbeat again. */
const probeEvery = 20;

type Heartbeats = Pick<LabDevice, 'heartbeat' | 'heartbeatWorks' | 'heartbeatCut'>;

/** What the phone asks for next, after this Ping. */
export function adapted(device: LabDevice): Heartbeats {
  const { heartbeat, heartbeatWorks, heartbeatCut, heartbeatWish } = device;
  if (device.pingEnd === 'cut') {
    const works = heartbeatWorks < heartbeat ? heartbeatWorks : Math.max(60, Math.floor(heartbeat / 2));
    return { heartbeat: works, heartbeatWorks: works, heartbeatCut: heartbeat };
  }
  // Mail says nothing about how long the network would have waited.
  if (device.pingEnd !== 'expired') return { heartbeat, heartbeatWorks, heartbeatCut };
  const cut = heartbeatCut !== null && heartbeatCut > heartbeat ? heartbeatCut : null;
  if (cut === null) {
    return {
      heartbeat: Math.min(heartbeatWish, Math.round(heartbeat * 1.4)),
      heartbeatWorks: heartbeat,
      heartbeatCut: null,
    };
  }
  const probes = device.contacts % probeEvery === 0;
  return {
    heartbeat: probes ? Math.min(heartbeatWish, heartbeat + 60) : heartbeat,
    heartbeatWorks: heartbeat,
    heartbeatCut: cut,
  };
}
