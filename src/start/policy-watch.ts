/**
 * The policy as it is now. A reload (SIGHUP) reads policy.yaml again: a valid file replaces the running policy at once, but for what it
 * loosens, which cools off; an invalid one changes nothing and an admin is told. What was opened from the file at start needs a start.
 */
import { userInfo } from 'node:os';
import type { Logger } from 'pino';
import { canonicalHash } from '../ground/canonical.ts';
import type { Clock } from '../ground/clock.ts';
import { hostError, MislaidError } from '../ground/errors.ts';
import type { Organisation } from '../ground/identifiers.ts';
import { effectivePolicy, recordPolicy } from '../incidents/roles/policy-changes.ts';
import { remark, strong } from '../message/text.ts';
import { notify } from '../notices/notify.ts';
import { type Policy, policyHash } from '../policy.ts';
import type { Store } from '../store/port.ts';

/** Handed on whole, so that everybody who looks at it sees a reload. */
export type PolicySource = { readonly current: Policy };

export type WatchedPolicy = PolicySource & {
  /** Reads the file again. Never rejects: what is wrong is logged and told. */
  reload(): Promise<void>;
  /** Takes what has cooled off, or was accepted, since: every process does so every few seconds. Never rejects. */
  refresh(): Promise<void>;
};

/** Sections from which something was opened at start: servers' folders, the lab's own requestor, the zone of Teams and the console. */
const openedAtStart = ['servers', 'exchange', 'timeZone'] as const satisfies readonly (keyof Policy)[];

export async function watchPolicy(parts: {
  policy: Policy;
  /** Reads and checks the file; throws MislaidError. */
  read: () => Policy;
  organisation: Organisation;
  store: Store;
  clock: Clock;
  log: Logger;
  /** Told after a reload, so that other processes learn at once which policy this one runs. */
  onChange: (policy: Policy) => Promise<void>;
}): Promise<WatchedPolicy> {
  const { organisation, store, log } = parts;
  const processUser = userInfo().username;
  /** As the file says; `current` is what holds of it. */
  let wanted = parts.policy;
  let reloading: Promise<void> = Promise.resolve();
  const started = await store.change((change) =>
    recordPolicy(change, { policy: wanted, organisation, why: 'start', processUser }),
  );
  let current = started.effective;

  async function reload(): Promise<void> {
    let next: Policy;
    try {
      next = parts.read();
      refuseWhatNeedsStart(wanted, next);
    } catch (error) {
      await refuse(error);
      return;
    }
    try {
      const { changed, effective } = await store.change((change) =>
        recordPolicy(change, { policy: next, organisation, why: 'reload', processUser }),
      );
      wanted = next;
      current = effective;
      await parts.onChange(current);
      log.info({ changed }, 'the policy was read again');
    } catch (error) {
      log.error({ err: error }, 'the policy could not be read again; the old one goes on');
    }
  }

  async function refresh(): Promise<void> {
    try {
      const effective = await effectivePolicy(store, wanted, organisation, parts.clock.now());
      if (policyHash(effective) === policyHash(current)) return;
      current = effective;
      await parts.onChange(current);
      log.info('the policy that holds is another one now');
    } catch (error) {
      log.warn({ err: error }, 'it could not be looked at which policy holds');
    }
  }

  async function refuse(error: unknown): Promise<void> {
    const message = error instanceof MislaidError ? error.message : 'The policy file could not be read.';
    log.error({ err: error }, 'the policy file is not taken; the old policy goes on');
    try {
      await store.change(async (change) => {
        change.audit({
          action: 'policy.refused',
          subject: 'policy',
          actor: { guid: null, identity: `process:${processUser}` },
          data: { why: 'reload', code: error instanceof MislaidError ? error.code : 'unreadable' },
        });
        const headline = strong('The changed policy file is not taken; the old policy goes on.');
        await notify(change, current, 'policy-refused', {
          privately: remark('danger', headline, ` ${message}`),
          line: ['a changed policy file is not taken; the old policy goes on. Admins were told why'],
        });
      });
    } catch (untold) {
      log.error({ err: untold }, 'nobody could be told of the policy file');
    }
  }

  return {
    get current() {
      return current;
    },
    reload: () => {
      reloading = reloading.then(reload);
      return reloading;
    },
    refresh: () => {
      reloading = reloading.then(refresh);
      return reloading;
    },
  };
}

function refuseWhatNeedsStart(current: Policy, next: Policy): void {
  const sections = openedAtStart.filter((key) => canonicalHash(current[key]) !== canonicalHash(next[key]));
  if (sections.length === 0) return;
  throw hostError({
    code: 'policy-needs-start',
    message: `${sections.join(' and ')} of the policy changed, which takes effect only at a start: restart every process.`,
  });
}
