/** Errors are told apart by type and id in every language; texts lose their names. */
import { expect, it } from 'vitest';
import { ExchangeError } from '../../../src/exchange/port.ts';
import { type EngineError, errorOf } from '../../../src/exchange/powershell/answer.ts';
import { CmdletFailure } from '../../../src/exchange/transport.ts';

const plain: EngineError = {
  id: 'X',
  category: 'NotSpecified',
  reason: 'Exception',
  activity: '',
  types: ['System.Exception'],
  remote: [],
  status: null,
  message: 'Etwas ging schief.',
};

it.each([
  [
    'on-prem, by FailureCategory',
    {
      id: '[Server=EX01,RequestId=1,TimeStamp=2] [FailureCategory=Cmdlet-ManagementObjectNotFoundException] 557A3714,Get-Mailbox',
    },
  ],
  [
    'on-prem, by the serialised type',
    {
      types: [
        'Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException',
        'System.Management.Automation.RemoteException',
      ],
    },
  ],
  ['Online, by the reason', { reason: 'ManagementObjectNotFoundException' }],
  [
    'Online, by the mark before the text',
    { message: 'Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|Nicht gefunden.' },
  ],
])('finds the type: %s', (_, error) => {
  const failure = errorOf({ ...plain, ...error }, 'Get-Mailbox', 'read', []);
  expect(failure).toBeInstanceOf(CmdletFailure);
  expect(failure).toMatchObject({ type: 'ManagementObjectNotFoundException' });
});

const known: [string, Partial<EngineError>, string, string][] = [
  ['HTTP 429', { status: 429 }, 'exchange-throttled', 'perhaps'],
  ['HTTP 429, as text', { message: 'HttpStatusCode=429 …' }, 'exchange-throttled', 'perhaps'],
  [
    'HTTP 503, as text',
    { message: 'Response status code does not indicate success: 503 (Service Unavailable).' },
    'exchange-throttled',
    'perhaps',
  ],
  ['HTTP 503', { status: 503 }, 'exchange-throttled', 'perhaps'],
  [
    'the policy party',
    { message: 'Zu viele Verbindungen: 3 ; policy party : MaxConcurrency.' },
    'exchange-throttled',
    'perhaps',
  ],
  ['the budget', { types: ['Microsoft.Exchange.Data.Directory.OverBudgetException'] }, 'exchange-throttled', 'perhaps'],
  [
    'the budget, without a code',
    { message: '|Microsoft.Exchange.Data.Directory.OverBudgetException|Budget' },
    'exchange-throttled',
    'perhaps',
  ],
  [
    'a lost session',
    { types: ['System.Management.Automation.Remoting.PSRemotingTransportException'] },
    'exchange-away',
    'perhaps',
  ],
  ['a connection that does not open', { category: 'OpenError' }, 'exchange-away', 'perhaps'],
  ['a missing cmdlet', { reason: 'MislaidNotOffered' }, 'exchange-refused-unsent', 'no'],
];

it.each(known)('knows %s', (_, error, code, reached) => {
  const failure = errorOf({ ...plain, ...error }, 'Clear-MobileDevice', 'destroy', []);
  expect(failure).toBeInstanceOf(ExchangeError);
  expect(failure).toMatchObject({ code, reached });
  expect(errorOf({ ...plain, ...error }, 'Get-Mailbox', 'read', [])).toMatchObject({ reached: 'no' });
});

it.each([
  [true, { id: '[Server=EX01] [FailureCategory=Cmdlet-ManagementObjectNotFoundException] 557A3714' }],
  [true, { types: ['A.ManagementObjectNotFoundException'], remote: ['A.ManagementObjectNotFoundException'] }],
  [true, { message: '|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|Nicht gefunden.' }],
  [
    false,
    {
      id: '[Server=EX01] [FailureCategory=Cmdlet-ManagementObjectNotFoundException] 557A3714,Clear-MobileDevice',
      activity: 'Write-Error',
    },
  ],
  [false, { types: ['ManagementObjectNotFoundException'] }],
  [false, { reason: 'ManagementObjectNotFoundException' }],
  [false, { message: 'he said |A.ManagementObjectNotFoundException| and went' }],
])('says whether the server named the type: %s for %o', (fromServer, error) => {
  expect(errorOf({ ...plain, ...error }, 'Clear-MobileDevice', 'destroy', [])).toMatchObject({ fromServer });
});

