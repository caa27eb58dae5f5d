/**
 * Drills: the whole flow on a phone of the lab, beside the real organisation, decided by the real people. They are marked
 * DRILL wherever they are shown, counted apart, and end with how long each step took.
 */
import type { Kysely } from 'kysely';
import type { Block, Intent } from '../message/model.ts';
import { list, paragraph, strong, text, time } from '../message/text.ts';
import type { Database } from '../store/schema.ts';
import type { IncidentView } from './view.ts';

export const drillWord = 'DRILL';

export async function isDrill(db: Kysely<Database>, incident: number): Promise<boolean> {
  const row = await db.selectFrom('incident').select('drill').where('number', '=', incident).executeTakeFirst();
  return row?.drill === true;
}

/** `DRILL` for what belongs to a drill: the subject of a card (`incident:104`, `approval:7`). */
export async function drillMark(db: Kysely<Database>, subject: string): Promise<string | undefined> {
  const [kind, id] = subject.split(':');
  const number = Number(id);
  if (!Number.isSafeInteger(number)) return undefined;
  if (kind === 'incident') return (await isDrill(db, number)) ? drillWord : undefined;
  if (kind !== 'approval') return undefined;
  const approval = await db.selectFrom('approval').select('incidentNumber').where('id', '=', number).executeTakeFirst();
  return approval?.incidentNumber != null && (await isDrill(db, approval.incidentNumber)) ? drillWord : undefined;
}

export type DrillStep = { what: string; at: Date; seconds: number };

/** Report, approval, request and acknowledgement of the last wipe, each with the seconds since the report; only what happened. */
export function drillSteps(view: IncidentView): DrillStep[] {
  const wipe = view.wipes.at(-1);
  const approval =
    wipe === undefined
      ? undefined
      : view.approvals.find((each) => each.subjectKind === 'wipe' && each.subjectId === String(wipe.id));
  const glass = wipe?.transitions.find((row) => row.event === 'break-glass')?.at;
  const from = view.incident.openedAt;
  const steps: [string, Date | null | undefined][] = [
    ['Reported', from],
    ['Proposed', wipe?.proposedAt],
    [glass === undefined ? 'Approved' : 'Glass broken', glass ?? approval?.approvedAt],
    ['Asked of Exchange', wipe?.requestedAt],
    ['Handed to the phone', wipe?.sentAt],
    ['Acknowledged', wipe?.acknowledgedAt],
  ];
  return steps.flatMap(([what, at]) =>
    at === null || at === undefined
      ? []
      : [{ what, at, seconds: Math.max(0, Math.round((at.getTime() - from.getTime()) / 1000)) }],
  );
}

/** The times of a drill, once its phone has acknowledged. */
export function drillBlocks(view: IncidentView): Block<Intent>[] {
  if (!view.incident.drill || view.wipes.at(-1)?.state !== 'acknowledged') return [];
  return [
    paragraph(strong('How long the drill took')),
    list(
      ...drillSteps(view).map((step) =>
        text(`${step.what} `, time(step.at), step.seconds === 0 ? '' : `: ${duration(step.seconds)} after the report`),
      ),
    ),
  ];
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  if (minutes < 60) return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
