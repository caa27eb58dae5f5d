/** Calls to the Bot Connector, each tried once, with what their failures mean for a delivery. */
import type { Activity } from 'botbuilder';
import { AuthenticationConstants, ClaimsIdentity, type ConnectorClient } from 'botframework-connector';
import { z } from 'zod';
import { DeliveryError, type DeliveryProblem } from '../../src/chat/port.ts';
import { Remembered } from '../../src/ground/remembered.ts';
import type { GuardedAuthentication } from './authentication.ts';
import { refreshedPeople } from './limits.ts';
import type { TeamsOptions } from './options.ts';

/** What Teams says of a person in a conversation. */
const RosterMember = z.object({
  id: z.string(),
  name: z.string().nullish(),
  aadObjectId: z.string().nullish(),
  objectId: z.string().nullish(),
  email: z.string().nullish(),
  userPrincipalName: z.string().nullish(),
  tenantId: z.string().nullish(),
  userRole: z.string().nullish(),
});
export type RosterMember = z.infer<typeof RosterMember>;

const Members = z.object({ members: z.array(z.object({ id: z.string() })) });

/** Only a call that surely had no effect may be made again unseen. */
type Call = 'read' | 'post' | 'edit';

export type Connector = ReturnType<typeof createConnector>;

export function createConnector(authentication: GuardedAuthentication, options: TeamsOptions) {
  const { appId = '', tenant } = options;
  const clients = new Remembered<ConnectorClient>({ most: 1_000 });

  async function call<T>(kind: Call, serviceUrl: string, work: (client: ConnectorClient) => Promise<T>): Promise<T> {
    const { AudienceClaim, AppIdClaim, ServiceUrlClaim } = AuthenticationConstants;
    // Kept addresses may be older than the list, and our token is for Teams alone.
    if (!authentication.isService(serviceUrl)) throw notTeams();
    try {
      const client = clients.get(serviceUrl, () => {
        const identity = new ClaimsIdentity([
          { type: AudienceClaim, value: appId },
          { type: AppIdClaim, value: appId },
          { type: ServiceUrlClaim, value: serviceUrl },
        ]);
        return authentication.createConnectorFactory(identity).create(serviceUrl, options.audience);
      });
      return await work(await client);
    } catch (cause) {
      throw deliveryError(cause, kind);
    }
  }

  const bot = { id: `28:${appId}`, name: 'Mislaid' };

  return {
    /** Answers the id of the new message. */
    post: (serviceUrl: string, conversation: string, activity: Partial<Activity>): Promise<string> =>
      call('post', serviceUrl, async ({ conversations }) => {
        const { id } = await conversations.sendToConversation(conversation, { ...activity, from: bot });
        // Without its id the message could be neither edited nor replied to.
        if (typeof id !== 'string' || id === '') throw new DeliveryError({ kind: 'unknown' }, 'Teams answered no id');
        return id;
      }),
    edit: (serviceUrl: string, conversation: string, id: string, activity: Partial<Activity>): Promise<void> =>
      call('edit', serviceUrl, async ({ conversations }) => {
        await conversations.updateActivity(conversation, id, { ...activity, id, from: bot });
      }),
    remove: (serviceUrl: string, conversation: string, id: string): Promise<void> =>
      call('edit', serviceUrl, async ({ conversations }) => {
        await conversations.deleteActivity(conversation, id);
      }),
    /** The personal chat with this person (their Teams id or Entra object id); Teams answers the same one each time. */
    openPersonal: (serviceUrl: string, user: string): Promise<string> =>
      call('read', serviceUrl, async ({ conversations }) => {
        const { id } = await conversations.createConversation({
          isGroup: false,
          bot,
          members: [{ id: user, name: '' }],
          tenantId: tenant,
          channelData: { tenant: { id: tenant } },
        });
        return z.string().min(1).parse(id);
      }),
    /**
     * undefined when Teams says that the conversation knows nobody of this id. Every other refusal says something of the bot (its
     * secret, where it is installed) and nothing of the person, so it is thrown.
     */
    member: (serviceUrl: string, conversation: string, user: string): Promise<RosterMember | undefined> =>
      call('read', serviceUrl, async ({ conversations }) => {
        try {
          return RosterMember.parse(await conversations.getConversationMember(conversation, user));
        } catch (error) {
          if (isUnknownMember(error)) return undefined;
          throw error;
        }
      }),
    /** Teams ids of some of those who read along. */
    someMembers: (serviceUrl: string, conversation: string): Promise<readonly string[]> =>
      call('read', serviceUrl, async ({ conversations }) => {
        const { members } = Members.parse(await conversations.getConversationPagedMembers(conversation));
        return members.slice(0, refreshedPeople).map(({ id }) => id);
      }),
  };
}

