/**
 * What stands in every place and before every person, and what changed since when: pages are made from it and fed by it.
 *
 * entry     one thing that is shown: what somebody said, a card, a reply, a private answer, an open form
 * target    where it stands: a place, an identity, or `<identity> @ <place>` for what one person alone sees in a place
 * change    a number that grows with each entry that is new, other or gone
 */
import { createHash } from 'node:crypto';
import type { MessageRef } from '../../src/ground/addresses.ts';
import type { Message } from '../../src/message/model.ts';
import type { OpenForm } from './forms.ts';
import { rememberedChanges, rememberedPerTarget } from './limits.ts';

export type EntryContent =
  | { readonly kind: 'said'; readonly who: string; readonly text: string }
  | { readonly kind: 'message'; readonly message: Message; readonly alone: boolean; readonly edited: boolean }
  | { readonly kind: 'form'; readonly open: OpenForm; readonly action: Acting };

/** Whose form it is, and what it belongs to. */
export type Acting = {
  readonly who: string;
  readonly place: string | undefined;
  readonly thread: MessageRef | undefined;
};

export type Entry = {
  /** Its id in the page; the same after a restart for what has a ref. */
  readonly id: string;
  readonly target: string;
  readonly ref: MessageRef | undefined;
  /** The entry in whose thread it stands. */
  readonly under: string | undefined;
  readonly at: Date;
  /** The change by which it came, and the last one. */
  readonly born: number;
  readonly seq: number;
  readonly replies: number;
  readonly content: EntryContent;
};

export type Change = {
  readonly seq: number;
  readonly id: string;
  readonly target: string;
  readonly under: string | undefined;
};

export class Board {
  /** Another one after each start: numbers of changes count from 1 again. */
  readonly epoch: string;
  readonly #entries = new Map<string, Map<string, Entry>>();
  readonly #where = new Map<string, string>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #read = new Map<string, number>();
  #changes: Change[] = [];
  #seq = 0;
  #answers = 0;

  constructor(epoch: string) {
    this.epoch = epoch;
  }

  get seq(): number {
    return this.#seq;
  }

  /** Oldest first; of the main line, or of one thread. */
  list(targets: readonly string[], under: string | undefined): Entry[] {
    return targets
      .flatMap((target) => [...(this.#entries.get(target)?.values() ?? [])])
      .filter((entry) =>
        under === undefined ? entry.under === undefined : entry.under === under || entry.id === under,
      )
      .sort((one, other) => one.born - other.born);
  }

  get(id: string): Entry | undefined {
    const target = this.#where.get(id);
    return target === undefined ? undefined : this.#entries.get(target)?.get(id);
  }

  /** An id for what nobody edits later. */
  nextId(): string {
    this.#answers += 1;
    return `a${this.epoch.slice(0, 6)}${this.#answers}`;
  }

  /** Puts it up, or in the place of what has its id. */
  put(
    input: Pick<Entry, 'id' | 'target' | 'content'> & {
      ref?: MessageRef | undefined;
      under?: string | undefined;
      at: Date;
    },
  ): void {
    const before = this.get(input.id);
    const under = before?.under ?? input.under;
    this.#seq += 1;
    const entry: Entry = {
      id: input.id,
      target: input.target,
      ref: input.ref,
      under,
      at: before?.at ?? input.at,
      born: before?.born ?? this.#seq,
      seq: this.#seq,
      replies: before?.replies ?? 0,
      content: input.content,
    };
    this.#store(entry);
    this.#tell(entry);
    const parent = under === undefined || before !== undefined ? undefined : this.get(under);
    if (parent === undefined) return;
    this.#seq += 1;
    const counted = { ...parent, seq: this.#seq, replies: parent.replies + 1 };
    this.#store(counted);
    this.#tell(counted);
  }

  remove(id: string): void {
    const entry = this.get(id);
    if (entry === undefined) return;
    this.#forget(entry);
    this.#seq += 1;
    this.#tell({ ...entry, seq: this.#seq });
  }

  /** What changed after a number; undefined when that is too long ago to know. */
  since(seq: number): Change[] | undefined {
    const oldest = this.#changes[0]?.seq ?? this.#seq + 1;
    return seq > this.#seq || seq + 1 < oldest ? undefined : this.#changes.filter((change) => change.seq > seq);
  }

  /** Hears of every change; the answer ends it. */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  markRead(target: string): void {
    this.#read.set(target, this.#seq);
  }

  unread(target: string): number {
    const read = this.#read.get(target) ?? 0;
    return this.list([target], undefined).filter(({ born, content }) => born > read && content.kind === 'message')
      .length;
  }

  #store(entry: Entry): void {
    const entries = this.#entries.get(entry.target) ?? new Map<string, Entry>();
    this.#entries.set(entry.target, entries);
    entries.set(entry.id, entry);
    this.#where.set(entry.id, entry.target);
    const oldest = entries.size > rememberedPerTarget ? entries.values().next().value : undefined;
    if (oldest !== undefined) this.#forget(oldest);
  }

  #forget(entry: Entry): void {
    this.#entries.get(entry.target)?.delete(entry.id);
    this.#where.delete(entry.id);
  }

  #tell({ seq, id, target, under }: Entry): void {
    const change = { seq, id, target, under };
    this.#changes = [...this.#changes.slice(1 - rememberedChanges), change];
    for (const listener of this.#listeners) listener(change);
  }
}

/** The id in the page of a message with a ref. */
export function idOf(ref: MessageRef): string {
  return `m${createHash('sha256').update(ref).digest('base64url').slice(0, 16)}`;
}
