/** What Clear-MobileDevice fails with after it took effect proves nothing, whatever the error calls itself. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clearMobileDevice } from '../../../src/exchange/cmdlets/clear-mobile-device.ts';
import { guidFrom } from '../../../src/exchange/lab/guids.ts';
import { type Exchange, ExchangeError } from '../../../src/exchange/port.ts';
import { createPowershellTransport, type PowershellTransport } from '../../../src/exchange/powershell/transport.ts';
import { createExchange } from '../../../src/exchange/run.ts';
import { countingIds, engine, fakeExchange, hasEngine, patient, silentLog } from '../../powershell/engine.ts';
import { sampled } from '../../setup/runs.ts';

const phone = guidFrom('contoso phone 2 partnership');
const initScript = fileURLToPath(new URL('../../powershell/bend-clear.ps1', import.meta.url));

let fake: ReturnType<typeof fakeExchange>;
let transport: PowershellTransport;
let exchange: Exchange;

beforeAll(() => {
  fake = fakeExchange();
  transport = createPowershellTransport({
    ...patient,
    engine,
    connection: { kind: 'custom', initScript },
    environment: fake.environment,
    ids: countingIds(),
    size: 1,
    log: silentLog,
  });
  exchange = createExchange({ organisation: 'real', transport });
});
afterAll(async () => {
  await transport.close();
  fake.remove();
});

function bend(how: string): void {
  writeFileSync(join(fake.folder, 'bend.txt'), how);
}

async function failureOf(work: Promise<unknown>): Promise<ExchangeError> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error instanceof ExchangeError) return error;
  throw new Error(`no ExchangeError: ${String(error)}`);
}

const wipes = () => fake.ledger().filter(({ cmdlet }) => cmdlet === 'Clear-MobileDevice').length;

describe.skipIf(!hasEngine)('Clear-MobileDevice', () => {
  // Each of them costs a session.
  it.each(
    sampled(3, [
      'unauthorised',
      'invalid-operation',
      'not-implemented',
      'argument',
      'unknown-parameter',
      'unknown-cmdlet',
      'binding',
      'not-found-by-name',
      'over-budget',
      'http-503',
      'write-error',
      'string',
      'null-reference',
      'cast',
      'timeout',
      'cancelled',
      'pipeline-stopped',
      'exit',
    ]),
  )('that took effect and then fails with %s may have taken effect', async (how) => {
    const before = wipes();
    bend(how);

    const failure = await failureOf(exchange.run(clearMobileDevice, { Identity: phone }));

    expect(wipes() - before).toBe(1);
    expect(failure.reached).toBe('perhaps');
  });

  it('of a phone that is not there is refused by a verdict of the server', async () => {
    const before = wipes();
    bend('');

    const failure = await failureOf(exchange.run(clearMobileDevice, { Identity: guidFrom('nobody') }));

    expect(failure).toMatchObject({ code: 'exchange-not-found', reached: 'refused' });
    expect(wipes()).toBe(before);
  });

  it('is not sent at its deadline or later, by the clock of the machine that would send it', async () => {
    const before = wipes();
    bend('');
    await exchange.capabilities();

    const failure = await failureOf(
      exchange.run(clearMobileDevice, { Identity: phone }, { notAfter: new Date(Date.now() - 1) }),
    );
    await exchange.run(clearMobileDevice, { Identity: phone }, { notAfter: new Date(Date.now() + 3_600_000) });

    expect(failure).toMatchObject({ code: 'exchange-refused-unsent', reached: 'no' });
    expect(wipes() - before).toBe(1);
  });
});
