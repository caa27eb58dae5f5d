/**
 * The stages of a block. A payload is frozen with its approval: exactly this is carried out.
 *
 * notice      people who use the app are told, privately in chat
 * rule        device access rules, quarantine or block
 * personal    single devices on the block lists of their mailboxes
 * ews         a user agent on the organisation's EWS block list
 * web-config  strings in one server's web.config, denied by IIS's request filter
 * undo        takes back what steps did
 */
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { MislaidError } from '../../ground/errors.ts';
import { counted } from '../../message/words.ts';
import type { AppBlockStepTable, AppBlockTable } from '../../store/tables/apps.ts';

const Rule = z.object({
  characteristic: z.enum(['DeviceType', 'DeviceModel', 'UserAgent']),
  queryString: z.string().min(1),
  phones: z.number().int(),
  others: z.number().int(),
});

export const StepPayload = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('notice'), people: z.array(z.string()), text: z.string() }),
  z.object({
    kind: z.literal('rule'),
    level: z.enum(['Block', 'Quarantine']),
    rules: z.array(Rule).min(1),
    /** Guids of the devices caught when it was proposed. */
    devices: z.array(z.string()),
    people: z.number().int(),
  }),
  z.object({
    kind: z.literal('personal'),
    devices: z.array(z.object({ guid: z.string(), deviceId: z.string(), person: z.string(), name: z.string() })).min(1),
  }),
  z.object({ kind: z.literal('ews'), agents: z.array(z.string().min(1)).min(1) }),
  z.object({
    kind: z.literal('web-config'),
    server: z.string(),
    config: z.enum(['ewsFrontEnd', 'easFrontEnd']),
    strings: z.array(z.string().min(1)).min(1),
    /** SHA-256 of the file as it was when it was proposed. */
    hash: z.string(),
    recycle: z.boolean(),
  }),
  z.object({ kind: z.literal('undo'), steps: z.array(z.number().int()) }),
]);
export type StepPayload = z.infer<typeof StepPayload>;
export type PayloadOf<K extends StepPayload['kind']> = Extract<StepPayload, { kind: K }>;

/** What a step left behind: enough to take it back. */
export const StepResult = z.object({
  sentence: z.string(),
  /** Rules by guid, with the level they had before; null: the step made them. */
  rules: z.array(z.object({ guid: z.string(), name: z.string(), before: z.string().nullable() })).optional(),
  /** Devices that this step put on a list (those that stood there before are left alone when it is undone). */
  blocked: z.array(z.object({ deviceId: z.string(), person: z.string() })).optional(),
  agents: z.array(z.string()).optional(),
});
export type StepResult = z.infer<typeof StepResult>;

export type AppBlock = Selectable<AppBlockTable>;
export type Step = Omit<Selectable<AppBlockStepTable>, 'payload' | 'result'> & {
  payload: StepPayload;
  result: StepResult | null;
};

export function stepOf(row: Selectable<AppBlockStepTable>): Step {
  return {
    ...row,
    payload: StepPayload.parse(row.payload),
    result: row.result === null ? null : StepResult.parse(row.result),
  };
}

/** "block 15 phones by 2 rules": what the step does, for cards and the audit. */
export function stepTitle(payload: StepPayload): string {
  switch (payload.kind) {
    case 'notice':
      return `tell ${counted(payload.people.length, 'person', 'people')} first`;
    case 'rule':
      return `${payload.level.toLowerCase()} ${counted(payload.devices.length, 'phone')} by ${counted(payload.rules.length, 'rule')}`;
    case 'personal':
      return `block ${counted(payload.devices.length, 'single device')}`;
    case 'ews':
      return `keep ${payload.agents.join(', ')} out of Exchange Web Services`;
    case 'web-config':
      return `deny ${payload.strings.join(', ')} in a web.config of ${payload.server}${payload.recycle ? ', and recycle its pool' : ''}`;
    case 'undo':
      return 'take everything back';
  }
}

/** The step ended without its effect; the sentence says why. */
export class NotDone extends MislaidError {
  constructor(sentence: string) {
    super({ code: 'step-not-done', message: sentence, userMessage: sentence });
  }
}

/** Stored before anything is changed, so that a run that comes twice and an undo both know what was there. */
export type Remember = (result: Omit<StepResult, 'sentence'>) => Promise<void>;
