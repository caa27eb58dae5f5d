/** What a failed call means: the only place that looks at the errors of Slack's Web API. */
import { webApi } from '@slack/bolt';
import { DeliveryError, type DeliveryProblem } from '../../src/chat/port.ts';

/** Slack's error code of a refused call (`channel_not_found`); undefined for everything else. */
export function slackErrorOf(error: unknown): string | undefined {
  return error instanceof webApi.WebAPIPlatformError ? error.data.error : undefined;
}

/** Blocks that Slack refuses: worth another try with less in them. */
export function isTooMuch(error: unknown): boolean {
  return tooMuch.has(slackErrorOf(error) ?? '');
}

const tooMuch = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'msg_too_long',
  'invalid_attachments',
]);

/** As the core can act upon it. `what` names the call, without anything that was said. */
export function deliveryError(error: unknown, what: string): DeliveryError {
  if (error instanceof DeliveryError) return error;
  const code = slackErrorOf(error) ?? (error instanceof Error ? error.name : 'unknown');
  return new DeliveryError(problemOf(error), `Slack: ${what} failed (${code})`, { cause: withoutBody(error) });
}

function problemOf(error: unknown): DeliveryProblem {
  if (error instanceof webApi.WebAPIRateLimitedError) {
    return { kind: 'wait', retryAfterMs: Math.max(1, error.retryAfter) * 1_000 };
  }
  const code = slackErrorOf(error);
  if (code !== undefined) return problemOfCode(code);
  if (error instanceof webApi.WebAPIRequestError)
    return neverLeft(error.original) ? { kind: 'not-sent' } : { kind: 'unknown' };
  // Other statuses (5xx, and 429 without Retry-After) may follow an accepted post.
  return { kind: 'unknown' };
}

function problemOfCode(code: string): DeliveryProblem {
  const remedy = remedies.get(code);
  if (remedy !== undefined) return { kind: 'dead', remedy };
  if (code === 'message_not_found' || code === 'thread_not_found') return { kind: 'gone' };
  if (code === 'ratelimited' || code === 'rate_limited') return { kind: 'wait', retryAfterMs: 10_000 };
  if (code === 'message_limit_exceeded') return { kind: 'wait', retryAfterMs: 60_000 };
  // Slack says of these that part of the work may have been done.
  if (code === 'internal_error' || code === 'fatal_error' || code === 'request_timeout') return { kind: 'unknown' };
  return { kind: 'not-sent' };
}

const token =
  'Install the app in the Slack workspace again, put its bot token into SLACK_BOT_TOKEN and restart the bot.';
const permission =
  'The Slack app lacks a permission: update it from adapters/slack/manifest.yaml and install it again.';
const malformed = 'Slack refuses this message as too long or malformed; this is a fault of the bot, please report it.';
const account = 'This Slack account is deactivated or unknown; list the right one in policy.yaml.';

/** What will fail until a person puts it right, and how (error codes of docs.slack.dev/reference/methods/chat.postMessage). */
const remedies: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...Object.fromEntries([...tooMuch].map((code) => [code, malformed])),
    channel_not_found:
      'This Slack channel does not exist, or it is private and I am not in it: invite me with /invite, or correct it in policy.yaml.',
    not_in_channel: 'I am not in this Slack channel: invite me with /invite.',
    is_archived: 'This Slack channel is archived: unarchive it, or name another in policy.yaml.',
    channel_is_limited_access: 'Slack lets only some people post in this channel: allow the app to.',
    restricted_action: 'The workspace restricts posting in this Slack channel: allow the app to.',
    restricted_action_read_only_channel: 'This Slack channel is read-only: allow the app to post there.',
    restricted_action_thread_only_channel:
      'Only threads are allowed in this Slack channel: allow the app to post there.',
    restricted_action_non_threadable_channel: 'Threads are not allowed in this Slack channel: allow them.',
    token_revoked: token,
    token_expired: token,
    invalid_auth: token,
    not_authed: token,
    account_inactive: token,
    missing_scope: permission,
    no_permission: permission,
    org_login_required: 'The Slack workspace is being moved into an organisation; post again when that is done.',
    team_access_not_granted: 'The Slack app is not approved for this workspace.',
    ekm_access_denied: 'The Slack workspace’s key management refuses the app.',
    user_not_found: account,
    users_not_found: account,
    user_not_visible: account,
    user_disabled: account,
    cannot_dm_bot: 'This Slack account is a bot; list a person’s in policy.yaml.',
    messages_tab_disabled: 'Turn on the Messages tab under App Home in the Slack app’s settings.',
    cant_update_message: 'This card was posted by another Slack app or bot user, so I cannot change it.',
  }),
);

const unconnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** No connection was made, so nothing was sent. */
export function neverLeft(error: unknown): boolean {
  let cause = error;
  for (let depth = 0; depth < 4 && cause instanceof Error; depth++) {
    if ('code' in cause && typeof cause.code === 'string' && unconnected.has(cause.code)) return true;
    cause = cause.cause;
  }
  return false;
}

/** A platform error carries Slack's answer, which may quote what was posted. */
function withoutBody(error: unknown): unknown {
  return error instanceof webApi.WebAPIPlatformError || error instanceof webApi.WebAPIHTTPError
    ? new Error(error.message)
    : error;
}
