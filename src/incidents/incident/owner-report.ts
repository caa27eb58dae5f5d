import type { DraftMessage } from '../../message/model.ts';
import { button, buttons, list, paragraph, strong, text, time } from '../../message/text.ts';
import { firstWord } from '../../message/words.ts';
import type { IncidentView } from './view.ts';

/**
 * What the owner is told privately. The lost phone may still be logged in to chat: nothing here says who approves, how long
 * anything takes, or what would stop a wipe.
 */
export function ownerReport(view: IncidentView): DraftMessage {
  const { incident, owner, devices } = view;
  const n = incident.number;
  const first = firstWord(owner.displayName);
  if (devices.length === 0) {
    return {
      title: `INC-${n} · Your phone`,
      tone: 'warning',
      blocks: [
        paragraph(
          `No phone is connected to your mailbox, ${first}. The helpdesk knows and will reach you another way than by this phone.`,
        ),
      ],
    };
  }
  return {
    title: `INC-${n} · Your phone`,
    tone: 'warning',
    blocks: [
      paragraph(`These are connected to your mailbox, ${first}:`),
      list(
        ...devices.map((device) =>
          text(
            strong(`${device.number} · ${device.label}`),
            ' — last sync ',
            device.facts.lastSync === null ? 'never' : time(device.facts.lastSync),
          ),
        ),
      ),
      paragraph('Which one is lost?'),
      buttons(
        ...devices.map((device) =>
          button(`${device.number} ${device.facts.name}`, 'my-lost-phone', {
            incident: n,
            device: String(device.number),
          }),
        ),
      ),
      paragraph('Is one of them still with you? Open its mail app now; I will see which one it is.'),
      buttons(
        ...devices.map((device) =>
          button(`I still have ${device.number} ${device.facts.name}`, 'still-have', {
            device: String(device.number),
            incident: n,
          }),
        ),
      ),
      paragraph(
        strong('Please do not change your password yourself'),
        '; the helpdesk will tell you when. A full wipe resets the whole phone, photos included; removing only work data is usually enough.',
      ),
    ],
  };
}
