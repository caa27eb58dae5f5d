/**
 * Who an account is now, as Slack vouches for it: asked of users.info and remembered for a minute. Guests, bots, strangers and
 * people of other workspaces are outsiders. Membership of user groups counts only when Slack has just said so.
 */
import { z } from 'zod';
import type { Sender } from '../../src/chat/port.ts';
import type { Identity } from '../../src/ground/addresses.ts';
import { MislaidError } from '../../src/ground/errors.ts';
import { Remembered } from '../../src/ground/remembered.ts';
import type { Clients } from './clients.ts';
import { slackErrorOf } from './failures.ts';
import { accountFreshMs, groupFreshMs, rememberedAccounts, rememberedGroups } from './limits.ts';
import { identityOf, isUser, readTarget } from './refs.ts';

/** docs.slack.dev/reference/objects/user-object */
const SlackUser = z.object({
  id: z.string(),
  team_id: z.string().optional(),
  deleted: z.boolean().optional(),
  is_bot: z.boolean().optional(),
  is_restricted: z.boolean().optional(),
  is_ultra_restricted: z.boolean().optional(),
  is_stranger: z.boolean().optional(),
  tz: z.string().nullish(),
  name: z.string().optional(),
  real_name: z.string().optional(),
  profile: z
    .object({ real_name: z.string().optional(), display_name: z.string().optional(), email: z.string().optional() })
    .optional(),
});
type SlackUser = z.infer<typeof SlackUser>;

export class Accounts {
  readonly #parts: AccountParts;
  readonly #accounts: Remembered<Sender | undefined>;
  readonly #members: Remembered<readonly string[]>;

  constructor(parts: AccountParts) {
    this.#parts = parts;
    this.#accounts = new Remembered({ most: rememberedAccounts, forMs: accountFreshMs, now: parts.now });
    this.#members = new Remembered({ most: rememberedGroups, forMs: groupFreshMs, now: parts.now });
  }

  /** undefined: Slack knows no such account. Throws MislaidError `identity-not-told` when Slack does not say. */
  async identify(identity: Identity): Promise<Sender | undefined> {
    const asked = readTarget(identity);
    if (asked === undefined || !isUser(asked.id)) return undefined;
    const groups = this.#parts.groups();
    // With other groups in the policy, what is known does not tell who is in them.
    const key = [identity, ...groups].join('\n');
    const sender = this.#accounts.get(key, () => this.#ask(identity, asked, groups));
    if ((await sender) === undefined) this.#accounts.forget(key, sender);
    return await sender;
  }

  async #ask(identity: Identity, asked: Target, groups: readonly string[]): Promise<Sender | undefined> {
    const { clients, team } = this.#parts;
    try {
      const answer = await clients.lookUps.users.info({ user: asked.id });
      const user = SlackUser.parse(answer.user);
      return { ...senderOf(identity, user, asked.team, await team()), groups: await this.#groupsOf(asked, groups) };
    } catch (error) {
      if (unknownAccount.has(slackErrorOf(error) ?? '')) return undefined;
      throw new MislaidError({
        code: 'identity-not-told',
        message: `Slack did not say who an account is (${slackErrorOf(error) ?? 'no answer'})`,
        userMessage:
          'Slack does not tell me who you are just now, so nothing was done. Please say it again in a minute.',
        cause: error,
      });
    }
  }

  async #groupsOf({ team, id }: Target, groups: readonly string[]): Promise<string[]> {
    const mine: string[] = [];
    for (const group of groups) {
      const target = readTarget(group);
      if (target?.team === team && (await this.#membersOf(target.id)).includes(id)) mine.push(group);
    }
    return mine;
  }

  /** Nobody, when Slack does not say. */
  async #membersOf(usergroup: string): Promise<readonly string[]> {
    const { clients, onProblem } = this.#parts;
    try {
      return await this.#members.get(usergroup, async () => {
        const { users = [] } = await clients.lookUps.usergroups.users.list({ usergroup });
        return users;
      });
    } catch (error) {
      onProblem('the members of a user group', error);
      return [];
    }
  }
}

type AccountParts = {
  clients: Clients;
  /** The workspace that the bot is installed in, as Slack says. */
  team: () => Promise<string | undefined>;
  /** Groups that policy.yaml makes helpdesk now; only these are asked for. */
  groups: () => readonly string[];
  onProblem: (what: string, error: unknown) => void;
  /** Milliseconds that only move forward. */
  now?: () => number;
};

type Target = NonNullable<ReturnType<typeof readTarget>>;

/** user_not_visible: a stranger who shares no channel with us. */
const unknownAccount = new Set(['user_not_found', 'user_not_visible']);

function senderOf(identity: Identity, user: SlackUser, asked: string, ours: string | undefined): Sender {
  const outsider = outsiderOf(user, asked, ours);
  const email = user.profile?.email;
  const name = user.profile?.real_name ?? user.real_name ?? user.profile?.display_name ?? user.name ?? '';
  return {
    identity,
    displayName: name === '' ? user.id : name,
    ...(email === undefined || email === '' ? {} : { email }),
    ...(user.tz == null ? {} : { timeZone: user.tz }),
    ...(outsider === undefined ? {} : { outsider }),
  };
}

function outsiderOf(user: SlackUser, asked: string, ours: string | undefined): Sender['outsider'] {
  if (user.deleted === true) return 'deactivated';
  // USLACKBOT is a person by its flags.
  if (user.is_bot === true || user.id === 'USLACKBOT') return 'bot';
  if (user.is_stranger === true) return 'stranger';
  if (ours === undefined || asked !== ours || user.team_id !== ours) return 'other-tenant';
  return user.is_restricted === true || user.is_ultra_restricted === true ? 'guest' : undefined;
}

/** The sender as an event names them, before Slack was asked who that is. */
export function bareSender(team: string, user: string, name: string | undefined): Sender {
  return { identity: identityOf(team, user), displayName: name ?? user, bare: true };
}
