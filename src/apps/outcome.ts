import type { LogKind } from '../ground/identifiers.ts';

export type OutcomeFacts = {
  kind: LogKind;
  http: number;
  substatus: number;
  /** -1: the log does not tell it. */
  status: number;
  error: string;
  /** `AllowedG`, `BlockedD` …; empty where the log does not tell it. */
  access: string;
};

/**
 * let-in    Exchange took it and served mail
 * answered  a front end or an edge answered 200; what Exchange said inside is not in that log
 * refused   kept out by a rule, a list, a filter or the password
 * failed    anything else that went wrong
 */
export type Outcome = { result: 'let-in' | 'answered' | 'refused' | 'failed'; meaning: string; why: OutcomeReason };

export type OutcomeReason =
  | 'ok'
  | 'password'
  | 'access'
  | 'quarantine'
  | 'disabled'
  | 'filter'
  | 'policy'
  | 'wipe-told'
  | 'busy'
  | 'redirect'
  | 'mailbox-full'
  | 'server'
  /** Closed on the way while the phone waited for mail: nobody refused anything. */
  | 'cut'
  | 'other';

const letters: Readonly<Record<string, string>> = {
  G: "the organisation's default",
  I: "the mailbox's own list",
  D: 'a device access rule',
  P: 'the mailbox policy',
  A: "Exchange's automatic block",
  E: 'device management',
};

export function outcomeOf(facts: OutcomeFacts): Outcome {
  const { http, substatus, status, error } = facts;
  if (status === 140 || /^RemoteWipeRequested/i.test(error))
    return refused('failed', 'wipe-told', 'was told to wipe itself');
  if (facts.kind === 'edge' && (http === 504 || http === 408 || http === 499 || http === 0))
    return refused('failed', 'cut', 'closed by the edge while it waited for mail');
  const access = accessOutcome(facts);
  if (access !== undefined) return access;
  switch (http) {
    case 401:
      return refused('refused', 'password', 'turned away at the login (401): wrong, old or missing password');
    case 404:
      return substatus === 19
        ? refused('refused', 'filter', 'denied by a request filter of IIS (404.19)')
        : refused('failed', 'other', 'not found (404)');
    case 403:
      return refused('refused', 'access', 'forbidden (403)');
    case 449:
      return refused('failed', 'policy', 'must apply the mailbox policy first (449)');
    case 451:
      return refused('failed', 'redirect', 'sent to another server (451)');
    case 456:
      return refused('refused', 'password', 'account blocked (456)');
    case 457:
      return refused('refused', 'password', 'password expired (457)');
    case 503:
      return refused('failed', 'busy', 'server busy or phone throttled (503)');
    case 507:
      return refused('failed', 'mailbox-full', 'mailbox full (507)');
    default:
      break;
  }
  if (/^(OverBudget|TooManyJobsQueued)/i.test(error)) return refused('failed', 'busy', 'throttled by Exchange');
  if (http >= 500) return refused('failed', 'server', `server error (${http})`);
  if (http >= 400) return refused('failed', 'other', `refused with HTTP ${http}`);
  const inside = insideOutcome(status);
  if (inside !== undefined) return inside;
  if (facts.kind === 'backEnd') return { result: 'let-in', why: 'ok', meaning: 'let in' };
  return { result: 'answered', why: 'ok', meaning: 'answered (200)' };
}

function accessOutcome({ status, error, access, http }: OutcomeFacts): Outcome | undefined {
  const by = letters[access.replace(/^(?:Blocked|Quarantined|Allowed)/, '').slice(0, 1)];
  const from = by === undefined ? '' : ` by ${by}`;
  if (access.startsWith('Quarantined')) return refused('refused', 'quarantine', `quarantined${from}: no mail`);
  if (status === 126 || /^UserDisabledForSync/i.test(error))
    return refused('refused', 'disabled', 'ActiveSync is switched off for the mailbox');
  const blocked = status === 129 || /^DeviceIsBlockedForThisUser/i.test(error);
  if (blocked || (access.startsWith('Blocked') && (http === 403 || status === 130 || http === 200)))
    return refused('refused', 'access', `blocked in Exchange${from}`);
  if (status === 130 || /^AccessDenied/i.test(error)) return refused('refused', 'access', 'access denied by Exchange');
  return undefined;
}

/** Statuses of 100 and more stand for the whole request; smaller ones are the command's own and mean that it was let in. */
function insideOutcome(status: number): Outcome | undefined {
  if (status < 100) return undefined;
  if (status >= 139 && status <= 145)
    return refused('failed', 'policy', `must apply the mailbox policy first (status ${status})`);
  if (status === 111) return refused('failed', 'busy', 'Exchange asks to come again later (status 111)');
  if (status === 113 || status === 110) return refused('failed', 'server', `server error (status ${status})`);
  if (status === 177) return refused('refused', 'other', 'the mailbox has its most devices (status 177)');
  return refused('failed', 'other', `refused with status ${status}`);
}

function refused(result: 'refused' | 'failed', why: OutcomeReason, meaning: string): Outcome {
  return { result, why, meaning };
}
