import type { Person } from '../../directory/person.ts';
import type { DraftMessage } from '../../message/model.ts';
import { button, buttons, list, paragraph, strong, text, time } from '../../message/text.ts';
import { type DeviceFacts, deviceLabel } from './device.ts';
import { reachability } from './reachability.ts';

/** `devices <person>`: what Exchange tells of them now, without an incident. */
export function devicesMessage(person: Person, devices: readonly DeviceFacts[], now: Date): DraftMessage {
  if (devices.length === 0)
    return { title: person.displayName, tone: 'neutral', blocks: [paragraph('No phone syncs with this mailbox.')] };
  return {
    title: `${person.displayName} · ${devices.length === 1 ? 'one phone' : `${devices.length} phones`}`,
    tone: 'neutral',
    blocks: [
      list(
        ...devices.map((facts) =>
          text(
            strong(deviceLabel(facts)),
            ' — last sync ',
            facts.lastSync === null ? 'never' : time(facts.lastSync),
            ` · ${facts.accessState.toLowerCase()}. `,
            reachability({ device: facts, now, accountEnabled: person.accountEnabled }).summary,
          ),
        ),
      ),
      buttons(button('One of these is lost', 'lost-device', { person: person.guid, kind: 'lost' })),
    ],
  };
}
