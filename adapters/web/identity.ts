/**
 * Who may come in, and who speaks. The address holds a random token, which becomes a cookie of this site alone; whoever holds it
 * may speak as anyone of the lab, as on the console. A real sign-in would stand here instead of `Door`.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Persona } from '../console/identity.ts';

/** Somebody of the lab, with what policy grants them. */
export type WebPersona = Persona & { readonly roles: readonly string[] };

export class Door {
  readonly #token: string;
  readonly #hosts: () => readonly string[];

  /** `hosts`: what the address bar may say, once it is known at which port the page stands. */
  constructor(token: string, hosts: () => readonly string[]) {
    this.#token = token;
    this.#hosts = hosts;
  }

  /** The path of the address that is printed. */
  get entrance(): string {
    return `/enter/${this.#token}`;
  }

  /** The cookie for whoever came with the right token. Cookies are shared by all ports of a host, so the port is in its name. */
  cookieFor(token: string): string | undefined {
    if (!isSame(token, this.#token)) return undefined;
    return `${this.#cookieName()}=${this.#derived('session')}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** Another name than ours leads here when somebody's name server says so: then it is not our page that asks. */
  isOurHost({ headers }: IncomingMessage): boolean {
    return this.#hosts().includes(headers.host ?? '');
  }

  isInside({ headers }: IncomingMessage): boolean {
    const name = `${this.#cookieName()}=`;
    const cookies = (headers.cookie ?? '').split(';').map((each) => each.trim());
    return cookies.some((each) => each.startsWith(name) && isSame(each.slice(name.length), this.#derived('session')));
  }

  /** A form of one of our own pages, and no other site's. */
  isOurForm({ headers }: IncomingMessage, proof: unknown): boolean {
    const origin = headers.origin ?? '';
    const isOurs = this.#hosts().some((host) => origin === `http://${host}`);
    return isOurs && typeof proof === 'string' && isSame(proof, this.proof());
  }

  /** Stands in every form. */
  proof(): string {
    return this.#derived('forms');
  }

  #cookieName(): string {
    return `mislaid-${this.#hosts()[0]?.split(':').at(-1) ?? ''}`;
  }

  #derived(use: string): string {
    return createHmac('sha256', this.#token).update(use).digest('base64url');
  }
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Who looks into which channel first: whoever works there. */
export function usualPersona(personas: readonly WebPersona[], channel: string): string {
  const role = { '#helpdesk': 'helpdesk', '#approvals': 'approver', '#security': 'security' }[channel] ?? 'admin';
  const holder = personas.find(({ roles }) => roles.includes(role)) ?? personas[0];
  return holder?.name ?? '';
}
