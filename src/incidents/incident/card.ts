/** The one card of an incident: what is known, what must not be done, how far a wipe got, what comes next and who must do it. */
import type { Kysely } from 'kysely';
import { loadCapabilities } from '../../exchange/stored-capabilities.ts';
import type { Block, DraftMessage, Intent, Tone } from '../../message/model.ts';
import { button, buttons, note, paragraph, strong, text, time } from '../../message/text.ts';
import { firstWord } from '../../message/words.ts';
import type { Policy } from '../../policy.ts';
import type { Projection } from '../../store/projection.ts';
import type { Database } from '../../store/schema.ts';
import { pagedNamesOnEach } from '../approvals/paging.ts';
import { deviceBlocks, deviceButtons } from '../devices/card-blocks.ts';
import { type EvidenceProvider, incidentEvidence } from '../devices/evidence.ts';
import { drillBlocks, incidentName } from '../drill/drill.ts';
import { wipeBlocks } from '../wipe/card-blocks.ts';
import { followUpBlocks } from '../wipe/follow-up.ts';
import { isOpen } from '../wipe/machine.ts';
import { remarks } from './remarks.ts';
import { type IncidentView, loadIncident } from './view.ts';

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
      opening(view),
      ...(open ? [holdBlock(view)] : [closing(view)]),
      ...(open ? remarks(view) : []),
      ...deviceBlocks({ view, capabilities, evidence }),
      ...wipeBlocks({ view, now, policy, paged }),
      ...drillBlocks(view),
      ...(open ? whatNext(view) : []),
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

function holdBlock(view: IncidentView): Block<Intent> {
  const { incident, owner, names } = view;
  const first = firstWord(owner.displayName);
  if (incident.hold === 'closed') {
    const by = incident.holdClosedBy === null ? '' : ` (${names.get(incident.holdClosedBy) ?? 'somebody'})`;
    return paragraph(strong(`${first}'s password may be reset now.`), ` ${incident.holdClosedWhy ?? ''}${by}`);
  }
  const changed = view.timeline.ticks.filter(({ step }) => step === 'password').at(-1);
  if (owner.accountEnabled === false || changed !== undefined) {
    return paragraph(
      strong(
        owner.accountEnabled === false
          ? `${first}'s account is disabled: no phone can log in, so none hears of a wipe.`
          : `${first}'s password was changed: a phone that still has the old one cannot log in, so it hears of no wipe.`,
      ),
      ' Do not block or remove the phone, or suspend the SIM yet. If somebody is using the account now, that comes first: call security.',
    );
  }
  return paragraph(
    strong(`Do not reset ${first}'s password, disable the account, block or remove the phone, or suspend the SIM yet.`),
    ' The phone must still log in to hear of a wipe. I will say when it is safe. If somebody is using the account now, that comes first: call security.',
  );
}

function closing(view: IncidentView): Block<Intent> {
  const { incident, names } = view;
  const by = incident.closedBy === null ? '' : ` by ${names.get(incident.closedBy) ?? 'somebody'}`;
  return paragraph(
    strong('Closed'),
    by,
    ...(incident.closedAt === null ? [] : [', ', time(incident.closedAt)]),
    incident.closeReason === null ? '' : `: ${incident.closeReason}`,
  );
}

function whatNext(view: IncidentView): Block<Intent>[] {
  const { incident, devices, wipes } = view;
  const n = incident.number;
  if (wipes.some((wipe) => wipe.state === 'acknowledged' || wipe.exchangeHolds)) return followUpBlocks(view);
  if (wipes.some((wipe) => isOpen(wipe.state))) {
    const others = deviceButtons(view).length > 0;
    return others ? [note(`Is another phone lost, too? Say "wipe INC-${n} <number of the phone>".`)] : [];
  }
  if (devices.length === 0) {
    return view.timeline.devicesRead
      ? [
          paragraph(
            "No phone syncs with this mailbox, so there is nothing that Exchange could wipe: both of Exchange's lists say so.",
          ),
          buttons(button('Close', 'close', { incident: n })),
        ]
      : [note('Reading the phones from Exchange …')];
  }
  return [
    { kind: 'text', text: text(strong('Which phone is lost?')) },
    buttons(...deviceButtons(view), button('None of these', 'found', { incident: n, none: true })),
  ];
}
