/**
 * What comes while a request waits and changes how it is read: the owner says found, Exchange was asked by somebody else … It stands
 * on every copy and in every answer; the first of its kind makes an earlier showing stale. Syncs and repetitions never do, or nobody
 * could ever decide.
 */
import { type Kysely, type Selectable, sql } from 'kysely';
import { z } from 'zod';
import { canonicalHash } from '../../ground/canonical.ts';
import { assertNever } from '../../ground/errors.ts';
import type { Span, StaticBlock, Text } from '../../message/model.ts';
import { list, paragraph, strong, text, time } from '../../message/text.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import type { ApprovalTable } from '../../store/tables/approvals.ts';

const RemarkKind = z.enum(['owner-found', 'owner-kept', 'other-request', 'password', 'hold', 'account']);
export type RemarkKind = z.infer<typeof RemarkKind>;
export type Remark = { kind: RemarkKind; text: Text };

/** What somebody was shown of a request: its frozen content by its hash, and the kinds of remarks that stood beside it. */
export const Shown = z.object({ content: z.string(), remarks: z.array(RemarkKind).default([]) });
export type Shown = z.infer<typeof Shown>;

/** One hash for a showing: what a decision, a code and later a signature are bound to. */
export function hashOfShown({ content, remarks }: Shown): string {
  return canonicalHash({ content, remarks: [...new Set(remarks)].sort() });
}

/** How it stood when it was asked for, frozen in the payload: what is later than this is a remark. */
export const AskedAt = z.object({
  /** The newest event of the incident. */
  event: z.number().int(),
  accountEnabled: z.boolean().nullable(),
});
export type AskedAt = z.infer<typeof AskedAt>;

/** The phone that a request is about. */
const OfPhone = z.object({
  frozen: z.object({ deviceGuid: z.string().optional() }).optional(),
  deviceGuid: z.string().optional(),
});
const OfDevice = z.object({ device: z.union([z.number(), z.string()]) });
const kindOfEvent: Readonly<Record<string, Exclude<RemarkKind, 'account'>>> = {
  'owner.reported-found': 'owner-found',
  'owner.reported-kept': 'owner-kept',
  'outside-wipe.seen': 'other-request',
  'step.ticked': 'password',
  'hold.closed': 'hold',
};

type EventRow = { id: number; kind: string; data: Record<string, unknown>; at: Date };
type Waiting = Pick<
  Selectable<ApprovalTable>,
  'id' | 'incidentNumber' | 'payload' | 'payloadHash' | 'requestedAt' | 'subjectKind'
>;

/** How the incident stands at this moment of asking. */
export async function askedAt(db: Kysely<Database>, incident: number | null): Promise<AskedAt | undefined> {
  if (incident === null) return undefined;
  const newest = await db
    .selectFrom('incidentEvent')
    .select('id')
    .where('incidentNumber', '=', incident)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return { event: newest?.id ?? 0, accountEnabled: await accountOf(db, incident) };
}

/** Every remark on a request, oldest first; of each kind the first, because the others repeat it. */
export async function remarksOn(db: Kysely<Database>, approval: Waiting): Promise<Remark[]> {
  return (await remarksOnEach(db, [approval]))[0] ?? [];
}

/** What of an incident that was read already (IncidentView) remarks are made from. */
type AsRead = {
  events: readonly (EventRow & { name?: string })[];
  devices: readonly Device[];
  owner: { accountEnabled?: boolean };
};

/** The same of a request on an incident that was read already. */
export function remarksIn(view: AsRead, approval: Waiting): Remark[] {
  const { data } = OfPhone.safeParse(approval.payload);
  const guid = data?.frozen?.deviceGuid ?? data?.deviceGuid;
  return remarksAmong(approval, {
    events: view.events.map((event) => ({ ...event, kind: event.name ?? event.kind })),
    device: view.devices.find((device) => device.guid === guid),
    enabled: view.owner.accountEnabled ?? null,
  });
}

/** What else is said of a request: who asked, whether it is a drill's, whether the owner's account is enabled, which phone of the incident. */
export type WaitingFacts = {
  asker: string | null;
  drill: boolean | null;
  accountEnabled: boolean | null;
  device: Device | undefined;
};

