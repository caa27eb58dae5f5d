/**
 * policy.yaml, whole: who may do what, who must agree, where things are said. It fails closed: an unknown key, an unknown
 * role or a badly written identity stops the start, and every problem is named at once, without values.
 */
import { parse } from 'yaml';
import { z } from 'zod';
import { IdentityText, PlaceText } from './ground/addresses.ts';
import { canonicalHash } from './ground/canonical.ts';
import { MislaidError } from './ground/errors.ts';

/** From least to most. `user` acts on his own devices only; a person holds exactly the roles that are granted to him. */
export const Role = z.enum(['user', 'helpdesk', 'approver', 'security', 'admin']);
export type Role = z.infer<typeof Role>;

const PolicyPerson = z.strictObject({
  /** For readers of the file; the directory's name is what people see. */
  name: z.string().min(1),
  /** An address or UPN of the person's mailbox: how chat accounts become one directory person. */
  mailbox: z.string().min(1),
  identities: z.array(IdentityText).min(1),
  roles: z.array(Role.exclude(['user'])).default([]),
});

const PolicyServer = z.strictObject({
  name: z.string().min(1),
  frontEndLogs: z.string().optional(),
  backEndLogs: z.string().optional(),
  httpProxyLogs: z.string().optional(),
  edgeLogs: z.string().optional(),
  exchangePath: z.string().optional(),
  /** Folder of exported Application logs, where events are read from files. */
  exportedEvents: z.string().optional(),
  edge: z.string().optional(),
});

const PolicyEdge = z.strictObject({
  name: z.string().min(1),
  kind: z.enum(['f5', 'citrix-adc', 'haproxy', 'nginx', 'azure', 'kemp', 'fortigate', 'other']),
  idleTimeoutSeconds: z.number().int().positive().optional(),
  where: z.string().optional(),
});

const places = z.array(PlaceText).default([]);
const positive = z.number().int().positive();

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
        expireMinutes: positive.default(30),
        executeWithinMinutes: positive.default(15),
        ownersMayAsk: z.boolean().default(false),
      })
      .prefault({}),
    brake: z
      .strictObject({
        perRequesterAndDay: positive.default(3),
        perTenMinutes: positive.default(5),
        perDay: positive.default(20),
      })
      .prefault({}),
    planB: z
      .strictObject({
        afterMinutes: positive.default(30),
        afterHeartbeatMinutes: positive.default(10),
        againMinutes: positive.default(30),
      })
      .prefault({}),
    holdMaxHours: positive.default(4),
    /** Domains that wipe notices may go to; an empty list means nowhere. */
    notificationDomains: z.array(z.string().min(1)).default([]),
    channels: z
      .strictObject({ helpdesk: places, approvals: places, security: places, mailOperations: places, audit: places })
      .prefault({}),
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
    raw = parse(yaml, { strict: true, uniqueKeys: true });
  } catch (cause) {
    const where =
      cause instanceof Error && 'linePos' in cause && Array.isArray(cause.linePos)
        ? ` near line ${String(cause.linePos[0]?.line)}`
        : '';
    throw new MislaidError({
      code: 'policy-invalid',
      message: `${from} is not YAML${where}. Mend it and start again.`,
    });
  }
  const parsed = Policy.safeParse(raw ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || '(top)'}: ${issue.message}`);
  throw new MislaidError({
    code: 'policy-invalid',
    message: `${from} has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.join('\n')}`,
  });
}

/** Hash of the whole policy: every process must run the same one, or approved wipes wait. */
export function policyHash(policy: Policy): string {
  return canonicalHash(policy);
}

/** Hash of what an approval rests on (who holds which role, and what an approval takes): frozen in every proposal. */
export function approvalsHash(policy: Policy): string {
  const { people, helpdeskGroups, identitiesManaged, vip, approvals } = policy;
  return canonicalHash({ people, helpdeskGroups, identitiesManaged, vip, approvals });
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
