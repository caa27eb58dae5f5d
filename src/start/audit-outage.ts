import type { Logger } from 'pino';
import { type AuditOutage, createAuditOutage, outageCheckMs } from '../audit/outage.ts';
import type { Clock } from '../ground/clock.ts';
import type { Closing } from '../ground/closing.ts';
import type { Policy } from '../policy.ts';
import type { Store } from '../store/port.ts';

/** Looks every few seconds, and once more at the end, whether an audit that could not be written can be now. */
export function watchAuditOutage(parts: {
  store: Store;
  /** Asked when security is told: the policy may be read after the watch has begun. */
  policy: () => Policy;
  clock: Clock;
  log: Logger;
  closing: Closing;
}): AuditOutage {
  const { store, policy, clock, log, closing } = parts;
  const auditAway = createAuditOutage({
    store,
    get policy() {
      return policy();
    },
    clock,
    log,
  });
  const timer = setInterval(() => void auditAway.check(), outageCheckMs);
  closing.add('watch of the audit', async () => {
    clearInterval(timer);
    await auditAway.check();
  });
  return auditAway;
}