const Failure = z.object({
  statusCode: z.number().optional(),
  code: z.union([z.string(), z.number()]).optional(),
  name: z.string().optional(),
  message: z.string().optional(),
  errorCode: z.string().optional(),
  body: z.object({ error: z.object({ code: z.string().optional() }).optional() }).nullish(),
  response: z
    .object({
      headers: z.custom<{ get(name: string): string | undefined }>((value) => typeof Object(value).get === 'function'),
    })
    .nullish(),
});

function isUnknownMember(error: unknown): boolean {
  const { statusCode, code, body } = Failure.safeParse(error).data ?? {};
  return statusCode === 404 && (body?.error?.code ?? code) === 'MemberNotFoundInConversation';
}

/** Whether Teams refused because the bot is not installed there: adding the app puts it right. */
export function isNotInstalled(error: unknown): boolean {
  if (!(error instanceof DeliveryError) || error.problem.kind !== 'dead') return false;
  const status = Failure.safeParse(error.cause).data?.statusCode;
  return status === 403 || status === 404;
}

function notTeams(): DeliveryError {
  const remedy =
    'An address that is kept for this names a service that is none of Teams. If it is one, set TEAMS_SERVICE_URL to it.';
  return new DeliveryError({ kind: 'dead', remedy }, 'Teams: the service URL is none of Teams');
}

/** From what the connector's client throws; the client's messages may quote what was sent and stay in `cause` alone. */
function deliveryError(cause: unknown, call: Call): DeliveryError {
  if (cause instanceof DeliveryError) return cause;
  const failure = Failure.safeParse(cause).data ?? {};
  const problem = problemOf(failure, call);
  const code = failure.body?.error?.code;
  const what =
    failure.statusCode === undefined
      ? `no answer (${String(failure.code ?? failure.name ?? 'unknown')})`
      : `${failure.statusCode}${code === undefined ? '' : ` ${code}`}`;
  return new DeliveryError(problem, `Teams: ${what}`, { cause });
}

function problemOf(failure: z.infer<typeof Failure>, call: Call): DeliveryProblem {
  const { statusCode, errorCode } = failure;
  // An edit done twice is one edit, and a read is none.
  const inDoubt: DeliveryProblem = call === 'post' ? { kind: 'unknown' } : { kind: 'not-sent' };
  if (statusCode === undefined) {
    // No token, so nothing was sent: a wrong secret needs a person, all else passes.
    if (errorCode !== undefined) return badSecret.has(errorCode) ? wrongSecret : { kind: 'not-sent' };
    const never = ['ENOTFOUND', 'ECONNREFUSED', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH'];
    return never.includes(String(failure.code)) ? { kind: 'not-sent' } : inDoubt;
  }
  const code = failure.body?.error?.code ?? String(failure.code ?? '');
  if (statusCode === 429) return { kind: 'wait', retryAfterMs: retryAfterMs(failure) };
  // Teams takes the message later; it says so before it does anything.
  if (statusCode === 412) return { kind: 'wait', retryAfterMs: jittered(1_000) };
  if (statusCode === 408 || statusCode >= 500) return inDoubt;
  if (statusCode === 404 && (code === 'ActivityNotFoundInConversation' || code === 'MessageNotFound'))
    return { kind: 'gone' };
  return { kind: 'dead', remedy: remedyOf(statusCode, code) };
}

const badSecret = new Set(['invalid_client', 'unauthorized_client', 'invalid_request']);
const wrongSecret: DeliveryProblem = {
  kind: 'dead',
  remedy: 'Entra ID refuses the bot: renew TEAMS_APP_PASSWORD or the certificate and start again.',
};

function remedyOf(status: number, code: string): string {
  if (code === 'MessageSizeTooBig' || status === 413)
    return 'The message is too large for Teams. Please report this as a fault of Mislaid.';
  if (code === 'MessageWritesBlocked' || code === 'ConversationBlockedByUser')
    return 'The person has blocked the bot in Teams and must unblock it there.';
  if (status === 401)
    return 'Teams does not accept the bot: check TEAMS_APP_ID, TEAMS_TENANT_ID and the secret, then start again.';
  if (status === 403)
    return 'The bot is not installed there any more. Install the app in that team, chat or for that person again (docs/teams.md).';
  if (status === 404)
    return 'There is no such conversation any more. Name another place in policy.yaml, or install the app there again (docs/teams.md).';
  return `Teams refuses the message (${status}${code === '' ? '' : ` ${code}`}). Please report this as a fault of Mislaid.`;
}

function retryAfterMs(failure: z.infer<typeof Failure>): number {
  const seconds = Number(failure.response?.headers.get('retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : jittered(2_000);
}

function jittered(milliseconds: number): number {
  return Math.round(milliseconds * (1 + Math.random()));
}
