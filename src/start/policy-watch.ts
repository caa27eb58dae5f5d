/**
 * The policy as it is now. A reload (SIGHUP) reads policy.yaml again: a valid file replaces the running policy at once, an
 * invalid one changes nothing and an admin is told. What was opened from the file at start needs a start.
 */
import { userInfo } from 'node:os';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { holdersOf, identityFor } from '../directory/holders.ts';
import { canonicalHash } from '../ground/canonical.ts';
import { MislaidError } from '../ground/errors.ts';
import type { Organisation } from '../ground/identifiers.ts';
import { recordPolicy } from '../incidents/roles/policy-changes.ts';
import { paragraph, strong } from '../message/text.ts';
import { notifySecurity } from '../notices/security.ts';
import type { Policy } from '../policy.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';

/** Handed on whole, so that everybody who looks at it sees a reload. */
export type PolicySource = { readonly current: Policy };

export type WatchedPolicy = PolicySource & {
  /** Reads the file again. Never rejects: what is wrong is logged and told. */
  reload(): Promise<void>;
};

/** Sections from which something was opened at start: servers' folders, the lab's own requestor, the zone of Teams and the console. */
const openedAtStart = ['servers', 'exchange', 'timeZone'] as const satisfies readonly (keyof Policy)[];

export async function watchPolicy(parts: {
  policy: Policy;
  /** Reads and checks the file; throws MislaidError. */
  read: () => Policy;
  organisation: Organisation;
  store: Store;
  log: Logger;
  /** Told after a reload, so that other processes learn at once which policy this one runs. */
  onChange: (policy: Policy) => Promise<void>;
}): Promise<WatchedPolicy> {
  const { organisation, store, log } = parts;
  const processUser = userInfo().username;
  let current = parts.policy;
  let reloading: Promise<void> = Promise.resolve();
  await store.change((change) => recordPolicy(change, { policy: current, organisation, why: 'start', processUser }));

  async function reload(): Promise<void> {
    let next: Policy;
    try {
      next = parts.read();
      refuseWhatNeedsStart(current, next);
    } catch (error) {
      await refuse(error);
      return;
    }
    try {
      const changed = await store.change((change) =>
        recordPolicy(change, { policy: next, organisation, why: 'reload', processUser }),
      );
      current = next;
      await parts.onChange(next);
      log.info({ changed }, 'the policy was read again');
    } catch (error) {
      log.error({ err: error }, 'the policy could not be read again; the old one goes on');
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
        for (const identity of await adminsOf(store.db, current, organisation)) {
          await change.privately(identity, {
            tone: 'danger',
            blocks: [paragraph(strong('The changed policy file is not taken; the old policy goes on.'), ` ${message}`)],
          });
        }
        await notifySecurity(change, current, {
          tone: 'warning',
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
  };
}

function refuseWhatNeedsStart(current: Policy, next: Policy): void {
  const sections = openedAtStart.filter((key) => canonicalHash(current[key]) !== canonicalHash(next[key]));
  if (sections.length === 0) return;
  throw new MislaidError({
    code: 'policy-needs-start',
    message: `${sections.join(' and ')} of the policy changed, which takes effect only at a start: restart every process.`,
  });
}

async function adminsOf(db: Kysely<Database>, policy: Policy, organisation: Organisation): Promise<string[]> {
  const identities: string[] = [];
  for (const { person } of await holdersOf(db, policy, organisation, 'admin')) {
    const identity = await identityFor(db, policy, person);
    if (identity !== undefined) identities.push(identity);
  }
  return identities;
}
