/** A map of at most so many entries: beyond that it forgets what was set longest ago. */
export class RecentMap<Key, Value> extends Map<Key, Value> {
  readonly #most: number;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override set(key: Key, value: Value): this {
    this.delete(key);
    super.set(key, value);
    for (const oldest of this.keys()) {
      if (this.size <= this.#most) break;
      this.delete(oldest);
    }
    return this;
  }
}

type RememberOptions = {
  most: number;
  forMs?: number;
  /** Milliseconds that only move forward. */
  now?: (() => number) | undefined;
};

/**
 * Answers that are believed for a while (`forMs`; without it for ever), so that the same is not asked again and again. Who asks
 * while an answer is on its way waits for that one; a question that failed is forgotten, and asked again by the next.
 */
export class Remembered<Value> {
  readonly #answers: RecentMap<string, { at: number; answer: Promise<Value> }>;
  readonly #forMs: number;
  readonly #now: () => number;

  constructor({ most, forMs = Number.POSITIVE_INFINITY, now }: RememberOptions) {
    this.#answers = new RecentMap(most);
    this.#forMs = forMs;
    this.#now = now ?? (() => performance.now());
  }

  get(key: string, ask: () => Promise<Value>): Promise<Value> {
    const known = this.#answers.get(key);
    if (known !== undefined && this.#now() - known.at < this.#forMs) return known.answer;
    const answer = ask();
    this.#answers.set(key, { at: this.#now(), answer });
    answer.catch(() => this.forget(key, answer));
    return answer;
  }

  /** `answer`: only where it is still that one. */
  forget(key: string, answer?: Promise<Value>): void {
    if (answer === undefined || this.#answers.get(key)?.answer === answer) this.#answers.delete(key);
  }
}
