/** Sections 1 and 2: the helpdesk's incident card and what the owner sees in private. */
import { list, note, paragraph, strong, text } from '../../../src/message/text.ts';
import { aliceMoreau, aliceNg, at, hana, on, press, pressRow, type Sample } from './scene.ts';

const hold = paragraph(
  strong("Do not reset Alice's password, disable her account, block or remove the phone, or suspend the SIM yet."),
  ' The phone must still log in to hear of a wipe. I will say when it is safe. If somebody is using her account now, that comes first: call security.',
);

export const lostDeviceSamples: readonly Sample[] = [
  {
    name: 'two people match',
    message: {
      tone: 'neutral',
      blocks: [
        paragraph('Two people match "alice":'),
        list(
          text(aliceNg, ' (alice.ng@contoso.example, Finance)'),
          text(aliceMoreau, ' (alice.moreau@contoso.example, Sales)'),
        ),
        pressRow(press('Alice Ng', 'choose-alice-ng'), press('Alice Moreau', 'choose-alice-moreau')),
      ],
    },
  },
  {
    name: 'incident, facts are being read',
    message: {
      title: 'INC-104 · Lost device · Alice Ng',
      tone: 'warning',
      blocks: [
        note('Opened by ', hana, ', ', at('09:24')),
        hold,
        { kind: 'steps', steps: [{ mark: 'active', text: text('Reading her devices from Exchange') }] },
      ],
    },
  },
  {
    name: 'incident with three devices',
    message: {
      title: 'INC-104 · Lost device · Alice Ng',
      tone: 'warning',
      blocks: [
        note('Opened by ', hana, ', ', at('09:24')),
        hold,
        paragraph(strong('1 · iPhone 15'), ' (iOS 18.1, native mail, EAS 16.1): last sync ', at('09:12'), ' · allowed'),
        list(
          text(
            'Wipe options: ',
            strong('account only'),
            ' removes work mail, contacts and calendar; ',
            strong('full'),
            ' is a factory reset, private photos included.',
          ),
          text(
            'Likely to hear of a wipe within about 15 minutes: it holds a connection to the server (heartbeat 900 s).',
          ),
        ),
        paragraph(strong('2 · Outlook for Android'), ' (Pixel 8): last sync ', on('2026-02-27', '17:40'), ' · allowed'),
        list(
          text('A wipe empties Outlook on ', strong('all'), " of Alice's phones and tablets, not only on this one."),
        ),
        paragraph(strong('3 · Galaxy S9'), ': last sync ', on('2025-08-02', '17:40'), ' · quarantined'),
        list(text('Unlikely to be reached: it has not connected since August.')),
        paragraph('Which phone is lost?'),
        pressRow(
          press('1 iPhone 15', 'wipe-1'),
          press('2 Outlook for Android', 'wipe-2'),
          press('3 Galaxy S9', 'wipe-3'),
          press('None of these', 'wipe-none'),
        ),
      ],
    },
  },
  {
    name: "owner's private report",
    message: {
      title: 'Your lost phone',
      tone: 'warning',
      blocks: [
        paragraph("I'm sorry about your phone, Alice. These are connected to your mailbox:"),
        list(
          text('iPhone 15, last sync ', at('09:12')),
          text('Outlook on Pixel 8, last sync ', on('2026-02-27', '17:40')),
        ),
        paragraph(
          'Which one is lost? ',
          strong('Please do not change your password yourself'),
          '; the helpdesk will tell you when.',
        ),
        pressRow(press('iPhone 15', 'own-lost-1'), press('Outlook on Pixel 8', 'own-lost-2')),
        paragraph('Is one of them still with you? Open its mail app now; I will see which one it is.'),
        pressRow(press('I still have the Outlook one', 'own-kept-2')),
        paragraph(
          'A full wipe resets the whole phone, photos included; removing only work data is usually enough. I have told the helpdesk; they will reach you another way than by this phone. I answer only here, where you wrote from.',
        ),
      ],
    },
  },
  {
    name: 'found it, taken back',
    message: {
      tone: 'success',
      blocks: [paragraph('I have taken your report back. Nobody had acted on it, and nothing was changed.')],
    },
  },
];
