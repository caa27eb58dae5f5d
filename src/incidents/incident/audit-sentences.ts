/** Entries of the audit as sentences: who, what they did, to what, why. Codes are for machines. */
import { z } from 'zod';

export type ReadableEntry = {
  action: string;
  actorGuid: string | null;
  actorIdentity: string | null;
  data: unknown;
};

/** How people and phones are called; a person who is not known by name is "somebody". */
export type Names = { person(guid: string): string | undefined; phone(number: number): string };

const Named = z.object({ person: z.string().nullish(), usedBy: z.string().nullish() });

const Data = z.record(z.string(), z.unknown());

/** Everybody whom the entry names by guid. */
export function peopleIn({ actorGuid, data }: ReadableEntry): string[] {
  const { person, usedBy } = Named.catch({}).parse(data);
  return [actorGuid, person, usedBy].filter((guid): guid is string => typeof guid === 'string');
}

/** What an entry says, as one sentence. An action of another version is said in its own words. */
export function describeEntry(entry: ReadableEntry, names: Names): string {
  const facts = new Facts(entry, names);
  const sentence = sentences[entry.action];
  const said = sentence === undefined ? `${facts.who}: ${wordsOf(entry.action)} (${facts.about}).` : sentence(facts);
  const erased = entry.data === null ? ' What was said was erased.' : '';
  // What an entry does not tell leaves no gap.
  const whole = capital(
    said
      .replaceAll(/ \(\)/g, '')
      .replaceAll(/ {2,}/g, ' ')
      .replaceAll(/ ([.,:])/g, '$1')
      .trim(),
  );
  return `${whole}${erased}`;
}

class Facts {
  readonly who: string;
  readonly #data: Record<string, unknown>;
  readonly #names: Names;

  constructor({ actorGuid, actorIdentity, data }: ReadableEntry, names: Names) {
    this.#data = Data.safeParse(data).data ?? {};
    this.#names = names;
    const stranger = actorIdentity === null ? 'Mislaid' : `A chat account that is nobody's (${actorIdentity})`;
    this.who = actorGuid === null ? stranger : this.#called(actorGuid);
  }

  text(name: string): string {
    const value = this.#data[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  }

  is(name: string): boolean {
    return this.#data[name] === true;
  }

  /** `phone 1, iPhone 15 …9F3A`; empty where the entry is about no phone. */
  get about(): string {
    const number = this.#data.device;
    return typeof number === 'number' ? this.#names.phone(number) : '';
  }

  get phone(): string {
    return this.about || 'the phone';
  }

  get wipe(): string {
    return `the wipe of ${this.phone} (${this.text('scope')})`;
  }

  get what(): string {
    return wordsOf(this.text('kind'));
  }

  person(name: string): string {
    return this.#called(this.text(name));
  }

  /** The end of a sentence: its reason, as it was given. */
  because(name = 'reason', before = ', because: '): string {
    const why = this.text(name);
    const how = this.text('verified');
    const verified = how === '' ? '' : ` The owner was verified: ${how}.`;
    return `${why === '' ? '.' : `${before}${why.replace(/[.\s]+$/, '')}.`}${verified}`;
  }

  #called(guid: string): string {
    return this.#names.person(guid) ?? 'somebody';
  }
}

type Sentence = (facts: Facts) => string;

function opened(again: string): Sentence {
  return (f) => {
    const whose = f.is('byOwner') ? 'their own phone' : 'a phone';
    if (f.text('kind') === 'outside-wipe') return `${f.who} found a wipe that did not come from here.`;
    return `${f.who} reported ${whose} as ${f.text('kind')}${again}${f.because('remark', ': ')}`;
  };
}

function decided(verb: string): Sentence {
  return (f) => `${f.who} ${verb} the proposal (${f.what}).`;
}