/** Of each request, by its id, in one question. */
export async function waitingFacts(
  db: Kysely<Database>,
  approvals: readonly Pick<Waiting, 'id'>[],
): Promise<Map<number, WaitingFacts>> {
  if (approvals.length === 0) return new Map();
  const rows = await db
    .selectFrom('approval')
    .leftJoin('person as asker', 'asker.guid', 'approval.requestedBy')
    .leftJoin('incident', 'incident.number', 'approval.incidentNumber')
    .leftJoin('person as owner', 'owner.guid', 'incident.personGuid')
    .leftJoin('incidentDevice as device', (join) =>
      join
        .onRef('device.incidentNumber', '=', 'approval.incidentNumber')
        .on(
          sql<boolean>`device.device_guid = coalesce(approval.payload->'frozen'->>'deviceGuid', approval.payload->>'deviceGuid')`,
        ),
    )
    .select(['approval.id', 'asker.displayName as asker', 'incident.drill', 'owner.accountEnabled'])
    .select(['device.number as deviceNumber', 'device.deviceGuid'])
    .where(
      'approval.id',
      'in',
      approvals.map(({ id }) => id),
    )
    .execute();
  return new Map(
    rows.map(({ id, deviceNumber, deviceGuid, ...facts }) => [
      id,
      {
        ...facts,
        device: deviceNumber === null || deviceGuid === null ? undefined : { number: deviceNumber, guid: deviceGuid },
      },
    ]),
  );
}

/** The same of several requests, in their order, with as many questions as for one. */
export async function remarksOnEach(
  db: Kysely<Database>,
  approvals: readonly Waiting[],
  facts?: ReadonlyMap<number, WaitingFacts>,
): Promise<Remark[][]> {
  const incidents = [...new Set(approvals.flatMap(({ incidentNumber }) => incidentNumber ?? []))];
  if (incidents.length === 0) return approvals.map(() => []);
  const events = await db
    .selectFrom('incidentEvent')
    .select(['id', 'kind', 'data', 'at', 'incidentNumber'])
    .where('incidentNumber', 'in', incidents)
    .where('kind', 'in', Object.keys(kindOfEvent))
    .orderBy('id')
    .execute();
  const known = facts ?? (await waitingFacts(db, approvals));
  return approvals.map((approval) => {
    const { incidentNumber: incident } = approval;
    if (incident === null) return [];
    const { device, accountEnabled } = known.get(approval.id) ?? { device: undefined, accountEnabled: null };
    return remarksAmong(approval, {
      events: events.filter((event) => event.incidentNumber === incident),
      device,
      enabled: accountEnabled,
    });
  });
}

type Known = { events: readonly EventRow[]; device: Device | undefined; enabled: boolean | null };

function remarksAmong(approval: Waiting, { events, device, enabled }: Known): Remark[] {
  const asked = AskedAt.safeParse(approval.payload.asked);
  const since = events.filter((event) =>
    asked.success ? event.id > asked.data.event : event.at > approval.requestedAt,
  );
  const found = new Map<RemarkKind, Remark>();
  for (const event of since) {
    const kind = remarkOf(event, device);
    if (kind === undefined || found.has(kind)) continue;
    found.set(kind, { kind, text: text(...sentence(kind), ' ', time(event.at)) });
  }
  const before = asked.success ? asked.data.accountEnabled : null;
  // What was not known before and is enabled now is no change.
  if (enabled !== null && enabled !== (before ?? true)) {
    found.set('account', { kind: 'account', text: text(...sentence('account', enabled)) });
  }
  return [...found.values()];
}

/** What a showing of this request holds now. */
export function shownNow(approval: Pick<Waiting, 'payloadHash'>, remarks: readonly Remark[]): Shown {
  return { content: approval.payloadHash, remarks: remarks.map(({ kind }) => kind) };
}

/** The remarks, for a card or a form. */
export function remarkBlocks(remarks: readonly Remark[]): StaticBlock[] {
  if (remarks.length === 0) return [];
  return [paragraph(strong('Since it was asked for:')), list(...remarks.map((remark) => remark.text))];
}

