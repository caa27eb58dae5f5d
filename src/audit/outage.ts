/**
 * An audit that cannot be written: seen by whoever meets it, told to security as soon as a message can be stored at all, and
 * told again, audited, when it can be written. With a full disk nothing can be stored, so this process has to remember it.
 */
import type { Logger } from 'pino';
import type { Clock } from '../ground/clock.ts';
import { failureCode } from '../ground/failure.ts';
import { text, time } from '../message/text.ts';
import { notifySecurity } from '../notices/security.ts';
import type { Policy } from '../policy.ts';
import { isDiskFull } from '../store/disk-full.ts';
import type { Store } from '../store/port.ts';
import { auditIsWritable } from './chain.ts';

export type AuditOutage = {
  /** Hears of anything that failed; what was not the disk or the audit is let pass. */
  report(error: unknown): void;
  /** Looks whether it can be written again and tells what can be told; does nothing while all is well. Never rejects. */
  check(): Promise<void>;
  /** From when on it could not be written, as far as this process has seen. */
  since(): Date | undefined;
};

/** How often `look` is called by the process. */
export const outageCheckMs = 10_000;

export function createAuditOutage(parts: {
  store: Store;
  readonly policy: Policy;
  clock: Clock;
  log: Logger;
}): AuditOutage {
  const { store, clock, log } = parts;
  let away: { since: Date; told: boolean } | undefined;
  let looking: Promise<void> | undefined;

  async function lookNow(): Promise<void> {
    if (away === undefined) return;
    const { since } = away;
    const writable = await auditIsWritable(store.db, clock.now());
    if (!writable.ok) {
      if (away.told) return;
      await store.change((change) =>
        notifySecurity(change, parts.policy, {
          tone: 'danger',
          line: [
            'the audit cannot be written since ',
            time(since),
            ': no wipe is proposed, approved or issued until it can. Look at the disk of the database.',
          ],
          key: `audit-away:${since.toISOString()}`,
        }),
      );
      away.told = true;
      return;
    }
    const until = clock.now();
    await store.change(async (change) => {
      change.audit({
        action: 'audit.back',
        subject: 'audit',
        data: { since: since.toISOString(), until: until.toISOString() },
      });
      await notifySecurity(change, parts.policy, {
        tone: 'success',
        line: text(
          'the audit can be written again. It could not be written since ',
          time(since),
          '; destructive commands were refused, and waiting wipes go on now.',
        ),
        key: `audit-back:${since.toISOString()}`,
      });
    });
    away = undefined;
    log.info({ since }, 'the audit can be written again');
  }

  return {
    report: (error) => {
      if (away !== undefined || !concernsAudit(error)) return;
      away = { since: clock.now(), told: false };
      log.error({ code: failureCode(error) }, 'the audit cannot be written: destructive commands are refused');
    },
    check: () => {
      looking ??= lookNow()
        // The disk may be so full that not even this can be stored; the next look tries again.
        .catch((error: unknown) => log.warn({ code: failureCode(error) }, 'nobody could be told of the audit yet'))
        .finally(() => {
          looking = undefined;
        });
      return looking;
    },
    since: () => away?.since,
  };
}

/** `audit-away` is what `requireAudit` throws. */
function concernsAudit(error: unknown): boolean {
  return isDiskFull(error) || failureCode(error) === 'audit-away';
}
