/**
 * The home page of one person: how to report a lost phone, their incidents, what waits for their decision, and whether wipes are
 * locked. The lost phone may still be logged in to chat, so who holds no role (or none while their own phone is lost) sees
 * their own reports only, and nothing of approvals.
 */

import type { Kysely } from 'kysely';
import { personByGuid } from '../directory/find.ts';
import type { Approvals } from '../incidents/approvals/approvals.ts';
import { describeWaiting } from '../incidents/approvals/waiting.ts';
import { lockState, pulledBy } from '../incidents/brake/brake.ts';
import { incidentName } from '../incidents/drill/drill.ts';
import { namesOf } from '../incidents/incident/view.ts';
import { currentRoles } from '../incidents/roles/current-roles.ts';
import type { Block, DraftMessage, Intent } from '../message/model.ts';
import { button, buttons, code, list, note, paragraph, strong, text, time } from '../message/text.ts';
import { firstWord, longestLabel, shortened } from '../message/words.ts';
import type { Role } from '../policy.ts';
import type { Projection, ProjectionInput } from '../store/projection.ts';
import type { Database } from '../store/schema.ts';
import { identityRow } from './identity.ts';

const mostIncidents = 10;
const mostApprovals = 10;

export function homeProjection(approvals: Approvals): Projection {
  return { kind: 'home', render: (input) => homePage(approvals, input) };
}

async function homePage(approvals: Approvals, input: ProjectionInput): Promise<DraftMessage | undefined> {
  const { db, id: identity, policy, now } = input;
  const known = await identityRow(db, identity);
  if (known === undefined || known.personGuid === null || known.refused !== null) return undefined;
  const person = await personByGuid(db, known.personGuid);
  if (person === undefined) return undefined;
  const roles = await currentRoles(db, policy, { guid: person.guid, identity }, now);
  const works = [...roles].some((role) => role !== 'user');
  return {
    title: 'Mislaid',
    tone: 'neutral',
    blocks: [
      ...reporting(firstWord(person.displayName), works),
      ...(works ? await lockBlocks(db) : []),
      ...(works ? await approvalBlocks(approvals, input, person.guid, roles) : []),
      ...(await incidentBlocks(db, person.guid, works)),
      buttons(...(works ? [button('All open incidents', 'incidents', { which: 'open' })] : []), helpButton),
    ],
  };
}

const helpButton = button('What I can say', 'help', {});

function reporting(first: string, works: boolean): Block<Intent>[] {
  return [
    paragraph(
      strong(`Is your phone gone, ${first}?`),
      ' Report it here, or write to me: ',
      code('I lost my phone'),
      '.',
    ),
    paragraph('Please do not change your password yourself; the helpdesk will tell you when.'),
    buttons(
      button(
        'Report my phone',
        'report-lost',
        {},
        {
          style: 'danger',
          confirm: {
            title: 'Report your phone as lost?',
            text: 'The helpdesk is told at once. Nothing is erased by this.',
            ok: 'Report it',
          },
          // Each report is one of its own: the button works again when a phone is lost again.
          epoch: 'home',
        },
      ),
    ),
    ...(works ? [note('For somebody else: /mislaid lost device <person>')] : []),
  ];
}

async function lockBlocks(db: Kysely<Database>): Promise<Block<Intent>[]> {
  const lock = await lockState(db);
  if (!lock.locked) return [];
  const names = await namesOf(db, lock.by === null ? [] : [lock.by]);
  const who = pulledBy(lock.cause) ?? names.get(lock.by ?? '') ?? 'somebody';
  return [paragraph(strong('⛔ All wipes are locked'), ' by ', who, ', ', time(lock.since), `: ${lock.reason}`)];
}

/** What this person may decide, as far as its row says; the click is authorised again. */
async function approvalBlocks(
  approvals: Approvals,
  { db, now }: ProjectionInput,
  guid: string,
  roles: ReadonlySet<Role>,
): Promise<Block<Intent>[]> {
  const rows = await db
    .selectFrom('approval')
    .selectAll()
    .where('state', '=', 'waiting')
    .where('expiresAt', '>', now)
    .where('requestedBy', '!=', guid)
    .where(({ or, eb }) => or([eb('ownerGuid', 'is', null), eb('ownerGuid', '!=', guid)]))
    .where('role', 'in', [...roles])
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('approvalDecision')
            .select('approvalId')
            .whereRef('approvalId', '=', 'approval.id')
            .where('actorGuid', '=', guid),
        ),
      ),
    )
    .orderBy('expiresAt')
    .limit(mostApprovals + 1)
    .execute();
  if (rows.length === 0) return [];
  const blocks: Block<Intent>[] = [paragraph(strong('Waiting for your decision'))];
  for (const { approval, what, line } of await describeWaiting(approvals, db, rows.slice(0, mostApprovals))) {
    blocks.push(
      { kind: 'text', text: line },
      buttons(
        // It shows the whole of it; a line is not what somebody decides on.
        button(shortened(`Show: ${what}`, longestLabel), 'approve', { approval: approval.id }),
        button('Deny…', 'deny', { approval: approval.id }, { style: 'danger' }),
      ),
    );
  }
  if (rows.length > mostApprovals) blocks.push(note('… and more: say "approvals".'));
  return blocks;
}

/** With a role: the open incidents that they opened. Without: their own reports, by number and time alone. */
async function incidentBlocks(db: Kysely<Database>, guid: string, works: boolean): Promise<Block<Intent>[]> {
  const mine = db.selectFrom('incident').selectAll().where('state', '=', 'open');
  const rows = await (works
    ? mine.where('openedBy', '=', guid)
    : mine.where('personGuid', '=', guid).where('byOwner', '=', true)
  )
    .orderBy('number', 'desc')
    .limit(mostIncidents)
    .execute();
  if (rows.length === 0) return works ? [paragraph(strong('Your open incidents'), ': none.')] : [];
  if (!works) {
    const reached = '. The helpdesk will reach you another way than by this phone.';
    const reports = rows.map((row) => text(strong(`INC-${row.number}`), ', ', time(row.openedAt), reached));
    return [paragraph(strong('Your report')), list(...reports)];
  }
  const owners = rows.map((row) => row.personGuid);
  const names = await namesOf(db, owners);
  return [
    paragraph(strong('Your open incidents')),
    list(
      ...rows.map((row) =>
        text(
          strong(incidentName(row.number, row.drill)),
          ` · ${row.kind} · ${names.get(row.personGuid) ?? 'not in the directory'}, `,
          time(row.openedAt),
          row.hold === 'open' ? ' · do not reset the password yet' : ' · the password may be reset',
        ),
      ),
    ),
    buttons(...rows.map((row) => button(`INC-${row.number}`, 'status', { incident: row.number }))),
  ];
}
