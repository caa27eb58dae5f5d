/** Addresses of chat, minted by platforms; the core compares them and reads no more of them than their first part. */
import { z } from 'zod';

/** One chat account: `slack:<team>/<user>`, `entra:<tenant>/<oid>`, `console:<name>`. */
export type Identity = string;
/** Where many read along: `slack:<team>/<channel>`, `teams:<tenant>/<conversation>`, `console:#name`. */
export type Place = string;
/** An opaque string that the adapter mints for a message it posted, enough to edit it and to reply to it. */
export type MessageRef = string;

export const IdentityText = z.string().regex(/^(slack:[^/]+\/[^/]+|entra:[^/]+\/[^/]+|console:[^/#]+)$/);

export const PlaceText = z.string().regex(/^(slack:[^/]+\/[^/]+|teams:[^/]+\/.+|console:#.+)$/);
