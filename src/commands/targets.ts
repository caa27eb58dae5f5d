/** Commands about one person, one incident or one phone of it: what is meant is found before they run, or a choice answers. */
import { mailboxesOf } from '../directory/holders.ts';
import type { Person } from '../directory/person.ts';
import { type IncidentDevice, type IncidentView, loadIncident } from '../incidents/incident/view.ts';
import type { DraftAnswer } from '../message/model.ts';
import { chooseDevice, choosePerson, requireOpenIncident } from './arguments.ts';
import { type Command, type CommandContext, defineCommand } from './command.ts';
import { refusal } from './refusal.ts';

type About<Args, Target> = Omit<Command<Args>, 'run'> & {
  run(context: CommandContext, args: Args, target: Target): Promise<DraftAnswer>;
};
/**
 * `mustBeOpen`: refused where the incident is closed. `ownersMay`: it has a rule of its own for whose phone it is; any other that changes
 * something is refused to them, because the lost phone may speak in their name.
 */
type AboutIncident<Args, Target> = About<Args, Target> & {
  readonly mustBeOpen?: boolean;
  readonly ownersMay?: boolean;
};

export function definePersonCommand<Args extends { person: string }>(command: About<Args, Person>): Command<Args> {
  return defineCommand({
    ...command,
    async run(context, args) {
      const found = await choosePerson(context, command.id, args);
      return found.kind === 'answer' ? found.answer : command.run(context, args, found.value);
    },
  });
}

export function defineIncidentCommand<Args extends { incident: number }>(
  command: AboutIncident<Args, IncidentView>,
): Command<Args> {
  return defineCommand({
    ...command,
    async run(context, args) {
      const view = await loadIncident(context.store.db, args.incident);
      if (isForOthers(command)) await refuseOwner(context, view.owner);
      if (command.mustBeOpen === true) requireOpenIncident(view, context.actor);
      return command.run(context, args, view);
    },
  });
}

export function defineDeviceCommand<Args extends { incident: number; device?: string | undefined }>(
  command: AboutIncident<Args, { view: IncidentView; device: IncidentDevice }>,
): Command<Args> {
  return defineIncidentCommand({
    ...command,
    async run(context, args, view) {
      const found = chooseDevice(view, command.id, args);
      return found.kind === 'answer' ? found.answer : command.run(context, args, { view, device: found.value });
    },
  });
}

/** What everybody may say is about their own phones. */
function isForOthers({
  effect,
  roles,
  ownersMay,
}: Pick<AboutIncident<unknown, unknown>, 'effect' | 'roles' | 'ownersMay'>): boolean {
  return effect !== 'read' && ownersMay !== true && !roles.includes('user');
}

/** Throws MislaidError `own-device` where it is the actor's own phone, whichever of their mailboxes it is of. */
export async function refuseOwner({ store, policy, actor }: CommandContext, owner: Person): Promise<void> {
  const people = await mailboxesOf(store.db, policy, owner);
  if (!people.some(({ guid }) => guid === actor.person.guid)) return;
  throw refusal('own-device', 'This is about your own phone, so somebody else must do it.');
}
