/** The suite that the lab passes, over PowerShell sessions and the fake Exchange; the engine lives in another time zone. */
import { describe } from 'vitest';
import { guidFrom } from '../../../src/exchange/lab/guids.ts';
import { labPhones } from '../../../src/exchange/lab/phones.ts';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import { createPowershellTransport } from '../../../src/exchange/powershell/transport.ts';
import { createExchange } from '../../../src/exchange/run.ts';
import { exchangeContract } from '../../contracts/exchange.ts';
import { countingIds, engine, fakeExchange, hasEngine, patient, silentLog } from '../../powershell/engine.ts';

const ids: Record<string, string> = {
  'Clear-MobileDevice': 'clear-mobile-device',
  'Remove-MobileDevice': 'remove-mobile-device',
  'Set-CASMailbox': 'set-cas-mailbox',
};

function partnership(owner: string): string {
  const index = labPhones.findIndex((phone) => phone.owner === owner);
  return guidFrom(`contoso phone ${index} partnership`);
}

describe.runIf(hasEngine)('through the engine', () => {
  exchangeContract('PowerShell', async () => {
    const fake = fakeExchange({ zone: 'America/New_York' });
    // Between two calls of the suite no phone makes contact, however long they take.
    let now = new Date('2026-03-02T09:00:00Z');
    fake.clock(now);
    const transport = createPowershellTransport({
      ...patient,
      engine,
      connection: fake.connection,
      environment: fake.environment,
      ids: countingIds(),
      size: 2,
      log: silentLog,
    });
    return {
      exchange: createExchange({ organisation: 'real', transport }),
      ledger: async () =>
        fake.ledger().map((line) => ({
          cmdlet: line.arguments.Cancel === 'True' ? 'cancel-mobile-device-wipe' : (ids[line.cmdlet] ?? line.cmdlet),
          target: line.arguments.Identity ?? '',
          arguments: line.arguments,
          outcome: 'done',
        })),
      advance: async (milliseconds) => {
        now = new Date(now.getTime() + milliseconds);
        fake.clock(now);
      },
      seedInfo: {
        mailbox: {
          guid: labMailboxGuid('alice.ng'),
          address: 'alice.ng@contoso.example',
          displayName: 'Alice Ng',
        },
        wiped: partnership('ada'),
        accountWiped: partnership('otto'),
        cancelled: partnership('victoria'),
        removed: partnership('dieter'),
        legacy: partnership('hugo'),
        requestor: 'mislaid@contoso.example',
      },
      close: async () => {
        await transport.close();
        fake.remove();
      },
    };
  });
});
