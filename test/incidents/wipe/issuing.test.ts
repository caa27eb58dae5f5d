import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DecidedBy,
  type DecideInput,
  mayDecide,
  mayRequest,
  stillApproved,
} from '../../../src/incidents/approvals/rules.ts';
import type { Counted } from '../../../src/incidents/brake/rules.ts';
import { checkIssueGate } from '../../../src/incidents/wipe/issue-gate.ts';
import { transition, type WipeEvent } from '../../../src/incidents/wipe/machine.ts';
import type { Role } from '../../../src/policy.ts';
import type { WipeState } from '../../../src/store/tables/wipes.ts';
import { runs } from '../../setup/runs.ts';
import { policy } from '../facts.ts';
import { actor } from '../people.ts';

const series = runs(300, 3_000);

const minute = 60_000;
const rules = policy();

describe('mayIssue', () => {
  const now = new Date('2026-03-02T09:30:00Z');
  const fine = {
    now,
    executeBy: new Date('2026-03-02T09:45:00Z'),
    locked: false,
    policyAgrees: true,
    auditWritable: true,
    brake: { counted: [], requester: 'hana', policy: rules },
  };
  const counted = Array.from({ length: 5 }, (_, n): Counted => ({ order: n + 1, age: 0, requester: `p${n}` }));

  it.each([
    ['go', fine, 'go'],
    ['a lock', { ...fine, locked: true }, 'held'],
    ['different policies', { ...fine, policyAgrees: false }, 'held'],
    ['no audit', { ...fine, auditWritable: false }, 'held'],
    ['the brake', { ...fine, brake: { ...fine.brake, counted } }, 'braked'],
    ['time over, lock or not', { ...fine, locked: true, now: fine.executeBy }, 'lapsed'],
  ])('%s', (_what, input, kind) => {
    expect(checkIssueGate(input).kind).toBe(kind);
  });
});

/** One wipe of the model, with its approval. */
type Case = {
  state: WipeState;
  requester: string;
  owner: string;
  vip: boolean;
  approval: DecideInput['approval'];
  decisions: DecidedBy[];
  brokeGlass: string | undefined;
  breakGlassUntil: Date;
  calls: number;
};

const names = ['hana', 'hugo', 'otto', 'ada', 'sasha', 'alice'] as const;
const granted: Record<(typeof names)[number], readonly Role[]> = {
  hana: ['helpdesk'],
  hugo: ['helpdesk', 'approver'],
  otto: ['helpdesk', 'approver'],
  ada: ['helpdesk', 'approver', 'admin'],
  sasha: ['helpdesk', 'security'],
  alice: [],
};

const later: readonly WipeEvent[] = (
  [
    'request-proved',
    'no-request-proved',
    'sent',
    'acknowledged',
    'cancel-proved',
    'withdrawn',
    'voided',
    'expired',
  ] as const
).map((kind) => ({ kind }));

