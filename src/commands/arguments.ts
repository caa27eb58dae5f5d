import { z } from 'zod';
import type { Actor } from '../directory/actor.ts';
import { findPeople } from '../directory/find.ts';
import type { Person } from '../directory/person.ts';
import { MislaidError } from '../ground/errors.ts';
import { type IncidentDevice, type IncidentView, loadIncident } from '../incidents/incident/view.ts';
import type { DraftAnswer, DraftMessage, Intent, Span } from '../message/model.ts';
import { buttons, paragraph, strong } from '../message/text.ts';
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
 * Finds exactly one person, or answers with a choice: never a guess. An unknown name starts a look-up in Exchange and says so.
 * `again` makes the intent that a button for one of several people carries.
 */
export async function choosePerson(
  context: CommandContext,
  name: string,
  again: (guid: string) => Intent,
): Promise<Choice<Person>> {
  const found = await findPeople(context.store.db, context.organisation, name);
  switch (found.kind) {
    case 'one':
      return { kind: 'one', value: found.person };
    case 'many':
      return { kind: 'answer', answer: { private: severalPeople(name, found.people, again) } };
    case 'none':
      await context.store.change((change) =>
        change.enqueue('look-up-person', {
          organisation: context.organisation,
          text: name,
          identity: context.actor.identity,
        }),
      );
      return { kind: 'answer', answer: { private: unknownPerson(name, found.near, again) } };
  }
}

export function severalPeople(name: string, people: readonly Person[], again: (guid: string) => Intent): DraftMessage {
  const shown = people.slice(0, 20);
  const parts = shown.flatMap((person, index) => [
    ...(index === 0 ? [] : [' · ']),
    strong(person.displayName),
    ` (${[person.primarySmtp, person.department].filter((part) => part !== '').join(', ')})`,
  ]);
  const more = people.length > shown.length ? ` … and ${people.length - shown.length} more: say more of the name.` : '';
  return {
    tone: 'neutral',
    blocks: [
      paragraph(`${countWord(people.length)} people match “${name}”: `, ...parts, more),
      buttons(...shown.map((person) => ({ label: person.displayName, action: again(person.guid) }))),
    ],
  };
}

export function unknownPerson(name: string, near: readonly Person[], again: (guid: string) => Intent): DraftMessage {
  const guesses = near.slice(0, 5);
  const asked =
    guesses.length === 0 ? '' : ` Did you mean ${guesses.map((person) => person.displayName).join(' or ')}?`;
  return {
    tone: 'neutral',
    blocks: [
      paragraph(
        'I know no one called “',
        name,
        `”.${asked} I am asking Exchange as well and will say here if it knows the name.`,
      ),
      ...(guesses.length === 0
        ? []
        : [buttons(...guesses.map((person) => ({ label: person.displayName, action: again(person.guid) })))]),
    ],
  };
}

/** Finds one device of an incident by its number or by words of its name, or answers with a choice; without either, too. */
export function chooseDevice(
  view: IncidentView,
  wanted: string | undefined,
  again: (device: number) => Intent,
): Choice<IncidentDevice> {
  const matches = wanted === undefined ? [] : matching(view.devices, wanted);
  const [first] = matches;
  if (first !== undefined && matches.length === 1) return { kind: 'one', value: first };
  const shown = matches.length > 1 ? matches : view.devices;
  const said =
    matches.length > 1
      ? `${countWord(matches.length)} phones of INC-${view.incident.number} match “${wanted}”.`
      : view.devices.length === 0
        ? `The phones of INC-${view.incident.number} are not read yet. Try again in a moment.`
        : wanted === undefined
          ? `Which phone of INC-${view.incident.number}?`
          : `INC-${view.incident.number} has no phone “${wanted}”. It has these:`;
  const row = shown.map((device) => ({ label: `${device.number} ${device.label}`, action: again(device.number) }));
  return {
    kind: 'answer',
    answer: { private: { tone: 'neutral', blocks: [paragraph(said), ...(row.length === 0 ? [] : [buttons(...row)])] } },
  };
}

function matching(devices: readonly IncidentDevice[], wanted: string): IncidentDevice[] {
  if (/^#?\d+$/.test(wanted)) return devices.filter((device) => device.number === Number(wanted.replace('#', '')));
  const words = wanted.toLowerCase().split(/\s+/);
  return devices.filter((device) => words.every((word) => device.label.toLowerCase().includes(word)));
}

/** An incident that this actor's organisation may speak about. Throws MislaidError `no-such-incident`. */
export async function incidentFor(context: CommandContext, number: number): Promise<IncidentView> {
  return loadIncident(context.store.db, number);
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
  return { private: { tone: 'neutral', blocks: [paragraph(...parts)] } };
}

function countWord(n: number): string {
  return ['No', 'One', 'Two', 'Three', 'Four', 'Five'][n] ?? String(n);
}
