import type { Logger } from 'pino';
import type { AuditSeal } from '../audit/checkpoint.ts';
import type { Clock } from '../ground/clock.ts';
import type { Closing } from '../ground/closing.ts';
import { second } from '../ground/durations.ts';
import { failureCode } from '../ground/failure.ts';
import { strong, time } from '../message/text.ts';
import { notify } from '../notices/notify.ts';
import type { Policy } from '../policy.ts';
import type { Store } from '../store/port.ts';

/** How long entries may be in the database alone. */
const rememberWithin = second / 2;

/**
 * Keeps the end of the audit outside the database: within a second of each commit, at start and at the end. Security hears of it
 * when what was remembered is no longer there.
 */
export function watchAuditEnd(parts: {
  store: Store;
  seal: AuditSeal;
  policy: { readonly current: Policy };
  clock: Clock;
  log: Logger;
  closing: Closing;
}): { grew(): void } {
  const { store, seal, policy, clock, log, closing } = parts;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function remember(): Promise<void> {
    timer = undefined;
    try {
      const broken = await seal.remember(store.db, clock.now());
      if (broken === undefined) return;
      log.error({ size: broken.size }, 'entries of the audit that were remembered are gone or changed');
      await store.change((change) =>
        notify(change, policy.current, 'audit-problem', {
          key: broken.hash,
          line: [
            strong('The audit was tampered with'),
            `: it had ${broken.size} entries `,
            time(broken.at),
            ', and the last of them is gone or changed. Say "audit verify", and look who can write to the database.',
          ],
        }),
      );
    } catch (error) {
      log.error({ code: failureCode(error) }, 'the end of the audit could not be remembered outside the database');
    }
  }

  function grew(): void {
    timer ??= setTimeout(() => {
      running = running.then(remember);
    }, rememberWithin);
  }

  grew();
  closing.add('the end of the audit', async () => {
    clearTimeout(timer);
    await running;
    await remember();
  });
  return { grew };
}
