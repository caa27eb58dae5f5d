import { labLedger } from '../../../src/exchange/lab/operations.ts';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import { exchangeContract } from '../../contracts/exchange.ts';
import { openTestLab, requestor } from './open.ts';

exchangeContract('the lab', async () => {
  const lab = await openTestLab({ historyHours: 1 });
  return {
    exchange: lab.exchange,
    ledger: () => labLedger(lab.database.db),
    advance: async (milliseconds) => {
      await lab.advance(milliseconds);
    },
    seedInfo: {
      mailbox: { guid: labMailboxGuid('alice.ng'), address: 'alice.ng@contoso.example', displayName: 'Alice Ng' },
      wiped: await lab.phone('hana', 'iPhone 14'),
      accountWiped: await lab.phone('alice.ng', 'iPhone 15'),
      cancelled: await lab.phone('ada', 'iPhone 12'),
      removed: await lab.phone('otto', "Otto's iPad"),
      legacy: await lab.phone('bob', 'Galaxy S23'),
      requestor,
    },
    close: () => lab.database.close(),
  };
});
