/** What an approver sees of a step before he decides: exactly what will be done, to whom, and how it is undone. */
import type { Kysely } from 'kysely';
import type { Block } from '../../message/model.ts';
import { code, list, paragraph, strong, text } from '../../message/text.ts';
import type { Database } from '../../store/schema.ts';
import { counted } from '../cards/apps.ts';
import { wipeWarnings } from './card-parts.ts';
import { previewOf } from './preview.ts';
import type { AppBlock, Step, StepPayload } from './steps.ts';

export async function stepBlocks(
  db: Kysely<Database>,
  { block, step, now }: { block: AppBlock; step: Step; now: Date },
): Promise<Block<never>[]> {
  const { payload } = step;
  const preview =
    payload.kind === 'rule' || payload.kind === 'personal'
      ? await previewOf(db, { organisation: block.organisation, app: block.app, now })
      : undefined;
  return [...payloadBlocks(block, payload), ...(preview === undefined ? [] : wipeWarnings(preview.wipes))];
}

function payloadBlocks(block: AppBlock, payload: StepPayload): Block<never>[] {
  switch (payload.kind) {
    case 'notice':
      return [paragraph(strong(`${counted(payload.people.length, 'person reads', 'people read')}: `), payload.text)];
    case 'rule':
      return [
        paragraph(
          strong(
            `${counted(payload.people, 'person loses', 'people lose')} mail in ${block.name} on ${counted(payload.devices.length, 'phone', 'phones')}.`,
          ),
          payload.level === 'Quarantine'
            ? ' A quarantined phone stays connected and gets no mail until somebody allows it.'
            : ' A blocked phone is turned away, and can no longer hear of a wipe.',
        ),
        list(
          ...payload.rules.map((rule) =>
            text(
              `${rule.characteristic} is exactly `,
              code(rule.queryString),
              `: ${counted(rule.phones, 'phone', 'phones')}, ${rule.others} of others`,
            ),
          ),
        ),
        paragraph('Undone by ', code(`unblock app ${block.name}`), '.'),
      ];
    case 'personal':
      return [
        paragraph(strong('Only these devices are blocked, on the lists of their mailboxes:')),
        list(...payload.devices.map(({ name, deviceId }) => text(`${name}, id ending in ${deviceId.slice(-4)}`))),
      ];
    case 'ews':
      return [
        paragraph(
          `Exchange Web Services then refuse every client whose user agent matches ${payload.agents.join(', ')}, for the whole organisation. What stands on the list stays there. A mailbox with EWS settings of its own follows those.`,
        ),
      ];
    case 'web-config':
      return [
        paragraph(
          strong(`On ${payload.server}, ${configWords[payload.config]}: `),
          'requests whose user agent holds ',
          ...payload.strings.flatMap((one, index) => (index === 0 ? [code(one)] : [', ', code(one)])),
          ' are denied by IIS (404.19). A backup is made first, and nothing else in the file changes.',
        ),
        paragraph(
          payload.recycle
            ? strong(
                `The application pool is recycled: every phone that waits on ${payload.server} is dropped at that moment, and all come back at once.`,
              )
            : 'The application pool is left alone.',
        ),
      ];
    case 'undo':
      return [paragraph(`What was done to keep ${block.name} out is taken back, the last first.`)];
  }
}

export const configWords = {
  ewsFrontEnd: 'web.config of Exchange Web Services (front end)',
  easFrontEnd: 'web.config of ActiveSync (front end)',
} as const;
