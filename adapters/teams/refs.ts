/**
 * What the adapter mints: refs of messages, places and the opaque address of a person.
 *
 * Refs hold no service URL: Teams may name another one for the same conversation at any time, and a ref that came with a click
 * must equal the one that was minted by the post.
 */
import { z } from 'zod';
import type { Identity, MessageRef, Place } from '../../src/ground/addresses.ts';

export type Posted = {
  /** Without `;messageid=…`. */
  readonly conversation: string;
  readonly activity: string;
};

const Ref = z.strictObject({ conversation: z.string(), activity: z.string() });

export function mintRef({ conversation, activity }: Posted): MessageRef {
  return JSON.stringify({ conversation: rootOf(conversation), activity });
}

export function readRef(ref: MessageRef): Posted | undefined {
  return readJson(ref, Ref);
}

/** Channels thread their replies: `19:…@thread.tacv2;messageid=1612` is the thread of message 1612. */
export function rootOf(conversation: string): string {
  return conversation.replace(/;messageid=.*$/, '');
}

export function threadOf(conversation: string): string | undefined {
  return /;messageid=([^;]+)$/.exec(conversation)?.[1];
}

/** Group chats (`@thread.v2`) and personal chats have no threads. */
export function hasThreads(conversation: string): boolean {
  return /@thread\.(tacv2|skype)$/.test(rootOf(conversation));
}

export function placeOf(tenant: string, conversation: string): Place {
  return `teams:${tenant}/${rootOf(conversation)}`;
}

/** The conversation of a place of this tenant. */
export function conversationOf(tenant: string, place: Place): string | undefined {
  const prefix = `teams:${tenant}/`;
  return place.startsWith(prefix) ? place.slice(prefix.length) : undefined;
}

export function identityOf(tenant: string, objectId: string): Identity {
  return `entra:${tenant}/${objectId}`;
}

export function objectIdOf(tenant: string, identity: Identity): string | undefined {
  const prefix = `entra:${tenant}/`;
  return identity.startsWith(prefix) ? identity.slice(prefix.length) : undefined;
}

/** How a person is reached: the service that spoke for them, their id there, and the personal chat where they spoke in it. */
const Address = z.object({
  serviceUrl: z.string(),
  user: z.string(),
  conversation: z.string().optional(),
});
export type Address = z.infer<typeof Address>;

export function mintAddress(address: Address): string {
  return JSON.stringify(address);
}

export function readAddress(address: string | undefined): Address | undefined {
  return address === undefined ? undefined : readJson(address, Address);
}

function readJson<T>(text: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
