/** What approvers read of a step before they decide: exactly what will be done, to whom, and how it is undone. */
import type { Text } from '../../message/model.ts';
import { code, text } from '../../message/text.ts';
import { counted } from '../../message/words.ts';
import type { AppBlock, StepPayload } from './steps.ts';

/** Labelled lines, frozen with the approval. */
export function stepLines(block: AppBlock, payload: StepPayload): { label: string; value: Text }[] {
  switch (payload.kind) {
    case 'notice':
      return [
        { label: 'Who reads it', value: text(counted(payload.people.length, 'person', 'people')) },
        { label: 'Text', value: text(payload.text) },
      ];
    case 'rule':
      return [
        {
          label: 'Whom it reaches',
          value: text(
            `${counted(payload.people, 'person loses', 'people lose')} mail in ${block.name} on ${counted(payload.devices.length, 'phone')}.`,
          ),
        },
        {
          label: 'What it does',
          value: text(
            payload.level === 'Quarantine'
              ? 'A quarantined phone stays connected and gets no mail until somebody allows it.'
              : 'A blocked phone is turned away, and can no longer hear of a wipe.',
          ),
        },
        ...payload.rules.map((rule) => ({
          label: 'Rule',
          value: text(
            `${rule.characteristic} is exactly `,
            code(rule.queryString),
            `: ${counted(rule.phones, 'phone')}, ${rule.others} of others`,
          ),
        })),
        { label: 'Undone by', value: text(code(`unblock app ${block.name}`)) },
      ];
    case 'personal':
      return [
        { label: 'What it does', value: text('Only these devices are blocked, on the lists of their mailboxes.') },
        ...payload.devices.map(({ name, deviceId }) => ({
          label: 'Device',
          value: text(`${name}, id ending in ${deviceId.slice(-4)}`),
        })),
      ];
    case 'ews':
      return [
        {
          label: 'What it does',
          value: text(
            `Exchange Web Services then refuse every client whose user agent matches ${payload.agents.join(', ')}, for the whole organisation. What stands on the list stays there. A mailbox with EWS settings of its own follows those.`,
          ),
        },
      ];
    case 'web-config':
      return [
        { label: 'File', value: text(`${configWords[payload.config]} on ${payload.server}`) },
        {
          label: 'What it does',
          value: text(
            'Requests whose user agent holds ',
            ...payload.strings.flatMap((one, index) => (index === 0 ? [code(one)] : [', ', code(one)])),
            ' are denied by IIS (404.19). A backup is made first, and nothing else in the file changes.',
          ),
        },
        {
          label: 'Application pool',
          value: text(
            payload.recycle
              ? `is recycled: every phone that waits on ${payload.server} is dropped at that moment, and all come back at once.`
              : 'is left alone.',
          ),
        },
      ];
    case 'undo':
      return [
        {
          label: 'What it does',
          value: text(`What was done to keep ${block.name} out is taken back, the last first.`),
        },
      ];
  }
}

export const configWords = {
  ewsFrontEnd: 'web.config of Exchange Web Services (front end)',
  easFrontEnd: 'web.config of ActiveSync (front end)',
} as const;
