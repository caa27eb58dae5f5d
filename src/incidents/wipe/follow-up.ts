import type { Block, Button, Intent } from '../../message/model.ts';
import { button, list, text, time } from '../../message/text.ts';
import { phoneName } from '../devices/device.ts';
import type { IncidentDevice, IncidentView } from '../incident/view.ts';

/** The ticks that people set, with what the timeline calls them. */
export const followUpSteps = {
  password: 'Password reset',
  sessions: 'Sessions revoked',
  sim: 'SIM suspended by the carrier',
} as const;
export type FollowUpStep = keyof typeof followUpSteps;

/** As the person says it who did it: the bot does none of them. */
const ticks = {
  password: 'I have reset the password',
  sessions: 'I have revoked the sessions',
  sim: 'I had the SIM suspended',
} as const satisfies Record<FollowUpStep, string>;

/** What was ticked, with who and when. */
export function tickedBlocks({ timeline, names }: IncidentView): Block<Intent>[] {
  if (timeline.ticks.length === 0) return [];
  const done = timeline.ticks.map(({ what, by, at }) =>
    text(`✔ ${what} — ${by === null ? 'Mislaid' : (names.get(by) ?? 'somebody')}, `, time(at)),
  );
  return [list(...done)];
}

/** Buttons of the steps that nobody has ticked; none while the hold is open, for none may be done yet. */
export function tickButtons({ incident, timeline }: IncidentView, steps: readonly FollowUpStep[]): Button<Intent>[] {
  if (incident.hold === 'open') return [];
  const open = steps.filter((step) => !timeline.ticks.some((tick) => tick.step === step));
  return open.map((step) => button(ticks[step], 'tick', { incident: incident.number, step }));
}

/** Of a phone that acknowledged its wipe and whose partnership is still there. */
export function partnershipToRemove(view: IncidentView): IncidentDevice | undefined {
  const acknowledged = view.wipes.filter((wipe) => wipe.state === 'acknowledged').at(-1);
  const device = view.devices.find(({ number }) => number === acknowledged?.deviceNumber);
  return device?.present === true ? device : undefined;
}

export function removeButton({ incident }: IncidentView, { number, facts }: IncidentDevice): Button<Intent> {
  const row = { incident: incident.number, device: String(number) };
  return button(`Remove partnership of ${number} ${phoneName(facts, 40)}`, 'remove-device', row);
}
