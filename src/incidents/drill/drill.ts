/**
 * Drills: the whole flow on a phone of the lab, beside the real organisation, decided by the real people. They are marked
 * DRILL wherever they are shown, counted apart, and end with how long each step took.
 */
import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import type { Block, DraftAnswer, DraftMessage, Intent } from '../../message/model.ts';
import { list, paragraph, strong, text, time } from '../../message/text.ts';
import { drillWord, isDrill } from '../../store/drills.ts';
import type { Database } from '../../store/schema.ts';
import type { IncidentView } from '../incident/view.ts';

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

/** How an incident is called where a drill may stand beside real ones: `INC-104`, `DRILL · INC-105`. */
export function incidentName(number: number, drill: boolean): string {
  return `${drill ? `${drillWord} · ` : ''}INC-${number}`;
}

/** What was named: the arguments of a command, as they were said or as its button holds them. */
const Named = z.object({
  incident: z.union([z.number(), z.string()]).optional().catch(undefined),
  approval: z.number().optional().catch(undefined),
});

/**
 * `DRILL` for an answer or a message that speaks of drills alone and does not begin with the word itself; lists in which a drill
 * stands beside real incidents mark its row. Examples (`code`) speak of nothing.
 */
export async function drillMarkOfMessage(
  db: Kysely<Database>,
  spoken: DraftAnswer | DraftMessage,
  args: unknown = {},
): Promise<string | undefined> {
  const said = JSON.stringify(spoken, (_key, value: unknown) => (isExample(value) ? undefined : value));
  const named = Named.parse(typeof args === 'object' && args !== null ? args : {});
  const approvals = new Set([...said.matchAll(/"approval":(\d+)/g)].map((match) => Number(match[1])));
  if (named.approval !== undefined) approvals.add(named.approval);
  const numbers = new Set([
    ...[...said.matchAll(/\bINC-(\d+)\b/g), ...said.matchAll(/"incident":(\d+)/g)].map((match) => Number(match[1])),
    ...(named.incident === undefined ? [] : [Number(/\d+/.exec(String(named.incident))?.[0] ?? none)]),
  ]);
  if (!(await areDrills(db, [...numbers], [...approvals]))) return undefined;
  return firstWords(spoken).every((words) => words.startsWith(drillWord)) ? undefined : drillWord;
}

/** Stands for what belongs to no incident, so that nothing beside it is taken for a drill. */
const none = 0;
const largestNumber = 2 ** 31 - 1;

/** Whether there are any, and nothing but drills' among them. */
async function areDrills(
  db: Kysely<Database>,
  incidents: readonly number[],
  approvals: readonly number[],
): Promise<boolean> {
  const asked = approvals.filter((id) => id <= largestNumber);
  if (incidents.length + asked.length === 0 || incidents.some((number) => number > largestNumber)) return false;
  const { rows } = await sql<{ drills: boolean | null }>`
    select bool_and(coalesce(incident.drill, false)) as drills from (
      select unnest(${incidents}::integer[]) as number
      union select incident_number from approval where id = any(${asked}::integer[])) as named
    left join incident using (number)`.execute(db);
  return rows[0]?.drills === true;
}

function isExample(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'code';
}

/** What a reader sees first of each part: the title, or the first text where there is none; of a form what stands above its fields. */
function firstWords(spoken: DraftAnswer | DraftMessage): string[] {
  if ('blocks' in spoken) return [spoken.title ?? textOf(spoken.blocks[0])];
  return [
    ...(spoken.private === undefined ? [] : firstWords(spoken.private)),
    ...(spoken.form === undefined ? [] : [textOf(spoken.form.intro?.[0])]),
  ];
}

function textOf(block: Block<Intent> | undefined): string {
  if (block?.kind !== 'text') return '';
  const [first] = block.text;
  return first !== undefined && 'text' in first ? first.text : '';
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
        text(
          `${step.what} `,
          time(step.at),
          step.seconds === 0 ? '' : `: ${formatDuration(step.seconds)} after the report`,
        ),
      ),
    ),
  ];
}

export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  if (minutes < 60) return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
