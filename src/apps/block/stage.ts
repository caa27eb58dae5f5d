/** From a pressed button to the frozen payload that an approver decides on. */
import type { Kysely } from 'kysely';
import { MislaidError } from '../../ground/errors.ts';
import type { Database } from '../../store/schema.ts';
import { type Preview, previewOf } from './preview.ts';
import { isCaught } from './rules.ts';
import type { AppBlock, StepPayload } from './steps.ts';
import { Verdict } from './verify.ts';

export const stages = ['notice', 'quarantine', 'block', 'personal', 'ews'] as const;
export type Stage = (typeof stages)[number];

/** Throws MislaidError `nothing-to-do` and `wipe-on-its-way`, with the sentence for the person. */
export async function payloadFor(
  db: Kysely<Database>,
  { block, stage, now }: { block: AppBlock; stage: Stage; now: Date },
): Promise<StepPayload> {
  const preview = await previewOf(db, { organisation: block.organisation, app: block.app, now });
  switch (stage) {
    case 'notice':
      return notice(block, preview);
    case 'quarantine':
    case 'block':
      return rule(block, preview, stage === 'block' ? 'Block' : 'Quarantine');
    case 'personal':
      return personal(block, preview);
    case 'ews':
      return { kind: 'ews', agents: [`*${block.name.replace(/[*"']/g, '')}*`] };
  }
}

function notice(block: AppBlock, { people }: Preview): StepPayload {
  const guids = people.flatMap(({ guid }) => (guid === undefined ? [] : [guid]));
  if (guids.length === 0) throw nothing(`Nobody whom the directory knows uses ${block.name}.`);
  return {
    kind: 'notice',
    people: guids,
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
  const caught = preview.phones.filter(
    ({ device }) => device !== undefined && rules.some((one) => isCaught(device, one)),
  );
  return {
    kind: 'rule',
    level,
    rules,
    devices: caught.flatMap(({ device }) => (device === undefined ? [] : [device.guid])),
    people: new Set(caught.map(({ owner, account }) => owner?.guid ?? account)).size,
  };
}

/** Those whom no rule reaches, and those who still get through one. */
function personal(block: AppBlock, preview: Preview): StepPayload {
  refuseWipes(preview);
  const through = new Set((Verdict.safeParse(block.verdict).data?.through ?? []).map(({ key }) => key));
  const wanted = preview.phones.filter((phone) => preview.choice.uncovered.includes(phone) || through.has(phone.key));
  const devices = wanted.flatMap(({ device, owner }) =>
    device === undefined || owner === null
      ? []
      : [{ guid: device.guid, deviceId: device.deviceId, person: owner.guid, name: owner.name }],
  );
  if (devices.length === 0) throw nothing('There is no single device that a personal block would reach.');
  return { kind: 'personal', devices };
}

function refuseWipes({ wipes }: Preview): void {
  const stopped = wipes.filter(({ stops }) => stops);
  if (stopped.length === 0) return;
  const incidents = [...new Set(stopped.map(({ incident }) => `INC-${incident}`))].join(', ');
  throw new MislaidError({
    code: 'wipe-on-its-way',
    message: `a block would stop ${stopped.length} wipes`,
    userMessage: `I will not block these phones now: a wipe of one of them is on its way (${incidents}), and a blocked phone never hears of it. Wait for its acknowledgement, or give the wipe up first.`,
  });
}

function nothing(sentence: string): MislaidError {
  return new MislaidError({ code: 'nothing-to-do', message: sentence, userMessage: sentence });
}