/** Every copy of what waits on an incident is rendered again, because something that it shows is another. */
export async function refreshWaiting(change: Change, incident: number): Promise<void> {
  for (const { id } of await waitingOn(change, incident)) await change.refresh(`approval:${id}`);
}

async function waitingOn(change: Change, incident: number) {
  const rows = change.tx.selectFrom('approval').selectAll().where('incidentNumber', '=', incident);
  return await rows.where('state', '=', 'waiting').orderBy('id').execute();
}

/**
 * An event of an incident, as it is said of what waits there: every copy is rendered again, and the first of its kind is told under
 * each, because a card that is edited calls nobody.
 */
export async function remarkWaiting(
  change: Change,
  incident: number,
  event: { id: number; kind: string; data: Record<string, unknown> },
): Promise<void> {
  for (const approval of await waitingOn(change, incident)) {
    await change.refresh(`approval:${approval.id}`);
    const kind = remarkOf(event, await deviceOf(change.tx, approval));
    if (kind === undefined) continue;
    const asked = AskedAt.safeParse(approval.payload.asked);
    if (!asked.success || event.id <= asked.data.event) continue;
    const [first] = (await remarksOn(change.tx, approval)).filter((remark) => remark.kind === kind);
    const earlier = await change.tx
      .selectFrom('incidentEvent')
      .select('id')
      .where('incidentNumber', '=', incident)
      .where('kind', '=', event.kind)
      .where('id', '>', asked.data.event)
      .where('id', '<', event.id)
      .limit(1)
      .executeTakeFirst();
    if (first === undefined || earlier !== undefined) continue;
    await change.reply(`approval:${approval.id}`, {
      tone: 'warning',
      blocks: [paragraph(...first.text, '. Read the request again before you decide.')],
    });
  }
}

/** Whether an event of this kind may be said of what waits. */
export function mayBeRemark(kind: string): boolean {
  return kindOfEvent[kind] !== undefined;
}

function remarkOf(
  { kind, data }: Pick<EventRow, 'kind' | 'data'>,
  device: { number: number; guid: string } | undefined,
): RemarkKind | undefined {
  const remark = kindOfEvent[kind];
  if (remark === undefined) return undefined;
  if (kind === 'step.ticked') return data.step === 'password' ? remark : undefined;
  if (remark !== 'owner-kept' && remark !== 'other-request') return remark;
  const of = OfDevice.safeParse(data);
  if (!of.success || device === undefined) return undefined;
  return of.data.device === device.number || of.data.device === device.guid ? remark : undefined;
}

function sentence(kind: RemarkKind, accountEnabled = true): (string | Span)[] {
  switch (kind) {
    case 'owner-found':
      return [
        strong('The owner says that it was found: not verified.'),
        ' Said from chat, which the lost phone may hold,',
      ];
    case 'owner-kept':
      return [strong('The owner says that this phone is still at hand: not verified.'), ' Said from chat,'];
    case 'other-request':
      return [strong('Somebody else asked Exchange for a wipe of this phone,'), ' seen'];
    case 'password':
      return [strong('The password was reset:'), ' a phone that has the old one hears of no wipe. Noted'];
    case 'hold':
      return [
        strong('The hold was closed:'),
        ' the password may be reset, and then the phone hears of no wipe. Closed',
      ];
    case 'account':
      return accountEnabled
        ? [strong('The account is enabled again:'), ' the phone can log in and hear of a wipe.']
        : [strong('The account is disabled:'), ' no phone can log in, so none hears of a wipe.'];
    default:
      return assertNever(kind, 'remark');
  }
}

type Device = { number: number; guid: string };

/** The phone that a request is about. */
async function deviceOf(db: Kysely<Database>, approval: Pick<Waiting, 'id'>): Promise<Device | undefined> {
  return (await waitingFacts(db, [approval])).get(approval.id)?.device;
}

async function accountOf(db: Kysely<Database>, incident: number): Promise<boolean | null> {
  const row = await db
    .selectFrom('incident')
    .innerJoin('person', 'person.guid', 'incident.personGuid')
    .select('person.accountEnabled')
    .where('incident.number', '=', incident)
    .executeTakeFirst();
  return row?.accountEnabled ?? null;
}
