/**
 * What an outcome in the logs means for a person. HTTP statuses: MS-ASHTTP 2.2.2.1.1; EAS statuses: MS-ASCMD 2.2.2. Since EAS 14.0 a
 * refusal hides behind HTTP 200, and only the back end's `Log=` tells it; a front end's 200 says that Exchange answered, not what.
 */
import type { LogKind } from '../servers/port.ts';

export type LoggedOutcome = {
  kind: LogKind;
  http: number;
  substatus: number;
  /** EAS status; -1: the log does not tell it. */
  status: number;
  error: string;
  access: string;
};

/**
 * `ok` the request did its work; `answered` Exchange answered and this log does not say what; `denied` kept out on purpose (blocked,
 * quarantined, switched off); `credentials` the sign-in failed; `wipe-told` the phone was told to wipe; `policy` it must fetch the policy
 * again; `busy` it shall come back later; `failed` anything else.
 */
export type Verdict = 'ok' | 'answered' | 'denied' | 'credentials' | 'wipe-told' | 'policy' | 'busy' | 'failed';

export type Meaning = {
  verdict: Verdict;
  /** Short: `401`, `404.19`, `S140`, `RemoteWipeRequested`. */
  code: string;
  sentence: string;
};

type Told = readonly [Verdict, string];

const STATUSES = new Map<number, Told>([
  [110, ['failed', 'Exchange had an internal error.']],
  [111, ['busy', 'Exchange asked it to try again later.']],
  [126, ['denied', 'ActiveSync is switched off for this mailbox.']],
  [129, ['denied', 'The device is blocked for this user.']],
  [130, ['denied', 'Access was denied.']],
  [139, ['policy', 'The device cannot enforce the mailbox policy, so it is kept out.']],
  [140, ['wipe-told', 'The phone was told that a wipe waits for it.']],
  [141, ['denied', 'The app is too old for a policy, and such apps are kept out.']],
  [142, ['policy', 'The phone must fetch the mailbox policy first.']],
  [143, ['policy', 'The mailbox policy changed; the phone fetches it again.']],
  [144, ['policy', 'The phone showed an old policy key and fetches the policy again.']],
  [145, ['denied', 'The device is managed from outside and its policy cannot be met.']],
  [177, ['denied', 'The mailbox has as many devices as it may have.']],
]);

const ERRORS = new Map<string, Told>([
  ['remotewiperequested', ['wipe-told', 'The phone was told that a wipe waits for it.']],
  ['deviceisblockedforthisuser', ['denied', 'The device is blocked for this user.']],
  ['accessdenied', ['denied', 'Access was denied.']],
  ['userdisabledforsync', ['denied', 'ActiveSync is switched off for this mailbox.']],
  ['policyrefresh', ['policy', 'The mailbox policy changed; the phone fetches it again.']],
  ['devicenotprovisioned', ['policy', 'The phone must fetch the mailbox policy first.']],
  ['devicenotfullyprovisionable', ['policy', 'The device cannot enforce the mailbox policy, so it is kept out.']],
  ['overbudget', ['busy', 'The user was throttled: too many requests at once.']],
  ['toomanyjobsqueued', ['busy', 'The server had too much waiting.']],
  ['servererrorretrylater', ['busy', 'Exchange asked it to try again later.']],
  ['mailboxquotaexceeded', ['failed', 'The mailbox is full.']],
]);

const HTTP = new Map<number, Told>([
  [400, ['failed', 'Exchange did not understand the request.']],
  [
    401,
    [
      'credentials',
      'The sign-in was refused: wrong or changed password, or an account that is disabled. The first of two legs looks the same and is normal.',
    ],
  ],
  [403, ['denied', 'Access was forbidden: ActiveSync is off for this user, or the device is blocked.']],
  [404, ['failed', 'There was nothing at that address.']],
  [449, ['policy', 'The phone must fetch the mailbox policy first (or hear of a wipe there).']],
  [451, ['failed', 'The mailbox is served elsewhere; the phone was sent there.']],
  [456, ['credentials', 'The account is blocked.']],
  [457, ['credentials', 'The password has expired.']],
  [500, ['failed', 'Exchange had an internal error.']],
  [501, ['failed', 'Exchange does not know that command.']],
  [502, ['failed', 'The server behind could not be reached.']],
  [503, ['busy', 'Exchange was busy or throttled the user; the phone tries again.']],
  [504, ['failed', 'The server behind did not answer in time.']],
  [507, ['failed', 'The mailbox is full.']],
]);

export function meaningOf(outcome: LoggedOutcome): Meaning {
  const { kind, http, substatus, status, error, access } = outcome;
  const code = codeOf(outcome);
  const told = (status >= 100 ? STATUSES.get(status) : undefined) ?? ERRORS.get(error.toLowerCase());
  if (told?.[0] === 'wipe-told') return { verdict: told[0], code, sentence: told[1] };
  const state = accessSentence(access);
  if (state !== undefined) return { verdict: 'denied', code, sentence: state };
  if (told !== undefined) return { verdict: told[0], code, sentence: told[1] };
  if (http === 404 && substatus === 19) {
    return { verdict: 'denied', code, sentence: 'A filtering rule of the web server turned it away (404.19).' };
  }
  const known = HTTP.get(http);
  if (known !== undefined) return { verdict: known[0], code, sentence: known[1] };
  if (status >= 100) return { verdict: 'failed', code, sentence: `Exchange answered with status ${status}.` };
  if (http >= 200 && http < 300) {
    if (kind === 'backEnd') return { verdict: 'ok', code, sentence: 'Exchange did what was asked.' };
    return { verdict: 'answered', code, sentence: 'Exchange answered; what it said inside is not in this log.' };
  }
  return { verdict: 'failed', code, sentence: `The web server answered ${http}.` };
}

/** Whether the phone got in: for `answered` that is likely, and only the back end's log makes it certain. */
export function isSuccess(verdict: Verdict): boolean {
  return verdict === 'ok' || verdict === 'answered';
}

/** `As:` tokens: state and first letter of its reason (G global, I individual, D device rule, P policy; AB… automatic). */
function accessSentence(access: string): string | undefined {
  const match = /^(Blocked|Quarantined)(.*)$/i.exec(access);
  if (match === null) return undefined;
  const quarantined = /^q/i.test(access);
  const state = quarantined ? 'quarantined' : 'blocked';
  const reason = match[2] ?? '';
  if (/^AB/i.test(reason))
    return `The device is ${state} automatically, because of how it behaved; that ends by itself.`;
  if (/^I/i.test(reason)) return `The device is ${state} for this user personally.`;
  if (/^D/i.test(reason)) return `The device is ${state} by an access rule.`;
  if (/^G/i.test(reason)) return `The device is ${state} by the organisation's default.`;
  if (/^P/i.test(reason)) return `The device is ${state}, because it does not meet the mailbox policy.`;
  return `The device is ${state}.`;
}

function codeOf({ http, substatus, status, error }: LoggedOutcome): string {
  if (status >= 100) return `S${status}`;
  if (error !== '') return error;
  return substatus > 0 ? `${http}.${substatus}` : String(http);
}
