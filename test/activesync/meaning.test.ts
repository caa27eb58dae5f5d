import { expect, test } from 'vitest';
import { type LoggedOutcome, meaningOf } from '../../src/activesync/meaning.ts';

const base: LoggedOutcome = { kind: 'backEnd', http: 200, substatus: 0, status: -1, error: '', access: '' };

test.each([
  [{}, 'ok', '200'],
  [{ kind: 'frontEnd' }, 'answered', '200'],
  [{ http: 401, substatus: 1 }, 'credentials', '401.1'],
  [{ http: 403 }, 'denied', '403'],
  [{ http: 404, substatus: 19 }, 'denied', '404.19'],
  [{ http: 404 }, 'failed', '404'],
  [{ http: 449 }, 'policy', '449'],
  [{ http: 503 }, 'busy', '503'],
  [{ status: 140 }, 'wipe-told', 'S140'],
  [{ error: 'RemoteWipeRequested', access: 'BlockedD' }, 'wipe-told', 'RemoteWipeRequested'],
  [{ status: 129, access: 'BlockedD' }, 'denied', 'S129'],
  [{ status: 1, access: 'QuarantinedG' }, 'denied', '200'],
  [{ status: 1, access: 'AllowedI' }, 'ok', '200'],
  [{ status: 199 }, 'failed', 'S199'],
  [{ http: 418 }, 'failed', '418'],
] as const)('%o means %s', (outcome, verdict, code) => {
  expect(meaningOf({ ...base, ...outcome })).toMatchObject({ verdict, code });
});

test('access tokens say why', () => {
  const sentence = (access: string) => meaningOf({ ...base, access }).sentence;
  expect(sentence('BlockedD')).toContain('by an access rule');
  expect(sentence('BlockedABO')).toContain('automatically');
  expect(sentence('QuarantinedG')).toContain("quarantined by the organisation's default");
});
