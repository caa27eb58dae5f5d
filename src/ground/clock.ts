/** Time, passed in: on the lab it is real time plus an offset that every process shares (see exchange/lab/clock.ts). */
export type Clock = { now(): Date };

/** Unguessable text, passed in so that tests can count instead. */
export type Ids = {
  /** 128 random bits as base64url (22 characters): action ids, nonces, keys of posts. */
  token(): string;
  /** A random UUID, version 4. */
  uuid(): string;
};

export const systemClock: Clock = { now: () => new Date() };

export function minutesAfter(instant: Date, minutes: number): Date {
  return new Date(instant.getTime() + minutes * 60_000);
}
