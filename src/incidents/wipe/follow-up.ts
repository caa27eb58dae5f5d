import type { Block, Intent } from '../../message/model.ts';
import { button, buttons, list, note, paragraph, strong, text, time } from '../../message/text.ts';
import { phoneName } from '../devices/device.ts';
import type { IncidentView } from '../incident/view.ts';

/** The ticks that people set after a wipe, with what the timeline calls them. */
export const followUpSteps = {
  password: 'Password reset',
  sessions: 'Sessions revoked',
} as const;
export type FollowUpStep = keyof typeof followUpSteps;
const afterStepNames = ['password', 'sessions'] as const satisfies readonly FollowUpStep[];

/** After the acknowledgement: what people do now, ticked with who and when. */
export function followUpBlocks(view: IncidentView): Block<Intent>[] {
  const n = view.incident.number;
  const { ticks } = view.timeline;
  const removed = view.wipes.every(
    (wipe) => view.devices.find((device) => device.number === wipe.deviceNumber)?.present === false,
  );
  const acknowledged = view.wipes.filter((wipe) => wipe.state === 'acknowledged').at(-1);
  const device = view.devices.find(({ number }) => number === acknowledged?.deviceNumber);
  // While the hold is open neither may be done yet.
  const open =
    view.incident.hold === 'open' ? [] : afterStepNames.filter((step) => !ticks.some((tick) => tick.step === step));
  const row = [
    ...open.map((step) => button(followUpSteps[step], 'tick', { incident: n, step })),
    ...(acknowledged === undefined || removed
      ? []
      : [
          button(
            `Remove partnership of ${acknowledged.deviceNumber}${device === undefined ? '' : ` ${phoneName(device.facts, 40)}`}`,
            'remove-device',
            {
              incident: n,
              device: String(acknowledged.deviceNumber),
            },
          ),
        ]),
    button('Close', 'close', { incident: n }),
  ];
  const advice =
    acknowledged === undefined || removed
      ? []
      : [note('Remove the partnership so that this phone is not wiped again if it comes back.')];
  const now = row.length > 1 ? [paragraph(strong('Now:'))] : [];
  const done = ticks.map(({ what, by, at }) =>
    text(`✔ ${what} — ${by === null ? 'Mislaid' : (view.names.get(by) ?? 'somebody')}, `, time(at)),
  );
  return [...(done.length === 0 ? [] : [list(...done)]), ...now, buttons(...row), ...advice];
}
