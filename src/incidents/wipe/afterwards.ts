import type { Block, Intent } from '../../message/model.ts';
import { button, buttons, note, paragraph, strong } from '../../message/text.ts';
import { doneLines } from '../incident/remarks.ts';
import type { IncidentView } from '../incident/view.ts';

/** The ticks that people set after a wipe, with what the timeline calls them. */
export const afterSteps = {
  password: 'Password reset',
  sessions: 'Sessions revoked',
} as const;
export type AfterStep = keyof typeof afterSteps;
const afterStepNames = ['password', 'sessions'] as const satisfies readonly AfterStep[];

/** After the acknowledgement: what people do now, ticked with who and when. */
export function afterwards(view: IncidentView): Block<Intent>[] {
  const n = view.incident.number;
  const ticked = new Set(view.events.filter((event) => event.kind === 'step.ticked').map((event) => event.data.step));
  const removed = view.wipes.every(
    (wipe) => view.devices.find((device) => device.number === wipe.deviceNumber)?.present === false,
  );
  const acknowledged = view.wipes.filter((wipe) => wipe.state === 'acknowledged').at(-1);
  // While the hold is open neither may be done yet.
  const open = view.incident.hold === 'open' ? [] : afterStepNames.filter((step) => !ticked.has(step));
  const row = [
    ...open.map((step) => button(afterSteps[step], 'tick', { incident: n, step })),
    ...(acknowledged === undefined || removed
      ? []
      : [
          button('Remove the partnership', 'remove-device', { incident: n, device: String(acknowledged.deviceNumber) }),
        ]),
    button('Close', 'close', { incident: n }),
  ];
  const advice =
    acknowledged === undefined || removed
      ? []
      : [note('Remove the partnership so that this phone is not wiped again if it comes back.')];
  const now = row.length > 1 ? [paragraph(strong('Now:'))] : [];
  return [...doneLines(view), ...now, buttons(...row), ...advice];
}
