import type { Person } from '../../directory/person.ts';
import type { DraftMessage } from '../../message/model.ts';
import { button, buttons, list, paragraph, strong, text } from '../../message/text.ts';
import { deviceLabel } from './device.ts';
import { deviceStatus } from './device-status.ts';
import type { DeviceReading } from './read-facts.ts';

export type DevicesMessageInput = {
  person: Person;
  reading: DeviceReading;
  readAt: Date;
  /** undefined: not known. */
  online: boolean | undefined;
  /** Instants at which Exchange was asked for wipes by us (ISO 8601). */
  own: readonly string[];
  /** By GUID, where a wipe of ours is being asked for: the requests that Exchange held before (ISO 8601). */
  beingAsked: ReadonlyMap<string, readonly string[]>;
};

/** `devices <person>`: what Exchange tells of them now, without an incident. */
export function devicesMessage({
  person,
  reading,
  readAt,
  online,
  own,
  beingAsked,
}: DevicesMessageInput): DraftMessage {
  const { devices, whole } = reading;
  if (devices.length === 0) {
    const none = whole
      ? "No phone syncs with this mailbox: both of Exchange's lists say so."
      : 'Exchange did not answer whole, so it is not known whether a phone syncs with this mailbox. Ask again.';
    return { title: person.displayName, tone: whole ? 'neutral' : 'warning', blocks: [paragraph(none)] };
  }
  return {
    title: `${person.displayName} · ${devices.length === 1 ? 'one phone' : `${devices.length} phones`}`,
    tone: 'neutral',
    blocks: [
      list(
        ...devices.map((device) => {
          const heldBefore = beingAsked.get(device.guid);
          const { accountEnabled } = person;
          const status = deviceStatus({ device, readAt, accountEnabled, online, own, heldBefore });
          return text(
            strong(deviceLabel(device)),
            ...status.line,
            '. ',
            ...status.remarks.flatMap((remark) => [...remark, ' ']),
            status.reach.summary,
          );
        }),
      ),
      ...(whole ? [] : [paragraph('Exchange did not answer whole: there may be more phones. Ask again.')]),
      buttons(button('One of these is lost', 'lost-device', { person: person.guid, kind: 'lost' })),
    ],
  };
}
