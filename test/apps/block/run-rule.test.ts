import { describe, expect, it } from 'vitest';
import { runRule } from '../../../src/apps/block/run-rule.ts';
import { type Exchange, ExchangeError } from '../../../src/exchange/port.ts';

type Rule = { guid: string; name: string; characteristic: string; queryString: string; accessLevel: string };

/** An Exchange that refuses to make a rule; `after`: what it shows then. */
function refusing(code: 'exchange-refused' | 'exchange-timeout', after: readonly Rule[]): Exchange<'read' | 'change'> {
  let asked = false;
  const run = async (cmdlet: { name: string }) => {
    if (cmdlet.name === 'Get-ActiveSyncDeviceAccessRule') return asked ? after : [];
    asked = true;
    throw new ExchangeError({
      code,
      reached: 'perhaps',
      message: 'already exists',
      userMessage: 'Exchange refused it.',
    });
  };
  // Only these two cmdlets are run.
  return { organisation: 'lab', run, capabilities: async () => Promise.reject(new Error('not asked')) } as never;
}

const wanted = { characteristic: 'DeviceModel', queryString: 'CloudMagic' } as const;
const rule = (more: Partial<Rule> = {}): Rule => ({
  guid: '1',
  name: 'CloudMagic(DeviceModel)',
  accessLevel: 'Block',
  ...wanted,
  ...more,
});
const run = (exchange: Exchange<'read' | 'change'>) =>
  runRule(exchange, { kind: 'rule', rules: [wanted], level: 'Block' } as never, null, async () => undefined);

describe('a rule that Exchange says exists already', () => {
  it('is done where a reading shows it as asked', async () => {
    expect((await run(refusing('exchange-refused', [rule()]))).sentence).toContain('as blocked');
  });

  it('is not done where a rule of this name lets in', async () => {
    const allow = rule({ queryString: 'Something else', accessLevel: 'Allow' });
    await expect(run(refusing('exchange-refused', [allow]))).rejects.toMatchObject({
      userMessage: expect.stringContaining('A rule of the name CloudMagic(DeviceModel) is there and says Allow.'),
    });
  });

  it('is in doubt where Exchange did not answer', async () => {
    await expect(run(refusing('exchange-timeout', []))).rejects.toMatchObject({ code: 'exchange-timeout' });
  });
});
