/** Section 1, after the choice: the wipe from proposal to acknowledgement, and when nothing is heard. */
import { note, paragraph, strong, text } from '../../../src/message/text.ts';
import { at, hana, otto, press, pressRow, type Sample } from './scene.ts';

const title = 'INC-104 · iPhone 15, account only · Alice Ng';

export const wipeSamples: readonly Sample[] = [
  {
    name: 'wipe proposed',
    message: {
      title: 'Wipe proposed · iPhone 15, account only',
      tone: 'warning',
      blocks: [
        paragraph('Waits for an approver other than ', hana, ', until ', at('09:55'), '.'),
        paragraph('"Left in a taxi." Caller verified: by her manager.'),
        pressRow(press('Withdraw', 'withdraw')),
      ],
    },
  },
  {
    name: 'wipe, steps while running',
    message: {
      title,
      tone: 'warning',
      blocks: [
        {
          kind: 'steps',
          steps: [
            { mark: 'done', text: text('Approved by ', otto, ' ', at('09:20')) },
            { mark: 'done', text: text('Asked of Exchange ', at('09:21')) },
            { mark: 'active', text: text('Waiting for the phone to connect; it last tried ', at('09:12')) },
            { mark: 'waiting', text: text('Acknowledged by the phone') },
          ],
        },
        pressRow(press('Cancel the wipe', 'cancel-wipe', { style: 'danger' })),
      ],
    },
  },
  {
    name: 'wipe, not known whether asked',
    message: {
      title,
      tone: 'danger',
      blocks: [
        {
          kind: 'steps',
          steps: [
            { mark: 'done', text: text('Approved by ', otto, ' ', at('09:20')) },
            {
              mark: 'unknown',
              text: text('Not known whether Exchange was asked: it did not answer in time, ', at('09:21')),
            },
          ],
        },
        paragraph('I look again ', at('09:26'), ' and will not ask twice. Nothing is to be done until then.'),
      ],
    },
  },
  {
    name: 'acknowledged, with ticked steps',
    message: {
      title,
      tone: 'success',
      blocks: [
        {
          kind: 'steps',
          steps: [
            { mark: 'done', text: text('Approved by ', otto, ' ', at('09:18')) },
            { mark: 'done', text: text('Asked of Exchange ', at('09:18')) },
            { mark: 'done', text: text('Handed to the phone ', at('09:23')) },
            { mark: 'done', text: text(strong('Acknowledged by the phone'), ' ', at('09:23')) },
          ],
        },
        note('It erases itself after this; Exchange cannot see that.'),
        paragraph(strong('The password may be reset now.')),
        {
          kind: 'steps',
          steps: [
            { mark: 'done', text: text('Password reset: ', hana, ' ', at('09:24')) },
            { mark: 'waiting', text: text('Sessions revoked') },
            {
              mark: 'waiting',
              text: text('Partnership removed, so that this phone is not wiped again if it comes back'),
            },
          ],
        },
        pressRow(
          press('Revoked sessions', 'tick-sessions', { style: 'primary' }),
          press('Remove the partnership', 'remove-device', {
            confirm: {
              title: 'Remove the partnership?',
              text: 'The phone can then be set up again as a new one.',
              ok: 'Remove',
            },
          }),
          press('Close', 'close-incident'),
        ),
      ],
    },
  },
  {
    name: 'not reached, with the ladder',
    message: {
      title: 'Not reached for 30 minutes · INC-104 · iPhone 15',
      tone: 'danger',
      blocks: [
        paragraph('Its longest wait would have ended by now. The phone last tried ', at('09:12'), '.'),
        paragraph('Next steps, cheapest first, and what each one costs:'),
        {
          kind: 'list',
          ordered: true,
          items: [
            text('Wait: the wipe stays open.'),
            text(
              'Give up the wipe (cancelled in Exchange first), then block the phone in Exchange: no mail, ',
              strong('and it can no longer hear of a wipe'),
              '.',
            ),
            text('Revoke sessions and reset the password: the same.'),
            text('Ask the carrier to suspend the SIM: the same.'),
          ],
        },
        note('Security was told.'),
        pressRow(
          press('Keep waiting 4 h', 'keep-waiting', { style: 'primary' }),
          press('Give up the wipe', 'give-up', { style: 'danger' }),
        ),
      ],
    },
  },
  {
    name: 'refused by the phone',
    message: {
      title,
      tone: 'danger',
      blocks: [
        {
          kind: 'steps',
          steps: [
            { mark: 'done', text: text('Handed to the phone ', at('09:23')) },
            { mark: 'failed', text: text('The phone refused the wipe ', at('09:23')) },
          ],
        },
        paragraph('Exchange keeps asking it whenever it connects. Next: block the phone, or give up the wipe.'),
        pressRow(press('Block the phone', 'block-device'), press('Give up the wipe', 'give-up-refused')),
      ],
    },
  },
];
