/** Objects that Exchange cannot print whole, and verdicts that are about something else: not known is never taken for nothing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clearMobileDevice } from '../../../src/exchange/cmdlets/clear-mobile-device.ts';
import { getMobileDeviceStatistics } from '../../../src/exchange/cmdlets/get-mobile-device-statistics.ts';
import { listMailboxes } from '../../../src/exchange/cmdlets/list-mailboxes.ts';
import { guidFrom } from '../../../src/exchange/lab/guids.ts';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import type { Exchange, Unreadable } from '../../../src/exchange/port.ts';
import { createPowershellTransport } from '../../../src/exchange/powershell/transport.ts';
import { createExchange } from '../../../src/exchange/run.ts';
import { countingIds, engine, fakeExchange, hasEngine, patient, silentLog } from '../../powershell/engine.ts';

const alice = labMailboxGuid('alice.ng');
const phone = guidFrom('contoso phone 2 partnership');

/** Each of these runs bend.txt over the rows that the fake answered, or after what it did. */
function wrapped(cmdlet: string, parameters: string): string {
  return `function global:${cmdlet} {
  [CmdletBinding(SupportsShouldProcess = $true)] param(${parameters})
  $rows = @(FakeExchange\\${cmdlet} @PSBoundParameters 3>$null 4>$null 5>$null 6>$null)
  . ([ScriptBlock]::Create([IO.File]::ReadAllText((Join-Path $env:INIT_SCRIPT_FAKE_FOLDER 'bend.txt'))))
}`;
}

describe.skipIf(!hasEngine)('over PowerShell', () => {
  const fake = fakeExchange();
  let exchange: Exchange;
  let close: () => Promise<void>;
  beforeAll(() => {
    const initScript = join(fake.folder, 'init.ps1');
    const fakeScript = fileURLToPath(new URL('../../powershell/fake-exchange.ps1', import.meta.url));
    const wrappers = [
      wrapped('Get-MobileDeviceStatistics', '$Identity, $Mailbox').replace('(SupportsShouldProcess = $true)', '()'),
      wrapped('Get-Mailbox', '$Identity, $ResultSize, $RecipientTypeDetails').replace(
        '(SupportsShouldProcess = $true)',
        '()',
      ),
      wrapped('Clear-MobileDevice', '$Identity, [switch]$AccountOnly, [switch]$Cancel, $NotificationEmailAddresses'),
    ];
    writeFileSync(initScript, [`. '${fakeScript}'`, ...wrappers].join('\n'));
    bend('$rows');
    const transport = createPowershellTransport({
      ...patient,
      engine,
      connection: { kind: 'custom', initScript },
      environment: fake.environment,
      ids: countingIds(),
      size: 1,
      log: silentLog,
    });
    exchange = createExchange({ organisation: 'real', transport });
    close = () => transport.close();
  });
  afterAll(async () => {
    await close();
    fake.remove();
  });

  const bend = (script: string) => writeFileSync(join(fake.folder, 'bend.txt'), script);
  const without = (property: string) => `$_.PSObject.Properties.Remove('${property}')`;

  async function statistics() {
    const told: Unreadable[] = [];
    const onUnreadable = (one: Unreadable) => {
      told.push(one);
    };
    const rows = await exchange.run(getMobileDeviceStatistics, { Mailbox: alice }, { onUnreadable });
    return { rows, told };
  }

  it.each([
    ['Write-Error', "Write-Error 'corrupt' -ErrorAction Continue"],
    [
      'an error record of the cmdlet',
      "$PSCmdlet.WriteError((New-Object System.Management.Automation.ErrorRecord -ArgumentList ([Exception]::new('corrupt')), 'X', 'InvalidData', $null))",
    ],
  ])('an object that %s stands for costs only itself', async (_how, error) => {
    bend(`$rows[0]; ${error}; $rows | Select-Object -Skip 1`);
    const { rows, told } = await statistics();
    expect(rows).toHaveLength(3);
    expect(told).toContainEqual(expect.objectContaining({ rowLost: true }));

    let lost = 0;
    const onUnreadable = ({ rowLost }: Unreadable) => {
      if (rowLost) lost += 1;
    };
    const mailboxes = (await exchange.run(listMailboxes, {}, { onUnreadable })).length;
    expect([mailboxes, lost]).toEqual([19, 1]);
  });

  it('whoever would not hear that rows are missing gets the error, and so does everybody where nothing else came', async () => {
    bend("$rows[0]; Write-Error 'corrupt' -ErrorAction Continue");
    await expect(exchange.run(getMobileDeviceStatistics, { Mailbox: alice })).rejects.toThrow('corrupt');
    bend("Write-Error 'corrupt' -ErrorAction Continue");
    await expect(statistics()).rejects.toThrow('corrupt');
  });

  it.each([
    ['is not there', `$rows | ForEach-Object { ${without('DeviceWipeRequestTime')}; $_ }`],
    [
      'cannot be had',
      `$rows | ForEach-Object { ${without('DeviceWipeRequestTime')}; $_ | Add-Member -MemberType ScriptProperty -Name DeviceWipeRequestTime -Value { throw 'corrupt' } -PassThru }`,
    ],
    [
      'is no number',
      `$rows | ForEach-Object { ${without('DeviceWipeRequestTime')}; $_ | Add-Member DeviceWipeRequestTime ([double]::NaN) -PassThru }`,
    ],
  ])('a wipe time that %s is not known, which is not never', async (_how, script) => {
    bend(script);
    const { rows } = await statistics();
    expect(rows.map(({ unreadable }) => unreadable)).toEqual([
      ['DeviceWipeRequestTime'],
      ['DeviceWipeRequestTime'],
      ['DeviceWipeRequestTime'],
    ]);
  });

  it('an object with nothing in it is a row that was lost, and no silence', async () => {
    bend(
      '$empty = [ordered]@{}; foreach ($one in $rows[0].PSObject.Properties) { $empty[$one.Name] = $null }; [pscustomobject]$empty',
    );
    const { rows, told } = await statistics();
    expect(rows).toEqual([]);
    expect(told).toContainEqual(expect.objectContaining({ rowLost: true }));
  });

  it.each([
    ['of a cmdlet that runs beside it', 'FakeExchange\\Get-Mailbox -Identity nobody'],
    [
      'that a script quotes',
      "throw 'Audit: Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|x'",
    ],
  ])('a verdict %s is none about the wipe', async (_whose, script) => {
    bend(script);
    const before = fake.ledger().length;
    await expect(exchange.run(clearMobileDevice, { Identity: phone })).rejects.toMatchObject({ reached: 'perhaps' });
    expect(fake.ledger()).toHaveLength(before + 1);
  });

  it('what came too late is said as that', async () => {
    const call = exchange.run(clearMobileDevice, { Identity: phone }, { notAfter: new Date(0) });
    await expect(call).rejects.toMatchObject({
      reached: 'no',
      userMessage: 'Its time was over before it could be sent, so Exchange was not asked.',
    });
  });
});
