/** What the tours say, and by what each step is over. */

/** Something that was said by a person, or shown in a place or to a person, as plain text. */
export type Happening = { readonly kind: 'said' | 'shown'; readonly where: string; readonly text: string };

export type TourStep = {
  readonly text: string;
  /** What is to be said, by whom, and where (absent: privately); `INC-…` stands for the case spoken of last. */
  readonly say?: { readonly who: string; readonly channel?: string; readonly text: string };
  /** Absent: the last step, or one that is skipped by hand. */
  readonly isOver?: (happening: Happening) => boolean;
};

export type TourName = 'lost' | 'breaks';

const said = (pattern: RegExp) => (each: Happening) => each.kind === 'said' && pattern.test(each.text);
const shown = (pattern: RegExp) => (each: Happening) => each.kind === 'shown' && pattern.test(each.text);

export const tours: Readonly<Record<TourName, { readonly title: string; readonly steps: readonly TourStep[] }>> = {
  lost: {
    title: 'A lost phone',
    steps: [
      {
        text: 'You are Hana, of the helpdesk. Alice called from a colleague’s desk: her phone is gone. In #helpdesk, say',
        say: { who: 'hana', channel: '#helpdesk', text: 'lost device alice' },
        isOver: said(/^(lost|stolen|missing) .*alice/i),
      },
      {
        text: 'Two people have this name, and nothing is guessed. Press “Alice Ng”. A card opens, and fills itself as Exchange answers.',
        isOver: shown(/INC-\d+.*Alice Ng[\s\S]*Which phone is lost\?/),
      },
      {
        text: 'Read the warning: a phone that cannot log in never hears of a wipe. Then press “1 iPhone 15” on the card.',
        isOver: shown(/^Wipe phone 1/),
      },
      {
        text: 'Leave “account-only”, say why, and how you knew that it was Alice. Then press the button under the form.',
        isOver: shown(/wipe proposed by/),
      },
      {
        text: 'You are Otto now, an approver: Hana cannot decide on her own request. In #approvals, read the card and press “Approve”, and once more under the question.',
        isOver: shown(/Approved by/),
      },
      {
        text: 'You are Alice now, and would like to change your password. In her private messages, ask',
        say: { who: 'alice.ng', text: 'can i reset my password?' },
        isOver: said(/password/i),
      },
      {
        text: 'Watch the card in #helpdesk, and the phones below. The phone hears of the wipe when it next connects; “+20 min” is quicker.',
        isOver: shown(/password may be reset now/),
      },
      {
        text: 'The password may be reset now, and the card says why: the phone acknowledged the wipe. Security read along, in one line each.',
      },
    ],
  },
  breaks: {
    title: 'What is refused',
    steps: [
      {
        text: 'Another Alice lost her phone. Nobody approves their own request: as Hana, report it first.',
        say: { who: 'hana', channel: '#helpdesk', text: 'lost device alice.moreau' },
        isOver: shown(/Alice Moreau[\s\S]*Which phone is lost\?/),
      },
      {
        text: 'Press “1 iPhone 13” on the card, fill in the form and press the button under it.',
        isOver: shown(/wipe proposed by/),
      },
      {
        text: 'Now Hana tries to approve it herself. Say it, and read the answer.',
        say: { who: 'hana', channel: '#approvals', text: 'approve INC-…' },
        isOver: shown(/someone else must approve/),
      },
      {
        text: 'Somebody changes her password too early. Her phones cannot log in any more: see them below.',
        say: { who: 'hana', channel: '#helpdesk', text: 'lab change-password alice.moreau' },
        isOver: said(/change-password/),
      },
      {
        text: 'Otto does not know that, and presses “Approve” on the card in #approvals. A moment later the wipe is asked of Exchange.',
        isOver: shown(/asked of Exchange \(/),
      },
      {
        text: 'No phone of hers will ever hear of it. Press “+1 h”, and read what the card offers now.',
        isOver: shown(/not reached/i),
      },
      {
        text: 'Security pulls the lock: as Sasha, stop every wipe. What is asked for from now on waits.',
        say: { who: 'sasha', channel: '#security', text: 'lock wipes' },
        isOver: said(/^lock wipes/i),
      },
      {
        text: 'Nobody unlocks alone: Sasha asks, and an admin decides in #approvals, as Ada or Ines.',
        say: { who: 'sasha', channel: '#security', text: 'unlock wipes because practice is over' },
        isOver: said(/^unlock wipes/i),
      },
      {
        text: 'Some phones refuse. Mei’s does, and takes a full wipe only, so its name is typed: report it, fill in the form, approve as Otto, move the clock.',
        say: { who: 'hana', channel: '#helpdesk', text: 'lost device mei' },
        isOver: shown(/refused/i),
      },
      { text: 'That is what is refused, and why. The cases stay in the lab: go on with them as you like.' },
    ],
  },
};