const sentences: Readonly<Record<string, Sentence>> = {
  'command.allowed': (f) => `${f.who} said “${wordsOf(f.text('command'))}”.`,
  'command.refused': (f) =>
    `${f.who} was refused “${wordsOf(f.text('command')) || 'a command'}”: ${wordsOf(f.text('code'))}.`,

  'incident.opened': opened(''),
  'incident.reported-again': opened(' again'),
  'incident.opened-again': (f) => `${f.who} opened the incident again.`,
  'incident.closed': (f) =>
    `${f.who} closed the incident${f.is('exchangeHolds') ? ', although Exchange still holds a request' : ''}.`,
  'incident.found': (f) =>
    `${f.who} noted that ${f.is('none') ? 'no phone is lost' : 'the phone was found'}${f.because()}`,
  'incident.opened-by-mistake': (f) => `${f.who} noted that the incident was opened by mistake${f.because()}`,
  'hold.opened': () => 'Mislaid asked everybody to leave the password alone.',
  'hold.asked': () => 'Mislaid asked a person to decide about the hold on the password.',
  'hold.closed': (f) => `${f.who} ended the hold on the password${f.because('why')}`,
  'step.ticked': (f) => `${f.who} ticked “${f.text('what')}”.`,
  'roles.suspended': (f) => `${f.who} took the roles of ${f.person('person')} by the report of their phone.`,
  'roles.suspension-waits': (f) =>
    `${f.who} reported a phone of ${f.person('person')}, who keeps their roles until somebody else says that it is right.`,
  'roles-restored': (f) => `${f.who} gave ${f.person('person')} their roles back${f.because()}`,
  'owner.says-found': (f) => `${f.who} said in chat that the phone was found; nobody has verified it.`,
  'owner.noted': (f) => `${f.who} wrote in chat${f.because('text', ': ')}`,
  'owner.says-kept': (f) => `${f.who} said in chat that they still have ${f.phone}.`,
  'owner.says-lost': (f) => `${f.who} said in chat that ${f.phone} is the lost one.`,
  'device.kept-verified': (f) => `${f.who} verified that the owner still has ${f.phone}${f.because()}`,
  'device.kept-taken-back': (f) => `${f.who} took back that the owner still has ${f.phone}${f.because()}`,
  'devices.read': (f) => `Exchange showed ${f.text('devices')} phones.`,
  'exchange.away': (f) => `Exchange did not answer (${f.text('tries')} tries).`,
  'device.named': (f) => `${f.who} called the lost phone “${f.text('device')}”.`,
  'device.block-asked': (f) => `${f.who} asked to block ${f.phone}.`,
  'device.unblock-asked': (f) => `${f.who} asked to unblock ${f.phone}.`,
  'device.remove-asked': (f) => `${f.who} asked to remove ${f.phone} from Exchange.`,
  'device.blocked': (f) => `${f.phone} is blocked in Exchange.`,
  'device.unblocked': (f) => `${f.phone} is no longer blocked in Exchange.`,
  'device.not-changed': (f) => `Exchange did not change the access of ${f.phone}.`,
  'device.removed': (f) => `${f.phone} is removed from Exchange.`,
  'device.not-removed': (f) => `Exchange did not remove ${f.phone}.`,

  'approval.requested': (f) => `${f.who} put a proposal (${f.what}) before ${f.text('needed')} others.`,
  'approval.shown': (f) => `${f.who} was shown the proposal (${f.what}).`,
  'approval.approved': decided('approved'),
  'approval.one-agreed': (f) => `${f.who} approved; ${f.text('missing')} more must.`,
  'approval.denied': decided('denied'),
  'approval.withdrawn': decided('took back'),
  'approval.expired': (f) => `Nobody decided on the proposal (${f.what}) in time.`,
  'approval.voided': (f) => `The proposal (${f.what}) ended, because what it rests on changed.`,
  'approval.lapsed': (f) =>
    f.is('asked')
      ? `What was approved (${f.what}) was asked of Exchange or may have been, and whether it was done was not known in time.`
      : `What was approved (${f.what}) was not carried out in time.`,

  'wipe.proposed': (f) =>
    `${f.who} proposed ${f.wipe}${f.because()} Caller verified: ${f.text('verification')}. ${f.is('ownerInformed') ? 'The owner was told.' : 'The owner was not told.'}`,
  'wipe.awaiting-approval': (f) => `${f.wipe} waits for approval.`,
  'wipe.approved': (f) =>
    f.text('event') === 'break-glass'
      ? `${f.who} ordered ${f.wipe} alone, by break-glass${f.because('why')}`
      : `${f.wipe} is approved.`,
  'wipe.held': (f) => `The wipe waits, although it is approved${f.because('because')}`,
  'wipe.issuing': (f) => `Mislaid asks Exchange for ${f.wipe}.`,
  'wipe.requested': (f) => `Exchange holds the request for ${f.wipe}.`,
  'wipe.sent': (f) => `Exchange handed ${f.wipe} to the phone.`,
  'wipe.acknowledged': (f) => `${f.phone} acknowledged the wipe (${f.text('scope')}).`,
  'wipe.denied': (f) => `${f.who} denied ${f.wipe}${f.because('why')}`,
  'wipe.withdrawn': (f) => `${f.who} took back ${f.wipe}${f.because('why')}`,
  'wipe.expired': (f) => `${f.wipe} was not decided or not carried out in time${f.because('why')}`,
  'wipe.voided': (f) => `${f.wipe} ended before it was asked for${f.because('why')}`,
  'wipe.not-asked': (f) => `Exchange was not asked for ${f.wipe}${f.because('why')}`,
  'wipe.cancel-asked': (f) => `${f.who} asked to cancel the wipe${f.because()}`,
  'wipe.cancelled': (f) => `${f.wipe} is cancelled in Exchange${f.because('why')}`,
  'wipe.give-up-asked': (f) => `${f.who} asked to give up the wipe${f.because()}`,
  'wipe.given-up': (f) => `${f.wipe} is given up${f.because('why')}`,
  'wipe.refused-by-device': (f) => `${f.phone} was told to erase itself more than once and does not.`,
  'wipe.not-reported': (f) => `Exchange reports nothing more of ${f.wipe}.`,
  'wipe.partnership-removed': (f) =>
    `The partnership of ${f.phone} is gone, and with it the wipe (${f.text('scope')}).`,
  'wipe.wrong-scope': () => 'Exchange took a full wipe where account-only was asked; Mislaid cancels it.',
  'plan-b.raised': (f) => `The phone was not reached for ${f.text('minutes')} minutes; security was asked what to do.`,
  'plan-b.quiet': (f) => `${f.who} keeps waiting for ${f.text('hours')} hours.`,
  'break-glass.review-due': () => 'The review of the break-glass wipe is due.',
  'break-glass.reviewed': (f) =>
    `${f.who} reviewed the break-glass wipe of ${f.person('usedBy')}${f.because('finding', ': ')}`,
  'outside-wipe.seen': (f) => `Exchange holds a wipe (${f.text('scope')}) that did not come from here.`,
  'drill.started': (f) => `${f.who} began the drill.`,
  'drill.ended': () => 'The drill is over.',
};

/** What has sentences, for the test that nothing of the timeline lacks one. */
export const describedActions: readonly string[] = Object.keys(sentences);

function wordsOf(code: string): string {
  return code.replaceAll(/[.-]/g, ' ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
