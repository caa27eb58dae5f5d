import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { jobs } from '../../jobs/index.ts';
import type { ChatAdapter } from '../../src/chat/port.ts';
import { readConfig } from '../../src/config.ts';
import { createClosing } from '../../src/ground/closing.ts';
import { randomIds } from '../../src/ground/ids.ts';
import { parsePolicy } from '../../src/policy.ts';
import { type Bot, startBot } from '../../src/start/bot.ts';
import { unlimitedShares } from '../setup/shares.ts';

/** The whole bot on the lab in this process, with a PostgreSQL of its own in a folder that `close` removes. Its start's work is done. */
export async function openBenchBot(adapter: ChatAdapter): Promise<{ bot: Bot; close(): Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), 'mislaid-bench-'));
  const closing = createClosing(() => {});
  const close = async () => {
    await closing.close();
    rmSync(data, { recursive: true, force: true });
  };
  const policyText = readFileSync(join(process.cwd(), 'policy.example.yaml'), 'utf8');
  const policy = parsePolicy(policyText, 'policy.example.yaml');
  try {
    const bot = await startBot({
      shares: unlimitedShares,
      config: readConfig({ MISLAID_DATA: data, MISLAID_EXCHANGE: 'lab', LOG_LEVEL: 'fatal' }),
      environment: {},
      policy,
      readPolicy: () => policy,
      jobs,
      ids: randomIds,
      log: pino({ level: 'silent' }),
      closing,
      doctor: async () => [],
      adapters: async () => [adapter],
    });
    // The start's own work, the first reading of the servers' logs above all, is measured by the time to the prompt.
    while ((await bot.sweep.runnable()) > 0) await pause(250);
    return { bot, close };
  } catch (error) {
    await close();
    throw error;
  }
}
