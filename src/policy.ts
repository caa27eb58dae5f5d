/**
 * policy.yaml, whole: who may do what, who must agree, where things are said. It fails closed: an unknown key, an unknown
 * role or a badly written identity stops the start, and every problem is named at once, without values.
 */
import { parse } from 'yaml';
import { z } from 'zod';
import { IdentityText, PlaceText } from './ground/addresses.ts';
import { canonicalHash } from './ground/canonical.ts';
import { MislaidError } from './ground/errors.ts';
import { isTimeZone } from './ground/time-zone.ts';
import { counted } from './message/words.ts';

/** From least to most. `user` acts on their own devices only; a person holds exactly the roles that are granted to them. */
export const Role = z.enum(['user', 'helpdesk', 'approver', 'security', 'admin']);
export type Role = z.infer<typeof Role>;

const PolicyPerson = z
  .strictObject({
    /** For readers of the file; the directory's name is what people see. */
    name: z.string().min(1),
    /**
     * An address or UPN of the person's mailbox: how chat accounts become one directory person. A list where one human has several
     * mailboxes: the first is who they are, and what holds of one holds of all.
     */
    mailbox: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
    /** Every mailbox of theirs; may be written instead of the list. */
    mailboxes: z.array(z.string().min(1)).default([]),
    identities: z.array(IdentityText).min(1),
    roles: z.array(Role.exclude(['user'])).default([]),
  })
  .transform(({ mailbox, mailboxes, ...person }) => {
    const all = [...new Set([mailbox, mailboxes].flat())];
    return { ...person, mailbox: all[0] ?? '', mailboxes: all };
  });
export type PolicyPerson = z.output<typeof PolicyPerson>;

const PolicyServer = z.strictObject({
  name: z.string().min(1),
  frontEndLogs: z.string().optional(),
  backEndLogs: z.string().optional(),
  /** Exchange 2010 has one log of both ends, at port 443: `backEndLogs` names it, and what is written there counts. */
  exchange: z.literal(2010).optional(),
  httpProxyLogs: z.string().optional(),
  edgeLogs: z.string().optional(),
  exchangePath: z.string().optional(),
  /** Folder of exported Application logs, where events are read from files. */
  exportedEvents: z.string().optional(),
  /** Of exports whose dates could be of two days (05/11/2026): which part is the day. */
  exportedDates: z.enum(['day-first', 'month-first']).optional(),
  edge: z.string().optional(),
});

const PolicyEdge = z.strictObject({
  name: z.string().min(1),
  kind: z.enum(['f5', 'citrix-adc', 'haproxy', 'nginx', 'azure', 'kemp', 'fortigate', 'other']),
  idleTimeoutSeconds: z.number().int().positive().optional(),
  where: z.string().optional(),
});

const sinkName = z.string().regex(/^[a-z0-9-]{1,40}$/, 'a name of small letters, digits and dashes');
const sinkFormat = z.enum(['ocsf', 'cef']).default('ocsf');

/** Where the audit is sent on, as it grows (docs/operations.md). */
const AuditSink = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('syslog'),
    name: sinkName,
    format: sinkFormat,
    host: z.string().min(1),
    port: z.number().int().min(1).max(65_535).default(6514),
    /** PEM of who signed the server's certificate, where the system does not know them. */
    caFile: z.string().min(1).optional(),
  }),
  z.strictObject({
    kind: z.literal('hec'),
    name: sinkName,
    format: sinkFormat,
    url: z.url({ protocol: /^https$/, error: 'an address that begins with https://' }),
    caFile: z.string().min(1).optional(),
  }),
]);
export type AuditSink = z.infer<typeof AuditSink>;

const StepUp = z.enum(['off', 'full', 'always']);
export type StepUp = z.infer<typeof StepUp>;

