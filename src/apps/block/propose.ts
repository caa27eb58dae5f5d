/** From a pressed button to a step that waits for a second person, with the frozen payload on which that person decides. */
import type { Kysely } from 'kysely';
import type { Actor } from '../../directory/actor.ts';
import { isOnline, loadCapabilities } from '../../exchange/stored-capabilities.ts';
import { MislaidError } from '../../ground/errors.ts';
import { requestApproval } from '../../incidents/approvals/request.ts';
import { approvalSubjectOf } from '../../incidents/approvals/subject.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { appBlockSubject, webConfigSubject } from './approval-subject.ts';
import { incidentsStopped, type Preview, previewOf } from './preview.ts';
import { isCaught } from './rules.ts';
import { type AppBlock, type StepPayload, stepTitle } from './steps.ts';
import { blockSubject } from './store.ts';
import { verdictIn } from './verify.ts';

export const stages = ['notice', 'quarantine', 'block', 'personal', 'ews'] as const;
export type Stage = (typeof stages)[number];

/** Throws MislaidError `nothing-to-do` and `wipe-on-its-way`, with the sentence for the person. */
export async function payloadFor(
  db: Kysely<Database>,
  { block, stage, now }: { block: AppBlock; stage: Stage; now: Date },
): Promise<StepPayload> {
  const preview = await previewOf(db, block, now);
  switch (stage) {
    case 'notice':
      return notice(block, preview);
    case 'quarantine':
      return rule(block, preview, 'Quarantine');
    case 'block':
      return rule(block, preview, 'Block');
    case 'personal':
      return personal(block, preview);
    case 'ews':
      if (isOnline(await loadCapabilities(db, block.organisation)) === true) throw nothing(ewsOnline);
      return { kind: 'ews', agents: [`*${block.name.replace(/[*"']/g, '')}*`] };
  }
}

/** Known from MC1227454 (message center). */
const ewsOnline =
  'Exchange Online goes by no list of user agents here: since October 2026 EWS is open only to apps on the allow list by app id (EWSAllowedAppIDs), and it ends on 1 April 2027. Take the app off that list.';

function notice(block: AppBlock, preview: Preview): StepPayload {
  const people = preview.people.flatMap(({ guid }) => guid ?? []);
  if (people.length === 0) throw nothing(`Nobody whom the directory knows uses ${block.name}.`);
  return {
    kind: 'notice',
    people,
    text: `Your work mail is read through the app ${block.name}, which will soon be kept out of our mail server. Please set up your work mail in your phone's own mail app or in Outlook; your mail itself stays where it is. Ask the helpdesk if you need help.`,
  };
}

function rule(block: AppBlock, preview: Preview, level: 'Block' | 'Quarantine'): StepPayload {
  refuseWipes(preview);
  const { rules } = preview.choice;
  if (rules.length === 0)
    throw nothing(
      `No exact string names the phones with ${block.name} and nobody else's, so a rule would block others. A personal block is left.`,
    );
  const caught = preview.phones.filter((phone) => rules.some((one) => isCaught(phone, one)));
  return {
    kind: 'rule',
    level,
    rules,
    devices: caught.flatMap(({ device }) => device?.guid ?? []),
    people: new Set(caught.map(({ owner, account }) => owner?.guid ?? account)).size,
  };
}

/** Those whom no rule reaches, and those who still get through one. */
function personal(block: AppBlock, preview: Preview): StepPayload {
  refuseWipes(preview);
  const through = verdictIn(block)?.through.map(({ key }) => key) ?? [];
  const wanted = preview.phones.filter((one) => preview.choice.uncovered.includes(one) || through.includes(one.key));
  const devices = wanted.flatMap(({ device, owner }) =>
    device === undefined || owner === null
      ? []
      : [{ guid: device.guid, deviceId: device.deviceId, person: owner.guid, name: owner.name }],
  );
  if (devices.length === 0) throw nothing('There is no single device that a personal block would reach.');
  return { kind: 'personal', devices };
}

function refuseWipes(preview: Preview): void {
  const incidents = incidentsStopped(preview);
  if (incidents === undefined) return;
  throw new MislaidError({
    code: 'wipe-on-its-way',
    message: `a block would stop the wipe of ${incidents}`,
    userMessage: `I will not block these phones now: a wipe of one of them is on its way (${incidents}), and a blocked phone never hears of it. Wait for its acknowledgement, or give the wipe up first.`,
  });
}

function nothing(sentence: string): MislaidError {
  return new MislaidError({ code: 'nothing-to-do', message: sentence, userMessage: sentence });
}

/** An edit of a web.config, and what takes one back, is for admins to decide. Throws MislaidError `step-waits`. */
export async function proposeStep(
  change: Change,
  policy: Policy,
  input: { block: AppBlock; payload: StepPayload; by: Actor; role: 'approver' | 'admin' },
): Promise<void> {
  const { block, payload, by, role } = input;
  await change.tx.selectFrom('appBlock').select('id').where('id', '=', block.id).forUpdate().execute();
  const waiting = await change.tx
    .selectFrom('appBlockStep')
    .select('id')
    .where('blockId', '=', block.id)
    .where('kind', '=', payload.kind)
    .where('state', 'in', ['waiting', 'approved'])
    .executeTakeFirst();
  if (waiting !== undefined) {
    throw new MislaidError({
      code: 'step-waits',
      message: `app block ${block.id} has a waiting step ${waiting.id}`,
      userMessage: `A step of this kind waits already for ${block.name}: it must be decided or expire first.`,
    });
  }
  const { id } = await change.tx
    .insertInto('appBlockStep')
    .values({
      blockId: block.id,
      kind: payload.kind,
      payload: JSON.stringify(payload),
      state: 'waiting',
      requestedBy: by.person.guid,
      requestedAt: change.now,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const approval = await requestApproval(change, policy, {
    subject: payload.kind === 'web-config' ? webConfigSubject : appBlockSubject,
    subjectId: String(id),
    incident: null,
    organisation: block.organisation,
    payload: { app: block.app, step: id, ...payload },
    ownerGuid: null,
    role,
    needed: 1,
    by,
  });
  await change.tx.updateTable('appBlockStep').set({ approvalId: approval.id }).where('id', '=', id).execute();
  await change.refresh(blockSubject(block.id));
  await change.refresh(approvalSubjectOf(approval.id));
  await notify(change, policy, 'app-step-proposed', {
    line: [`${block.name}: ${by.person.displayName} asks to ${stepTitle(payload)}`],
  });
}
