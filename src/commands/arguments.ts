import { z } from 'zod';
import type { Actor } from '../directory/actor.ts';
import { findPeople } from '../directory/find.ts';
import { folded, formsOf, wordsOf } from '../directory/names.ts';
import type { Person } from '../directory/person.ts';
import type { Identity } from '../ground/addresses.ts';
import { MislaidError } from '../ground/errors.ts';
import type { IncidentDevice, IncidentView } from '../incidents/incident/view.ts';
import type { Block, DraftAnswer, Intent, Span } from '../message/model.ts';
import { button, buttons, paragraph, present, remark, strong } from '../message/text.ts';
import type { Change } from '../store/port.ts';
import type { CommandContext } from './command.ts';

/** What a person typed for somebody's name, or the guid that a button carries. */
export const PersonArgument = z.string().trim().min(1, 'Whose? Give a name, an address or an alias.').max(200);
/** Up to what PostgreSQL's integer holds. */
export const IncidentArgument = z.coerce
  .number('There is no incident with that number.')
  .refine((number) => Number.isInteger(number) && number > 0 && number <= 2_000_000_000, {
    error: 'There is no incident with that number.',
  });
/** A device's number on the incident, or words of its name. */
export const DeviceArgument = z.union([
  z.number().int().positive().transform(String),
  z.string().trim().min(1).max(200),
]);
export const ReasonArgument = z.string().trim().min(3, 'Say why, in a few words.').max(1000);

export type Choice<T> = { kind: 'one'; value: T } | { kind: 'answer'; answer: DraftAnswer };

/**
 * Finds exactly one person, or answers with a choice: never a guess. The beginning of a name offers a button, also where only one name
 * begins so. An unknown name starts a look-up in Exchange and says so. A button for a person says the same command again, with the
 * person's guid.
 */
export async function choosePerson(
  context: CommandContext,
  command: string,
  args: { person: string },
): Promise<Choice<Person>> {
  const { store, organisation, actor } = context;
  const name = args.person;
  const found = await findPeople(store.db, organisation, name);
  if (found.kind === 'one' && isNameOf(found.person, name)) return { kind: 'one', value: found.person };
  const shown = found.kind === 'one' ? [found.person] : found.kind === 'many' ? found.people.slice(0, 20) : found.near;
  const row = buttons(...shown.map(({ guid, displayName }) => button(displayName, command, { ...args, person: guid })));
  const answer = (sentence: Block<never>): Choice<Person> => ({
    kind: 'answer',
    answer: { private: { tone: 'neutral', blocks: present(sentence, shown.length > 0 && row) } },
  });
  if (found.kind === 'one') return answer(onlyBegun(name, found.person));
  if (found.kind === 'many') return answer(severalPeople(name, found.count, shown));
  await store.change((change) =>
    change.enqueue('look-up-person', { organisation, text: name, identity: actor.identity }),
  );
  const guess = shown.length === 0 ? '' : ` Did you mean ${shown.map(({ displayName }) => displayName).join(' or ')}?`;
  const asking = 'I am asking Exchange as well and will say here if it knows the name.';
  return answer(paragraph('I know no one called “', name, `”.${guess} ${asking}`));
}

/** Whether this names the person: a GUID, an address, an alias, the whole name, or whole words of it. A beginning names nobody. */
export function isNameOf(person: Person, text: string): boolean {
  const wanted = folded(text);
  if ([person.guid, person.upn, person.primarySmtp, ...person.addresses].some((each) => each.toLowerCase() === wanted))
    return true;
  const forms = formsOf(person);
  if (forms.some(({ form }) => form === wanted)) return true;
  const words = new Set(forms.filter(({ word }) => word).map(({ form }) => form));
  const said = wordsOf(wanted);
  return said.length > 0 && said.every((word) => words.has(word));
}

function onlyBegun(name: string, person: Person): Block<never> {
  return paragraph(
    `“${name}” is only the beginning of a name, so I did nothing. Do you mean `,
    ...introduced(person),
    '?',
  );
}

function introduced(person: Person): (string | Span)[] {
  return [
    strong(person.displayName),
    ` (${[person.primarySmtp, person.department].filter((part) => part !== '').join(', ')})`,
  ];
}

function severalPeople(name: string, count: number, shown: readonly Person[]): Block<never> {
  const parts = shown.flatMap((person, index) => [index === 0 ? '' : ' · ', ...introduced(person)]);
  const more = count > shown.length ? ` … and ${count - shown.length} more: say more of the name.` : '';
  return paragraph(`${countWord(count)} people match “${name}”: `, ...parts, more);
}

/**
 * Finds one device of an incident by its number or by words of its name, or answers with a choice; without either, too. A button
 * for one of several devices says the same command again, with the device's number.
 */
export function chooseDevice(
  view: IncidentView,
  command: string,
  args: Intent['args'] & { device?: string | undefined },
): Choice<IncidentDevice> {
  const wanted = args.device;
  const incident = `INC-${view.incident.number}`;
  const matches = wanted === undefined ? [] : matching(view.devices, wanted);
  const [first, ...others] = matches;
  if (first !== undefined && others.length === 0) return { kind: 'one', value: first };
  const shown = first === undefined ? view.devices : matches;
  const sentence =
    first !== undefined
      ? `${countWord(matches.length)} phones of ${incident} match “${wanted}”.`
      : view.devices.length === 0
        ? `The phones of ${incident} are not read yet. Try again in a moment.`
        : wanted === undefined
          ? `Which phone of ${incident}?`
          : `${incident} has no phone “${wanted}”. It has these:`;
  const row = shown.map(({ number, label }) =>
    button(`${number} ${label}`, command, { ...args, device: String(number) }),
  );
  const blocks = present(paragraph(sentence), row.length > 0 && buttons(...row));
  return { kind: 'answer', answer: { private: { tone: 'neutral', blocks } } };
}

function matching(devices: readonly IncidentDevice[], wanted: string): IncidentDevice[] {
  if (/^#?\d+$/.test(wanted)) return devices.filter((device) => device.number === Number(wanted.replace('#', '')));
  const words = wanted.toLowerCase().split(/\s+/);
  return devices.filter((device) => words.every((word) => device.label.toLowerCase().includes(word)));
}

/** Throws MislaidError `incident-closed` with what this actor may say instead. */
export function requireOpenIncident(view: IncidentView, { person }: Actor): void {
  if (view.incident.state === 'open') return;
  const again = person.guid === view.owner.guid ? 'I lost my phone' : `lost device ${view.owner.displayName}`;
  throw new MislaidError({
    code: 'incident-closed',
    message: `INC-${view.incident.number} is closed`,
    userMessage: `INC-${view.incident.number} is closed. Open a new one with "${again}".`,
  });
}

/** A short private answer. */
export function privateAnswer(...parts: readonly (string | Span)[]): DraftAnswer {
  return { private: remark('neutral', ...parts) };
}

/** Says that the answer comes later, privately, from the job that `enqueue` starts. */
export async function answerLater(
  { store, actor, ids }: CommandContext,
  sentence: string,
  enqueue: (change: Change, to: { identity: Identity; token: string }) => Promise<void>,
): Promise<DraftAnswer> {
  await store.change((change) => enqueue(change, { identity: actor.identity, token: ids.token() }));
  return privateAnswer(sentence);
}

function countWord(n: number): string {
  return ['No', 'One', 'Two', 'Three', 'Four', 'Five'][n] ?? String(n);
}