/** Weighted so that most sequences come as far as issuing: a model that never gets there proves nothing. */
const step = fc.record({
  who: fc.constantFrom(...names),
  /** Which of two chat accounts is used: it must not matter. */
  account: fc.constantFrom('console', 'slack'),
  /** 0 is the newest wipe. */
  about: fc.nat({ max: 2 }),
  owner: fc.oneof({ weight: 4, arbitrary: fc.constant('alice' as const) }, fc.constantFrom(...names)),
  vip: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
  minutes: fc.oneof(
    { weight: 80, arbitrary: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 1) },
    fc.integer({ min: 0, max: 600 }),
  ),
  what: fc.oneof(
    { weight: 8, arbitrary: fc.constant('propose' as const) },
    { weight: 24, arbitrary: fc.constant('approve' as const) },
    { weight: 24, arbitrary: fc.constant('issue' as const) },
    { weight: 3, arbitrary: fc.constantFrom('break-glass' as const, 'unlock' as const, 'event' as const) },
    { weight: 1, arbitrary: fc.constantFrom('deny' as const, 'deny' as const, 'lock' as const, 'revoke' as const) },
  ),
  event: fc.constantFrom(...later),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The rules put together as storage puts them together; `broken` names the first promise that did not hold. */
class Model {
  now = Date.parse('2026-03-02T09:00:00Z');
  readonly cases: Case[] = [];
  readonly issued: { at: Date; requester: string }[] = [];
  readonly roles = new Map<string, ReadonlySet<Role>>(
    names.map((name) => [`guid-${name}`, new Set<Role>(['user', ...granted[name]])]),
  );
  locked = false;
  braked = false;
  unlockedAfter = 0;
  broken: string | undefined;

  take(one: Step): void {
    this.now += one.minutes * minute;
    const now = new Date(this.now);
    const roles = this.roles.get(`guid-${one.who}`) ?? new Set<Role>();
    const who = actor(one.who, [], { roles, grantedRoles: roles, identity: `${one.account}:${one.who}` });
    const wipe = this.cases.at(-1 - one.about);
    if (one.what === 'propose') {
      if (mayRequest({ actor: who, ownerGuid: `guid-${one.owner}`, policy: rules }).kind === 'ok')
        this.#propose(one, now);
    } else if (one.what === 'lock') this.locked = true;
    else if (one.what === 'unlock') {
      if (this.locked) this.unlockedAfter = this.issued.length;
      this.locked = false;
    } else if (one.what === 'revoke') this.roles.set(`guid-${one.who}`, new Set<Role>(['user']));
    else if (wipe !== undefined) this.#onWipe(one, wipe, who, now);
  }

  #propose({ who, owner, vip }: Step, now: Date): void {
    const in30 = new Date(this.now + 30 * minute);
    this.cases.push({
      state: 'awaiting-approval',
      requester: `guid-${who}`,
      owner: `guid-${owner}`,
      vip,
      approval: {
        requestedBy: `guid-${who}`,
        ownerGuid: `guid-${owner}`,
        role: 'approver',
        needed: vip ? 2 : 1,
        state: 'waiting',
        expiresAt: in30,
        executeBy: null,
      },
      decisions: [],
      brokeGlass: undefined,
      breakGlassUntil: now,
      calls: 0,
    });
  }

  #onWipe(one: Step, wipe: Case, who: ReturnType<typeof actor>, now: Date): void {
    if (one.what === 'approve' || one.what === 'deny') this.#decide(one.what, wipe, who, now);
    else if (one.what === 'break-glass') {
      const may = who.roles.has('security') || who.roles.has('admin');
      if (may && this.#move(wipe, { kind: 'break-glass', reason: 'nobody is awake' })) {
        wipe.brokeGlass = who.person.guid;
        wipe.breakGlassUntil = new Date(this.now + 15 * minute);
      }
    } else if (one.what === 'issue') this.#issue(wipe, now);
    else this.#move(wipe, one.event);
  }

  #decide(decision: 'approve' | 'deny', wipe: Case, who: ReturnType<typeof actor>, now: Date): void {
    const { approval, decisions } = wipe;
    if (wipe.state !== 'awaiting-approval') return;
    if (mayDecide({ approval, actor: who, policy: rules, now, decisions, decision }).kind !== 'ok') return;
    decisions.push({ actorGuid: who.person.guid, decision });
    if (decision === 'deny') {
      wipe.approval = { ...approval, state: 'denied' };
      this.#move(wipe, { kind: 'denied' });
      return;
    }
    if (!this.#move(wipe, { kind: 'approved', given: decisions.length, needed: approval.needed })) return;
    wipe.approval = { ...approval, state: 'approved', executeBy: new Date(this.now + 15 * minute) };
  }

  #issue(wipe: Case, now: Date): void {
    const { approval, decisions } = wipe;
    const rolesOf = (guid: string) => this.roles.get(guid) ?? new Set<Role>();
    if (wipe.brokeGlass === undefined && stillApproved({ approval, decisions, rolesOf, now }).kind !== 'ok') return;
    const gate = checkIssueGate({
      now,
      executeBy: wipe.brokeGlass === undefined ? (approval.executeBy ?? now) : wipe.breakGlassUntil,
      locked: this.locked,
      policyAgrees: true,
      auditWritable: true,
      brake: {
        counted: this.issued.map(({ at, requester }, index) => ({
          order: index + 1,
          age: this.now - at.getTime(),
          requester,
        })),
        requester: wipe.requester,
        policy: rules,
        unlockedAfter: this.unlockedAfter,
      },
    });
    if (gate.kind === 'braked' && gate.brake.kind === 'lock-all') {
      this.locked = true;
      this.braked = true;
    }
    if (gate.kind !== 'go' || !this.#move(wipe, { kind: 'claimed' })) return;
    wipe.calls += 1;
    this.issued.push({ at: now, requester: wipe.requester });
    this.#check(wipe);
  }

  /** The promises, written without the rules, at the instant of each call. */
  #check(wipe: Case): void {
    if (wipe.calls > 1) this.broken = 'two calls for one approval';
    if (this.locked) this.broken = 'a call under a lock';
    const people = new Set(wipe.decisions.filter((made) => made.decision === 'approve').map((made) => made.actorGuid));
    const others = [...people].filter((guid) => guid !== wipe.requester && guid !== wipe.owner);
    const alone = others.length < (wipe.vip ? 2 : 1);
    if (alone && wipe.brokeGlass === undefined) this.broken = 'too few people';
    const since = (span: number) => this.issued.filter(({ at }) => at.getTime() > this.now - span);
    if (since(1440 * minute).filter((row) => row.requester === wipe.requester).length > 3)
      this.broken = 'requester over his limit';
    const counted = this.issued.slice(this.unlockedAfter).filter(({ at }) => at.getTime() > this.now - 10 * minute);
    if (counted.length > 5) this.broken = 'more than five in ten minutes';
  }

  #move(wipe: Case, event: WipeEvent): boolean {
    const verdict = transition(wipe.state, event);
    if (verdict.kind === 'to') wipe.state = verdict.state;
    return verdict.kind === 'to';
  }
}

describe('all rules together', () => {
  it('let nobody alone cause a wipe, call twice, pass a lock or exceed the brake', () => {
    const reached = { calls: 0, locked: 0, brokeGlass: 0, vips: 0 };
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 250, size: 'max' }), (steps) => {
        const model = new Model();
        for (const one of steps) {
          model.take(one);
          if (model.broken !== undefined) throw new Error(model.broken);
        }
        const called = model.cases.filter((wipe) => wipe.calls > 0);
        reached.calls += called.length;
        reached.locked += model.braked ? 1 : 0;
        reached.brokeGlass += called.filter((wipe) => wipe.brokeGlass !== undefined).length;
        reached.vips += called.filter((wipe) => wipe.vip && wipe.brokeGlass === undefined).length;
      }),
      { numRuns: series },
    );
    // What the model never reaches it does not prove.
    expect(reached.calls).toBeGreaterThan(series);
    expect(Math.min(reached.locked, reached.brokeGlass, reached.vips)).toBeGreaterThan(series / 100);
  });
});