/** Every kind of thing that waits for an approval, by the role that decides; src/start/registries.ts has a subject for each. */
export const approvalKinds = {
  wipe: 'approver',
  'remove-device': 'approver',
  'block-device': 'approver',
  unlock: 'admin',
  forget: 'admin',
  'app-block': 'approver',
  'web-config': 'admin',
} as const satisfies Record<string, Role>;
export type ApprovalKind = keyof typeof approvalKinds;
const ApprovalKind = z.literal(Object.keys(approvalKinds).filter(isApprovalKind));

function isApprovalKind(word: string): word is ApprovalKind {
  return word in approvalKinds;
}

const places = z.array(PlaceText).default([]);

/** The most that policy.yaml may say, so that one edit cannot take a protection away altogether; docs/policy.md states them. */
export const policyLimits = {
  'approvals.expireMinutes': 240,
  'approvals.executeWithinMinutes': 60,
  'brake.perRequesterAndDay': 10,
  'brake.perTenMinutes': 20,
  'brake.perDay': 100,
  'planB.afterMinutes': 240,
  'planB.afterHeartbeatMinutes': 120,
  'planB.againMinutes': 240,
  holdMaxHours: 24,
  'retention.inboxDays': 3650,
  'retention.deliveriesDays': 3650,
  'retention.actionsDays': 3650,
  'retention.evidenceDays': 3650,
  'retention.rollUpDays': 400,
} as const satisfies Record<string, number>;

function limited(of: keyof typeof policyLimits) {
  const most = policyLimits[of];
  return z.number().int().positive().max(most, `at most ${most}`);
}

