/** Errors are told apart by type and id in every language; texts lose their names. */
import { expect, it } from 'vitest';
import { ExchangeError } from '../../../src/exchange/port.ts';
import { type EngineError, errorOf } from '../../../src/exchange/powershell/answer.ts';
import { CmdletFailure } from '../../../src/exchange/transport.ts';

const plain: EngineError = {
  id: 'X',
  category: 'NotSpecified',
  reason: 'Exception',
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
  [false, { types: ['ManagementObjectNotFoundException'] }],
  [false, { reason: 'ManagementObjectNotFoundException' }],
  [false, { message: 'he said |A.ManagementObjectNotFoundException| and went' }],
])('says whether the server named the type: %s for %o', (fromServer, error) => {
  expect(errorOf({ ...plain, ...error }, 'Clear-MobileDevice', 'destroy', [])).toMatchObject({ fromServer });
});

it('takes names out of texts', () => {
  const message = 'Objekt \'Alice Ng\' (alice.ng@contoso.example, CN=Alice Ng,OU=Users) auf "DC01" fehlt: a-guid';
  const failure = errorOf({ ...plain, message }, 'Get-Mailbox', 'read', ['a-guid']);
  expect(failure.message).not.toMatch(/alice|DC01|a-guid/i);
});