it.each([
  'HttpStatusCode=429 Something',
  'HttpStatusCode=503',
  'HttpStatusCode: TooManyRequests',
  'StatusCode=ServiceUnavailable',
  'Response status code does not indicate success: 429 (Too Many Requests).',
  'Response status code does not indicate success: 429.',
  'Der Remoteserver hat einen Fehler zurückgegeben: (503) Server nicht verfügbar.',
  'Zu viele Anfragen. Retry-After: 17',
  '|Microsoft.Exchange.Data.Storage.ServerBusyException|Budget',
  '|Microsoft.Exchange.WebServices.TooManyRequestsException|text',
  'ExAB12CD|Microsoft.Exchange.Data.Directory.OverBudgetException|text',
  'Ex6F9304|Microsoft.Exchange.Data.Directory.SystemConfiguration.ThrottlingRejectedOperationException|text',
])('knows throttling by %s: waited out for a read, in doubt for everything else', (message) => {
  for (const effect of ['read', 'change', 'destroy'] as const) {
    const failure = errorOf({ ...plain, message }, 'a cmdlet', effect, []);
    expect(failure).toMatchObject({ code: 'exchange-throttled', reached: effect === 'read' ? 'no' : 'perhaps' });
  }
});

it.each([
  ['Response status code does not indicate success: 404 (Not Found).'],
  ['Objekt 429 wurde nicht gefunden (503).'],
  ['|System.ArgumentException|HttpStatusCode=400'],
])('does not take %s for throttling', (message) => {
  const failure = errorOf({ ...plain, message }, 'a cmdlet', 'read', []);
  expect(failure instanceof ExchangeError && failure.code === 'exchange-throttled').toBe(false);
});

it.each([
  ['HttpStatusCode=429, Retry-After: 17', 17_000],
  ["HttpStatusCode=429; 'Retry-After'='17'", 17_000],
  ['HttpStatusCode=503. Please retry after 2 minutes.', 120_000],
  ['HttpStatusCode=503 RetryAfter=1500 ms', 1_500],
  ['HttpStatusCode=429 Retry-After: 999999', 600_000],
  ['HttpStatusCode=429 Retry-After: Sun, 29 Nov 2026 20:00:00 GMT', undefined],
  ['HttpStatusCode=429', undefined],
])('hears how long to wait from %s', (message, retryAfterMs) => {
  expect(errorOf({ ...plain, message }, 'Get-Mailbox', 'read', [])).toMatchObject({
    code: 'exchange-throttled',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
});

it.each([
  ['Objekt Alice Ng wurde nicht gefunden', 'Objekt Alice Ng wurde nicht gefunden', ''],
  ['alice.ng', 'alice.ng', ''],
  ['alice.ng,Get-Mailbox', 'alice.ng', ''],
  ['Objekt "Alice" fehlt,Get-Mailbox', 'etwas', ''],
  ['alice.ng@contoso.example', 'etwas', ''],
  ['NamedParameterNotFound,Clear-MobileDevice', 'etwas', 'NamedParameterNotFound,Clear-MobileDevice'],
  ['MislaidConfigChanged', 'MislaidConfigChanged', 'MislaidConfigChanged'],
  [
    '[Server=EX01,RequestId=1,TimeStamp=2] [FailureCategory=Cmdlet-AException] 557A3714,Get-Mailbox',
    'etwas',
    '[Server=EX01,RequestId=1,TimeStamp=2] [FailureCategory=Cmdlet-AException] 557A3714,Get-Mailbox',
  ],
])('takes the id %s of the message %s for the id %s', (id, message, errorId) => {
  for (const status of [null, 429])
    expect(errorOf({ ...plain, id, message, status }, 'Get-Mailbox', 'read', [])).toMatchObject({ errorId });
});

it('takes names out of texts', () => {
  const message = 'Objekt \'Alice Ng\' (alice.ng@contoso.example, CN=Alice Ng,OU=Users) auf "DC01" fehlt: a-guid';
  const failure = errorOf({ ...plain, message }, 'Get-Mailbox', 'read', ['a-guid']);
  expect(failure.message).not.toMatch(/alice|DC01|a-guid/i);
});