export const Policy = z
  .strictObject({
    people: z.array(PolicyPerson).default([]),
    /** Platform groups whose members are helpdesk; honoured only with `identitiesManaged`. */
    helpdeskGroups: z.array(z.string().min(1)).default([]),
    /** The platform's accounts and groups are managed by the organisation (SSO, SCIM), so that group membership can be trusted. */
    identitiesManaged: z.boolean().default(false),
    vip: z.array(z.string().min(1)).default([]),
    approvals: z
      .strictObject({
        expireMinutes: limited('approvals.expireMinutes').default(30),
        executeWithinMinutes: limited('approvals.executeWithinMinutes').default(15),
        ownersMayAsk: z.boolean().default(false),
        /**
         * Before what an approver proves once more who they are, by a code on another chat platform: `full` before wipes that are typed
         * (full, Outlook), `always` before every approval; one word for all, or one for each kind.
         */
        stepUp: z.union([StepUp, z.partialRecord(ApprovalKind, StepUp)]).default('off'),
      })
      .prefault({}),
    /** Who is written to first about what waits for approval, the next and so on, by mailbox; `anyone`: everybody who may decide at once. */
    rota: z.union([z.literal('anyone'), z.array(z.string().min(1)).min(1)]).default('anyone'),
    brake: z
      .strictObject({
        perRequesterAndDay: limited('brake.perRequesterAndDay').default(3),
        perTenMinutes: limited('brake.perTenMinutes').default(5),
        perDay: limited('brake.perDay').default(20),
      })
      .prefault({}),
    planB: z
      .strictObject({
        afterMinutes: limited('planB.afterMinutes').default(30),
        afterHeartbeatMinutes: limited('planB.afterHeartbeatMinutes').default(10),
        againMinutes: limited('planB.againMinutes').default(30),
      })
      .prefault({}),
    holdMaxHours: limited('holdMaxHours').default(4),
    /** Days after which things are emptied or deleted (docs/retention.md); a week at least, for whoever looks into yesterday. */
    retention: z
      .strictObject({
        inboxDays: limited('retention.inboxDays').min(7).default(30),
        deliveriesDays: limited('retention.deliveriesDays').min(7).default(90),
        actionsDays: limited('retention.actionsDays').min(7).default(180),
        evidenceDays: limited('retention.evidenceDays').min(7).default(365),
        rollUpDays: limited('retention.rollUpDays').min(7).default(35),
      })
      .prefault({}),
    /** Domains that wipe notices may go to; an empty list means nowhere. */
    notificationDomains: z.array(z.string().min(1)).default([]),
    channels: z
      .strictObject({ helpdesk: places, approvals: places, security: places, mailOperations: places, audit: places })
      .prefault({}),
    /** Where alarms go beside chat (docs/operations.md). */
    alarms: z
      .strictObject({
        email: z
          .strictObject({
            from: z.email(),
            to: z.array(z.email()).min(1),
            host: z.string().min(1),
            port: z.number().int().min(1).max(65_535).default(587),
            user: z.string().min(1).optional(),
            caFile: z.string().min(1).optional(),
          })
          .optional(),
        webhooks: z.array(z.url({ protocol: /^https$/, error: 'an address that begins with https://' })).optional(),
        /** Of the webhooks. */
        caFile: z.string().min(1).optional(),
      })
      .optional(),
    auditStream: z.array(AuditSink).optional(),
    /** Where helpdesk commands may be typed, beside the channels above and private conversations. */
    commandChannels: places,
    timeZone: z.string().default('UTC').refine(isTimeZone, 'not an IANA time zone'),
    exchange: z
      .strictObject({
        /** SMTP address that Exchange records as the requestor of our wipes; empty where the account has no mailbox. */
        requestor: z.string().default(''),
      })
      .prefault({}),
    servers: z.array(PolicyServer).default([]),
    edges: z.array(PolicyEdge).default([]),
    networks: z
      .array(z.strictObject({ name: z.string().min(1), ranges: z.array(z.string().min(1)).min(1) }))
      .default([]),
  })
  .superRefine((policy, context) => {
    const owners = new Map<string, number>();
    for (const [index, person] of policy.people.entries()) {
      for (const identity of person.identities) {
        const other = owners.get(identity);
        if (other !== undefined && other !== index) {
          context.addIssue({
            code: 'custom',
            path: ['people', index, 'identities'],
            message: `an identity is listed for people ${other + 1} and ${index + 1}`,
          });
        }
        owners.set(identity, index);
      }
    }
    for (const [index, mailbox] of (policy.rota === 'anyone' ? [] : policy.rota).entries()) {
      const decides = policy.people.some(
        ({ mailboxes, roles }) =>
          mailboxes.some((each) => each.toLowerCase() === mailbox.toLowerCase()) &&
          roles.some((role) => role === 'approver' || role === 'admin'),
      );
      if (!decides) {
        const message = 'names nobody of this file who is an approver or an admin';
        context.addIssue({ code: 'custom', path: ['rota', index], message });
      }
    }
    const edges = new Set(policy.edges.map((edge) => edge.name));
    for (const [index, server] of policy.servers.entries()) {
      if (server.edge !== undefined && !edges.has(server.edge)) {
        context.addIssue({ code: 'custom', path: ['servers', index, 'edge'], message: 'names no edge of this file' });
      }
    }
  });
export type Policy = z.infer<typeof Policy>;

