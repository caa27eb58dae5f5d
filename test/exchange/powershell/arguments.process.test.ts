/**
 * Whatever a person types reaches the cmdlet as the same value, or is refused before anything is sent; nothing of it is
 * ever run. `MISLAID_TEST_RUNS=10000` for a long run (default 300).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CmdletArguments } from '../../../src/exchange/port.ts';
import { ExchangeError } from '../../../src/exchange/port.ts';
import { openSession } from '../../../src/exchange/powershell/open-session.ts';
import { callBody, requestLiteral } from '../../../src/exchange/powershell/request.ts';
import type { PowershellSession } from '../../../src/exchange/powershell/session.ts';
import { countingIds, engine, hasEngine, patient } from '../../powershell/engine.ts';
import { runs } from '../../setup/runs.ts';
import { nastyPieces, nastyText } from './strings.ts';

const count = runs(300, 5_000);
/** Strings that cross in one call, each in every position. */
const batch = 10;

// What arrived is told as UTF-16 code units in hex, so that nothing on the way back can restore it.
const echo = `
$global:CanaryCalls = 0
function global:Invoke-Canary { $global:CanaryCalls++ }
function global:ConvertTo-Units($Value) { [BitConverter]::ToString([Text.Encoding]::BigEndianUnicode.GetBytes([string]$Value)).Replace('-', '') }
function global:Set-CASMailbox {
  [CmdletBinding(SupportsShouldProcess = $true)]
  param($Identity, $ActiveSyncAllowedDeviceIDs, $ActiveSyncBlockedDeviceIDs, $ActiveSyncMailboxPolicy, $ActiveSyncEnabled)
  $change = @{ Add = @(); Remove = @() }
  if ($ActiveSyncBlockedDeviceIDs -is [hashtable]) { $change = $ActiveSyncBlockedDeviceIDs }
  [pscustomobject]@{
    Identity = ConvertTo-Units $Identity; IdentityType = $Identity.GetType().Name; Plain = $Identity; Policy = ConvertTo-Units $ActiveSyncMailboxPolicy
    Allowed = @(foreach ($one in $ActiveSyncAllowedDeviceIDs) { ConvertTo-Units $one }); Canary = $global:CanaryCalls
    Added = @(foreach ($one in $change['Add']) { ConvertTo-Units $one }); Removed = @(foreach ($one in $change['Remove']) { ConvertTo-Units $one })
    Enabled = $ActiveSyncEnabled; EnabledType = $(if ($null -ne $ActiveSyncEnabled) { $ActiveSyncEnabled.GetType().Name })
  }
}
`;
const select = [
  'Identity',
  'IdentityType',
  'Plain',
  'Policy',
  'Allowed',
  'Added',
  'Removed',
  'Canary',
  'Enabled',
  'EnabledType',
];

function unitsOf(text: string): string {
  return Buffer.from(text, 'utf16le').swap16().toString('hex').toUpperCase();
}

