/** The one card of an incident: what is known, what must not be done, how far a wipe got, what comes next and who must do it. */
import type { Kysely } from 'kysely';
import { loadCapabilities } from '../../exchange/stored-capabilities.ts';
import type { Block, DraftMessage, Intent, Tone } from '../../message/model.ts';
import { list, note, paragraph, strong, text, time } from '../../message/text.ts';
import { firstWord } from '../../message/words.ts';
import type { Policy } from '../../policy.ts';
import type { Projection } from '../../store/projection.ts';
import type { Database } from '../../store/schema.ts';
import { pagedNamesOnEach } from '../approvals/paging.ts';
import { deviceBlocks } from '../devices/card-blocks.ts';
import { type EvidenceProvider, incidentEvidence } from '../devices/evidence.ts';
import { drillBlocks, incidentName } from '../drill/drill.ts';
import { applyingWords, whatApplies } from '../hold/applies.ts';
import { wipeBlocks } from '../wipe/card-blocks.ts';
import { tickedBlocks } from '../wipe/follow-up.ts';
import { remarks } from './remarks.ts';
import { takeBackBlocks } from './take-back.ts';
import { type IncidentView, loadIncident } from './view.ts';
import { whatNext } from './what-next.ts';

export type IncidentCardInput = {
  view: IncidentView;
  db: Kysely<Database>;
  policy: Policy;
  now: Date;
  providers: readonly EvidenceProvider[];
};

/** Renders the card as the store is now. */
export function incidentProjection(evidence: readonly EvidenceProvider[]): Projection {
  return {
    kind: 'incident',
    render: async ({ db, id, now, policy }) =>
      incidentCard({ view: await loadIncident(db, Number(id)), db, policy, now, providers: evidence }),
  };
}

export async function incidentCard({ view, db, policy, now, providers }: IncidentCardInput): Promise<DraftMessage> {
  const { incident, owner } = view;
  const waiting = view.approvals.filter(({ state }) => state === 'waiting');
  const paged = await pagedNamesOnEach(db, policy, waiting);
  const [capabilities, evidence] = await Promise.all([
    loadCapabilities(db, incident.organisation),
    incidentEvidence(providers, { db, view, now, policy }),
  ]);
  const open = incident.state === 'open';
  return {
    title: `${incidentName(incident.number, incident.drill)} · ${kindWords[incident.kind]} · ${owner.displayName}`,
    tone: toneOf(view),
    blocks: [
      ...(open ? [...holdBlocks(view), ...remarks(view)] : [closing(view)]),
      ...wipeBlocks({ view, now, policy, paged }),
      ...(open ? whatNext(view) : [...tickedBlocks(view), ...takeBackBlocks(view)]),
      opening(view),
      ...deviceBlocks({ view, capabilities, evidence }),
      ...drillBlocks(view),
    ],
  };
}

const kindWords = {
  lost: 'Lost device',
  stolen: 'Stolen device',
  missing: 'Missing device',
  suspicious: 'Suspicious device',
  'outside-wipe': 'Wipe from elsewhere',
} as const;

function toneOf(view: IncidentView): Tone {
  if (view.incident.state === 'closed') return 'neutral';
  const last = view.wipes.at(-1);
  if (last?.state === 'acknowledged') return 'success';
  if (last?.state === 'refused-by-device' || view.incident.planBRaisedAt !== null) return 'danger';
  return view.incident.hold === 'open' ? 'warning' : 'neutral';
}

function opening(view: IncidentView): Block<Intent> {
  const { incident, opener, owner } = view;
  const who = incident.byOwner
    ? `reported by ${owner.displayName}`
    : `opened by ${opener?.displayName ?? 'Mislaid itself'}`;
  const named = view.timeline.namedDevice;
  return note(
    `${who}, `,
    time(incident.openedAt),
    named === undefined ? '' : ` · phone named: “${named}”`,
    incident.remark === null ? '' : ` — “${incident.remark}”`,
  );
}

function holdBlocks(view: IncidentView): Block<Intent>[] {
  if (view.incident.hold === 'closed') return [holdClosed(view)];
  const { headline, advice } = applyingWords(whatApplies(view), view);
  return [paragraph(...headline), ...(advice.length === 0 ? [] : [list(...advice.map((words) => text(...words)))])];
}

function holdClosed(view: IncidentView): Block<Intent> {
  const { incident, owner, names, timeline } = view;
  const first = firstWord(owner.displayName);
  const { found } = timeline;
  if (found !== undefined) {
    const by = found.by === null ? '' : `, says ${names.get(found.by) ?? 'somebody'}, `;
    return paragraph(
      strong(found.none ? 'None of these phones is lost' : 'The phone was found'),
      by,
      time(found.at),
      `. Nothing is waited for: ${first}'s password may stay as it is, or be reset.`,
    );
  }
  const who = incident.holdClosedBy === null ? undefined : (names.get(incident.holdClosedBy) ?? 'somebody');
  const by = who === undefined || incident.holdClosedWhy?.includes(who) === true ? '' : ` (${who})`;
  const reset = timeline.ticks.some(({ step }) => step === 'password');
  return paragraph(
    strong(reset ? `${first}'s password was reset.` : `${first}'s password may be reset now.`),
    ` ${incident.holdClosedWhy ?? ''}${by}`,
  );
}

function closing(view: IncidentView): Block<Intent> {
  const { incident, names } = view;
  const by = incident.closedBy === null ? '' : ` by ${names.get(incident.closedBy) ?? 'somebody'}`;
  return paragraph(
    strong(view.timeline.mistaken ? 'Opened by mistake, and closed' : 'Closed'),
    by,
    ...(incident.closedAt === null ? [] : [', ', time(incident.closedAt)]),
    incident.closeReason === null ? '' : `: ${incident.closeReason}`,
  );
}
