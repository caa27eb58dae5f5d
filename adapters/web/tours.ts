/** Which tour is on, and at which step. Whoever runs ahead is followed; what is skipped is not asked for again. */
import type { Message } from '../../src/message/model.ts';
import { renderPlainText } from '../../src/message/plain.ts';
import { type Happening, type TourName, type TourStep, tours } from './tour-steps.ts';

export class Tours {
  #running: { name: TourName; at: number } | undefined;
  /** The case that was spoken of last, which what is to be said may name. */
  #incident = 'INC-101';
  readonly #listeners = new Set<() => void>();

  get now(): { title: string; step: TourStep; at: number; of: number; say: string | undefined } | undefined {
    if (this.#running === undefined) return undefined;
    const { title, steps } = tours[this.#running.name];
    const step = steps[this.#running.at];
    if (step === undefined) return undefined;
    const { at } = this.#running;
    return { title, step, at, of: steps.length, say: step.say?.text.replace('INC-…', this.#incident) };
  }

  start(name: TourName): void {
    this.#running = { name, at: 0 };
    this.#tell();
  }

  leave(): void {
    this.#running = undefined;
    this.#tell();
  }

  /** Goes on without what the step asks for. */
  skip(): void {
    if (this.#running === undefined) return;
    this.#running = { ...this.#running, at: this.#running.at + 1 };
    this.#tell();
  }

  shown(where: string, message: Message, now: Date): void {
    this.happened({ kind: 'shown', where, text: renderPlainText(message, { now, timeZone: 'UTC' }) });
  }

  happened(happening: Happening): void {
    this.#incident = /\bINC-\d+\b/.exec(happening.text)?.[0] ?? this.#incident;
    const running = this.#running;
    if (running === undefined) return;
    const { steps } = tours[running.name];
    const over = steps.findIndex(({ isOver }, index) => index >= running.at && isOver?.(happening) === true);
    if (over === -1) return;
    this.#running = { ...running, at: over + 1 };
    this.#tell();
  }

  /** Hears when another step is on; the answer ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
