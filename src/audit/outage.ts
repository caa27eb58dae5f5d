/**
 * An audit that cannot be written: seen by whoever meets it, told to security as soon as a message can be stored at all, and
 * told again, audited, when it can be written. With a full disk nothing can be stored, so this process has to remember it.
 */
import type { Logger } from 'pino';
import type { Clock } from '../ground/clock.ts';
import { second } from '../ground/durations.ts';
import { failureCode } from '../ground/failure.ts';
import { text, time } from '../message/text.ts';
import { notify } from '../notices/notify.ts';
import type { Policy } from '../policy.ts';
import { isDiskFull } from '../store/disk-full.ts';
import type { Store } from '../store/port.ts';
import { auditIsWritable } from './chain.ts';

export type AuditOutage = ReturnType<typeof createAuditOutage>;

/** How often `check` is called by the process. */
export const outageCheckMs = 10 * second;

export function createAuditOutage(parts: { store: Store; readonly policy: Policy; clock: Clock; log: Logger }) {
  const { store, clock, log } = parts;
  let away: { since: Date; notified: boolean } | undefined;
  let checking: Promise<void> | undefined;

  async function checkNow(): Promise<void> {
    if (away === undefined) return;
    const { since } = away;
    const writable = await auditIsWritable(store.db, clock.now());
    if (!writable.ok) {
      if (away.notified) return;
      await store.change((change) =>
        notify(change, parts.policy, 'audit-away', {
          line: [
            'the audit cannot be written since ',
            time(since),
            ': no wipe is proposed, approved or issued until it can. Look at the disk of the database.',
          ],
          key: since.toISOString(),
        }),
      );
      away.notified = true;
      return;
    }
    const until = clock.now();
    await store.change(async (change) => {
      change.audit({
        action: 'audit.back',
        subject: 'audit',
        data: { since: since.toISOString(), until: until.toISOString() },
      });
      await notify(change, parts.policy, 'audit-back', {
        line: text(
          'the audit can be written again. It could not be written since ',
          time(since),
          '; destructive commands were refused, and waiting wipes go on now.',
        ),
        key: since.toISOString(),
      });
    });
    away = undefined;
    log.info({ since }, 'the audit can be written again');
  }

  return {
    /** Hears of anything that failed; what was not the disk or the audit is let pass. */
    report: (error: unknown): void => {
      if (away !== undefined || !concernsAudit(error)) return;
      away = { since: clock.now(), notified: false };
      log.error({ code: failureCode(error) }, 'the audit cannot be written: destructive commands are refused');
    },
    /** Checks whether it can be written again and notifies whom it can; does nothing while all is well. Never rejects. */
    check: (): Promise<void> => {
      checking ??= checkNow()
        // The disk may be so full that not even this can be stored; the next check tries again.
        .catch((error: unknown) => log.warn({ code: failureCode(error) }, 'nobody could be told of the audit yet'))
        .finally(() => {
          checking = undefined;
        });
      return checking;
    },
    /** From when on it could not be written, as far as this process has seen. */
    since: (): Date | undefined => away?.since,
  };
}

/** `audit-away` is what `requireAudit` throws. */
function concernsAudit(error: unknown): boolean {
  return isDiskFull(error) || failureCode(error) === 'audit-away';
}
