/**
 * Fair shares, so that nobody drowns the others: each person has a share of a minute first, and what a place may take is divided among
 * those who speak there. Whoever decides has more, and stopping all wipes has a share of its own that nothing else uses up. Counted
 * before anything is stored, in each process by itself.
 */
import { minute } from '../ground/durations.ts';
import type { Policy } from '../policy.ts';
import type { Incoming } from './port.ts';

export type ShareLimits = {
  /** Sentences of one person in a minute; as many clicks and forms beside them. */
  readonly perPerson: number;
  /** The same for approvers, security and admins. */
  readonly perDecider: number;
  /** What one place takes in a minute from all its speakers but those. */
  readonly perPlace: number;
  /** How often one person may pull the lock in a minute, beside everything else. */
  readonly locks: number;
};

/** Nobody types as much; docs/policy.md states them. */
export const fairShares: ShareLimits = { perPerson: 120, perDecider: 480, perPlace: 360, locks: 10 };

/** Only the first of a minute is answered with the sentence: else the answers were the flood. */
export type Share = { kind: 'in' } | { kind: 'over'; userMessage: string | undefined };

/** Recognised without parsing: only what can be nothing else. */
const lockWords = /^\s*(lock|stop|halt)\s+(all\s+)?wipes\b/i;

/** Of one minute: how often each key was counted, and who was told. */
type Minute = { from: number; counts: Map<string, number>; speakers: Map<string, Set<string>>; told: Set<string> };

export class FairShares {
  readonly #limits: ShareLimits;
  /** Milliseconds that only grow; not the lab's time. */
  readonly #now: () => number;
  readonly #policy: () => Policy;
  #minute: Minute = emptyMinute(0);

  constructor(input: { limits: ShareLimits; now: () => number; policy: () => Policy }) {
    this.#limits = input.limits;
    this.#now = input.now;
    this.#policy = input.policy;
  }

  take({ sender: { identity }, place, input }: Incoming): Share {
    const now = this.#now();
    if (now - this.#minute.from >= minute) this.#minute = emptyMinute(now);
    const { perPerson, perDecider, perPlace, locks } = this.#limits;
    if (input.kind === 'sentence' && lockWords.test(input.text)) {
      return this.#count(`lock:${identity}`) <= locks ? { kind: 'in' } : this.#over(identity, locks);
    }
    const decides = this.#decides(identity);
    const most = decides ? perDecider : perPerson;
    const kind = input.kind === 'sentence' ? 'said' : 'pressed';
    if (this.#count(`${kind}:${identity}`) > most) return this.#over(identity, most);
    if (decides || place === undefined) return { kind: 'in' };
    const speakers = this.#speakersIn(place, identity);
    const all = this.#count(`place:${place}`);
    const own = this.#count(`place:${place}:${identity}`);
    const fair = Math.max(1, Math.floor(perPlace / speakers));
    return all <= perPlace || own <= fair ? { kind: 'in' } : this.#over(identity, fair);
  }

  #decides(identity: string): boolean {
    const listed = this.#policy().people.find((person) => person.identities.includes(identity));
    return listed?.roles.some((role) => role !== 'helpdesk') === true;
  }

  #count(key: string): number {
    const { counts } = this.#minute;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count;
  }

  #speakersIn(place: string, identity: string): number {
    const { speakers } = this.#minute;
    const here = speakers.get(place) ?? new Set();
    speakers.set(place, here.add(identity));
    return here.size;
  }

  #over(identity: string, most: number): Share {
    const { told, from } = this.#minute;
    if (told.has(identity)) return { kind: 'over', userMessage: undefined };
    told.add(identity);
    const seconds = Math.max(1, Math.ceil((from + minute - this.#now()) / 1000));
    return {
      kind: 'over',
      userMessage: `That is more than ${most} in a minute, so I stored nothing of it and do nothing for ${seconds} seconds. Then say again what matters. "lock wipes" always works.`,
    };
  }
}

function emptyMinute(from: number): Minute {
  return { from, counts: new Map(), speakers: new Map(), told: new Set() };
}