describe.runIf(hasEngine)('arguments through the engine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mislaid-echo-'));
  let session: PowershellSession;

  beforeAll(async () => {
    const initScript = join(folder, 'echo.ps1');
    writeFileSync(initScript, echo);
    const connection = { kind: 'custom', initScript } as const;
    ({ session } = await openSession({ ...patient, engine, connection, environment: process.env, ids: countingIds() }));
  });
  afterAll(async () => {
    await session?.kill();
    rmSync(folder, { recursive: true });
  });

  async function send(args: CmdletArguments, properties = select): Promise<unknown> {
    const body = callBody({ name: 'Set-CASMailbox', select: properties }, args);
    const answer = await session.request(body, { deadlineMs: 60_000 });
    expect(answer.error).toBeNull();
    expect(answer.rows).toHaveLength(1);
    return answer.rows[0];
  }

  it(`carries ${count} generated strings unchanged in every position, and runs none of them`, async () => {
    const property = fc.asyncProperty(fc.array(nastyText, { minLength: batch, maxLength: batch }), async (texts) => {
      const [first = ''] = texts;
      const units = texts.map(unitsOf);
      const expected = { Identity: units[0], IdentityType: 'String', Plain: first, Policy: units[0], Canary: 0 };
      const row = await send({
        Identity: first,
        ActiveSyncMailboxPolicy: first,
        ActiveSyncAllowedDeviceIDs: texts,
        ActiveSyncBlockedDeviceIDs: { Add: texts },
      });
      expect(row).toMatchObject({ ...expected, Allowed: units, Added: units, Removed: [] });
    });
    await fc.assert(property, { numRuns: Math.ceil(count / batch), seed: 20_261_123, endOnFailure: true });
  }, 1_200_000);

  it('carries every single piece alone, also in a Remove list', async () => {
    for (const piece of nastyPieces) {
      const row = await send({ Identity: piece, ActiveSyncBlockedDeviceIDs: { Remove: [piece] } });
      expect(row).toMatchObject({ Identity: unitsOf(piece), Plain: piece, Removed: [unitsOf(piece)], Canary: 0 });
    }
  });

  it('carries 1 MB', async () => {
    const text = `${'x'.repeat(500_000)}’; $(Invoke-Canary)${'y'.repeat(500_000)}`;
    expect(await send({ Identity: text }, ['Plain', 'Canary'])).toEqual({ Plain: text, Canary: 0 });
  });

  it('keeps the types of values', async () => {
    const at = new Date('2026-03-01T12:34:56.789Z');
    expect(await send({ Identity: 'a', ActiveSyncEnabled: false })).toMatchObject({
      Enabled: false,
      EnabledType: 'Boolean',
    });
    expect(await send({ Identity: 'a', ActiveSyncEnabled: 7 })).toMatchObject({ Enabled: 7, EnabledType: 'Int32' });
    expect(await send({ Identity: 'a', ActiveSyncEnabled: 2 ** 40 })).toMatchObject({
      Enabled: 2 ** 40,
      EnabledType: 'Int64',
    });
    expect(await send({ Identity: 'a', ActiveSyncEnabled: 1.5 })).toMatchObject({
      Enabled: 1.5,
      EnabledType: 'Double',
    });
    expect(await send({ Identity: 'a', ActiveSyncEnabled: at })).toMatchObject({
      Enabled: '2026-03-01T12:34:56.7890000Z',
      EnabledType: 'DateTime',
    });
    expect(await send({ Identity: 'a', ActiveSyncEnabled: 'True' })).toMatchObject({
      Enabled: 'True',
      EnabledType: 'String',
    });
  });

  it('refuses in the engine, too, what is not on the allow-list', async () => {
    const strange = { op: 'call', cmdlet: 'Invoke-Canary', args: [], select: [] } as const;
    const argument = { name: 'WhatIf', type: 'bool', value: true } as const;
    const parameter = { op: 'call', cmdlet: 'Set-CASMailbox', args: [argument], select: [] } as const;
    for (const body of [strange, parameter]) {
      const answer = await session.request(body, { deadlineMs: 60_000 });
      expect(answer.error).toMatchObject({ reason: 'MislaidNotAllowed' });
    }
    expect(await send({ Identity: 'a' })).toMatchObject({ Canary: 0 });
  });
});

describe('arguments before anything is sent', () => {
  function refusal(run: () => unknown): ExchangeError {
    try {
      run();
    } catch (error) {
      if (error instanceof ExchangeError) return error;
    }
    throw new Error('not refused');
  }

  it.each([
    ['half a character', { Identity: 'a\ud83d' }],
    ['the other half', { Identity: '\ude00b' }],
    ['half a character in a list', { ActiveSyncAllowedDeviceIDs: ['a', '\ud800'] }],
    ['half a character to add', { ActiveSyncBlockedDeviceIDs: { Add: ['\udfff'] } }],
    ['no number', { Identity: Number.NaN }],
    ['no date', { Identity: new Date(Number.NaN) }],
    ['a date before .NET begins', { Identity: new Date(-70_000_000_000_000) }],
    ['a parameter that is not allowed', { WhatIf: true }],
    ['a parameter that is no word', { 'Identity; Invoke-Canary': 'a' }],
    ['an abbreviated parameter', { Ident: 'a' }],
  ])('refuses %s', (_, args) => {
    const error = refusal(() => callBody({ name: 'Set-CASMailbox', select: [] }, args));
    expect(error).toMatchObject({ code: 'exchange-refused-unsent', reached: 'no' });
  });

  it('refuses a cmdlet that is not allowed, and a property that is no word', () => {
    expect(refusal(() => callBody({ name: 'Remove-Mailbox', select: [] }, {})).code).toBe('exchange-refused-unsent');
    expect(refusal(() => callBody({ name: 'constructor', select: [] }, {})).code).toBe('exchange-refused-unsent');
    expect(refusal(() => callBody({ name: 'Get-Mailbox', select: ['a b'] }, {})).code).toBe('exchange-refused-unsent');
  });

  it('refuses what no engine could take', () => {
    const body = callBody({ name: 'Get-Mailbox', select: [] }, { Identity: '\u20ac'.repeat(1_000_000) });
    expect(refusal(() => requestLiteral('n', body)).message).toMatch(/over the limit/);
  });

  it('sends nothing but the alphabet of base64', () => {
    for (const piece of nastyPieces) {
      const body = callBody({ name: 'Get-Mailbox', select: [] }, { Identity: piece });
      expect(requestLiteral('n', body)).toMatch(/^[A-Za-z0-9+/]+=*$/);
    }
  });
});
