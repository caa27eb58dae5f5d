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
export type Outcome = { result: 'let-in' | 'answered' | 'refused' | 'failed'; why: OutcomeReason; meaning: string };

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

/** What an HTTP status alone tells. */
const byHttp: Readonly<Record<number, Outcome>> = {
  401: refused('password', 'turned away at the login (401): wrong, old or missing password'),
  403: refused('access', 'forbidden (403)'),
  404: failed('other', 'not found (404)'),
  449: failed('policy', 'must apply the mailbox policy first (449)'),
  451: failed('redirect', 'sent to another server (451)'),
  456: refused('password', 'account blocked (456)'),
  457: refused('password', 'password expired (457)'),
  503: failed('busy', 'server busy or phone throttled (503)'),
  507: failed('mailbox-full', 'mailbox full (507)'),
};

export function outcomeOf(facts: OutcomeFacts): Outcome {
  const { kind, http, substatus, status, error } = facts;
  if (status === 140 || /^RemoteWipeRequested/i.test(error)) return failed('wipe-told', 'was told to wipe itself');
  if (kind === 'edge' && [0, 408, 499, 504].includes(http))
    return failed('cut', 'closed by the edge while it waited for mail');
  const access = accessOutcome(facts);
  if (access !== undefined) return access;
  if (http === 404 && substatus === 19) return refused('filter', 'denied by a request filter of IIS (404.19)');
  const known = byHttp[http];
  if (known !== undefined) return known;
  if (/^(OverBudget|TooManyJobsQueued)/i.test(error)) return failed('busy', 'throttled by Exchange');
  if (http >= 500) return failed('server', `server error (${http})`);
  if (http >= 400) return failed('other', `refused with HTTP ${http}`);
  if (status >= 100) return insideOutcome(status);
  if (kind === 'backEnd') return { result: 'let-in', why: 'ok', meaning: 'let in' };
  return { result: 'answered', why: 'ok', meaning: 'answered (200)' };
}

function accessOutcome({ status, error, access, http }: OutcomeFacts): Outcome | undefined {
  const by = letters[access.replace(/^(?:Blocked|Quarantined|Allowed)/, '').slice(0, 1)];
  const from = by === undefined ? '' : ` by ${by}`;
  if (access.startsWith('Quarantined')) return refused('quarantine', `quarantined${from}: no mail`);
  if (status === 126 || /^UserDisabledForSync/i.test(error))
    return refused('disabled', 'ActiveSync is switched off for the mailbox');
  const blocked = status === 129 || /^DeviceIsBlockedForThisUser/i.test(error);
  if (blocked || (access.startsWith('Blocked') && (http === 403 || status === 130 || http === 200)))
    return refused('access', `blocked in Exchange${from}`);
  if (status === 130 || /^AccessDenied/i.test(error)) return refused('access', 'access denied by Exchange');
  return undefined;
}

/** Statuses of 100 and more stand for the whole request; smaller ones are the command's own and mean that it was let in. */
function insideOutcome(status: number): Outcome {
  if (status >= 139 && status <= 145) return failed('policy', `must apply the mailbox policy first (status ${status})`);
  if (status === 111) return failed('busy', 'Exchange asks to come again later (status 111)');
  if (status === 113 || status === 110) return failed('server', `server error (status ${status})`);
  if (status === 177) return refused('other', 'the mailbox has its most devices (status 177)');
  return failed('other', `refused with status ${status}`);
}

function refused(why: OutcomeReason, meaning: string): Outcome {
  return { result: 'refused', why, meaning };
}

function failed(why: OutcomeReason, meaning: string): Outcome {
  return { result: 'failed', why, meaning };
}
