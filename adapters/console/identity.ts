/**
 * Who speaks. The console vouches for the operating system's user only; on the lab it may speak as anyone, and the core
 * decides what each of them may do.
 */
import type { Sender } from '../../src/chat/port.ts';
import type { Identity, Place } from '../../src/ground/addresses.ts';

/** Somebody whom the console can speak as on the lab. */
export type Persona = {
  /** Lower case, as typed: `hana`. */
  readonly name: string;
  readonly displayName: string;
  readonly email?: string;
};

/** Who says a line, and where; without a place it is said in a private conversation with the bot. */
export type Speaker = { readonly name: string; readonly place?: Place };

/** What a name may look like; it becomes part of an identity. */
export const namePattern = /^[a-z][a-z0-9._-]*$/;

export function identityOf(name: string): Identity {
  return `console:${name}`;
}

export function nameOf(identity: Identity): string {
  return identity.replace(/^console:/, '');
}

/** `#helpdesk` of `console:#helpdesk`. */
export function placeName(place: Place): string {
  return place.replace(/^console:/, '');
}

export function senderOf(name: string, personas: readonly Persona[], timeZone: string): Sender {
  const persona = personas.find((one) => one.name === name);
  return {
    identity: identityOf(name),
    displayName: persona?.displayName ?? name.charAt(0).toUpperCase() + name.slice(1),
    email: persona?.email,
    timeZone,
  };
}