/** Reads policy.yaml's text. Throws MislaidError `policy-invalid` that lists every problem by its path and shows no values. */
export function parsePolicy(yaml: string, from: string): Policy {
  let raw: unknown;
  try {
    // Its warnings would quote the text on standard error.
    raw = parse(yaml, { strict: true, uniqueKeys: true, logLevel: 'error' }) ?? {};
  } catch (cause) {
    const where =
      cause instanceof Error && 'linePos' in cause && Array.isArray(cause.linePos)
        ? ` near line ${String(cause.linePos[0]?.line)}`
        : '';
    throw invalid(`${from} is not YAML${where}. Correct it and start again.`);
  }
  if (!isPolicyLike(raw)) {
    throw invalid(
      `${from} is no policy: most of what stands in it at the top is no section of one. Nothing of it is shown here. Is MISLAID_POLICY the right file? policy.example.yaml shows how a policy looks.`,
    );
  }
  const parsed = Policy.safeParse(raw);
  if (parsed.success) {
    // Looked at in a file alone: while a change cools off, what holds may be stricter than anybody can meet.
    for (const role of stepUpRolesOf(parsed.data)) {
      if (canStepUp(parsed.data, role).length >= 2) continue;
      throw invalid(
        `${from} has 1 problem:\n  approvals.stepUp: fewer than two people with the role ${role} have accounts on two chat platforms, so it could be that nobody approves`,
      );
    }
    return parsed.data;
  }
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || '(top)'}: ${shown(issue)}`);
  throw invalid(`${from} has ${counted(problems.length, 'problem')}:\n${problems.join('\n')}`);
}

/** A name that could not be a key's, a mistyped one included, may be a value that slid into its place. */
function shown(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  const names = issue.keys.filter((key) => /^[A-Za-z][A-Za-z-]{0,39}$/.test(key));
  const others = issue.keys.length - names.length;
  const said = [
    ...names,
    ...(others === 0 ? [] : [counted(others, 'key that is not shown', 'keys that are not shown')]),
  ];
  return `no policy has ${said.join(', ')} here`;
}

/** Another file, named by mistake or on purpose, is not told of: neither its keys nor its values. */
function isPolicyLike(raw: unknown): boolean {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return false;
  const keys = Object.keys(raw);
  const known = keys.filter((key) => key in Policy.shape).length;
  return known * 2 >= keys.length;
}

function invalid(message: string): MislaidError {
  return new MislaidError({ code: 'policy-invalid', message, userMessage: message });
}

/** What policy asks before an approval of this kind. */
export function stepUpOf({ approvals: { stepUp } }: Pick<Policy, 'approvals'>, kind: string): StepUp {
  if (typeof stepUp === 'string') return stepUp;
  return (isApprovalKind(kind) ? stepUp[kind] : undefined) ?? 'off';
}

/** Whether policy asks for step-up at all; roles in which it asks. */
export function stepUpRolesOf(policy: Pick<Policy, 'approvals'>): ('approver' | 'admin')[] {
  const asked = Object.entries(approvalKinds).filter(([kind]) => {
    const mode = stepUpOf(policy, kind);
    return mode === 'always' || (mode === 'full' && kind === 'wipe');
  });
  return [...new Set(asked.map(([, role]) => role))];
}

/** Who of this role can be sent a code: their accounts lie on two platforms at least. */
export function canStepUp({ people }: Pick<Policy, 'people'>, role: Role): PolicyPerson[] {
  return people.filter(
    ({ roles, identities }) => roles.some((held) => held === role) && new Set(identities.map(platformOf)).size > 1,
  );
}

/** The first part of an account's name: `slack`, `entra`, `console`. */
export function platformOf(identity: string): string {
  return identity.split(':')[0] ?? identity;
}

/** Hash of the whole policy: every process must run the same one, or approved wipes wait. */
export function policyHash(policy: Policy): string {
  return canonicalHash({ ...policy, people: hashedPeople(policy) });
}

/** One mailbox is hashed as it always was, so that what waits when this version starts is not void. */
function hashedPeople({ people }: Policy): readonly object[] {
  return people.map(({ mailboxes, ...person }) => (mailboxes.length === 1 ? person : { ...person, mailboxes }));
}

/** Hash of what an approval rests on (who holds which role, and what an approval takes): frozen in every proposal. */
export function approvalsHash(policy: Policy): string {
  const { helpdeskGroups, identitiesManaged, vip, approvals } = policy;
  const { stepUp, ...others } = approvals;
  // As it was before there was step-up, where there is none.
  const asked = stepUp === 'off' ? others : approvals;
  return canonicalHash({ people: hashedPeople(policy), helpdeskGroups, identitiesManaged, vip, approvals: asked });
}
