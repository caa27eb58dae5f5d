/**
 * A command is a record with a function attached: parsing, help, authorisation, docs and tests derive from the record.
 *
 * pattern   how it is typed: `(lost|stolen) (device|phone) <person> [device <device>]`, see chat/patterns.ts for the grammar
 * args      zod schema of what a sentence, a click or a form gives; typed and clicked arguments are the same
 * effect    read: only reads · report: opens or adds to an incident · change: can be taken back · destroy: leads to a wipe
 * anyPlace  may be typed in any channel; every other command only in private and where policy.yaml names the channel
 */
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Actor } from '../directory/actor.ts';
import type { MessageRef, Place } from '../ground/addresses.ts';
import type { Clock, Ids } from '../ground/clock.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Approvals } from '../incidents/approvals/approvals.ts';
import type { EvidenceProvider } from '../incidents/devices/evidence.ts';
import type { SpokenIntent } from '../language/reading/intent.ts';
import type { DraftAnswer } from '../message/model.ts';
import type { Policy, Role } from '../policy.ts';
import type { AuditEntry, Store } from '../store/port.ts';

export type CommandContext = {
  readonly actor: Actor;
  /** Absent in a private conversation. */
  readonly place?: Place;
  /** The card in whose thread it was said, or on which it was clicked. */
  readonly thread?: MessageRef;
  /** Whether the arguments were typed, clicked or submitted with a form. */
  readonly via: 'sentence' | 'click' | 'form' | 'shortcut';
  readonly store: Store;
  readonly policy: Policy;
  readonly approvals: Approvals;
  /** What else is known of a device, from places other than Exchange's own facts. */
  readonly evidence: readonly EvidenceProvider[];
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  /** A change beside the decision: it uses up neither the button nor the sentence. */
  readonly changeAside: Store['change'];
  /** Notes in the audit what the command showed; what it changes is audited in its change. */
  readonly audit: (entry: AuditEntry) => void;
  /** The organisation that this actor's commands are about: `real` where one is connected. */
  readonly organisation: Organisation;
  /** Other records, for `help` and "did you mean". */
  readonly commands: readonly AnyCommand[];
};

/** What commands are about: the folder that each stands in, and the headings of help in their order. */
export const topics = {
  'lost-phone': 'A lost phone',
  wipes: 'Wipes, and who decides',
  apps: 'Third-party apps',
  'direct-push': 'Direct Push',
  reports: 'Reports on a schedule',
  me: 'Me, and what I keep',
  lab: 'The lab',
} as const;

export type Topic = keyof typeof topics;

export type Command<Args> = {
  /** The file's name: `lost-device`. */
  readonly id: string;
  readonly topic: Topic;
  readonly patterns: readonly string[];
  /** Sentences that must parse to this command, shown in help; tested. */
  readonly examples: readonly string[];
  readonly args: z.ZodType<Args>;
  /** One of these roles is needed; `user` means everybody whom the directory knows. */
  readonly roles: readonly Role[];
  /** Looks at the roles that policy grants, also while the actor is suspended (`lock wipes`). */
  readonly whileSuspended?: boolean;
  readonly effect: 'read' | 'report' | 'change' | 'destroy';
  /** In any channel: it shows nothing of anybody else, or stops something. Else only in private and in channels that policy names. */
  readonly anyPlace?: boolean;
  /** Only clicked or submitted, never typed; it has no patterns. */
  readonly clickOnly?: boolean;
  /** What people mean by it in words of their own: read, and asked back by button where it changes something. */
  readonly intents?: readonly SpokenIntent[];
  readonly summary: string;
  /** More for `help <command>`. */
  readonly details?: string;
  run(context: CommandContext, args: Args): Promise<DraftAnswer>;
};

// biome-ignore lint/suspicious/noExplicitAny: a registry holds commands of any arguments; each parses its own.
export type AnyCommand = Command<any>;

export function defineCommand<Args>(command: Command<Args>): Command<Args> {
  return command;
}
