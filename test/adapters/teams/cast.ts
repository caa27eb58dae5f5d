/** The people and places in Teams that whole bots know. */
import { stringify } from 'yaml';
import { identityOf, placeOf } from '../../../adapters/teams/refs.ts';
import type { FakeTeams } from '../../fakes/teams/index.ts';
import { type FakeConversation, type FakePerson, tenant } from '../../fakes/teams/world.ts';

export type Cast = Record<'hana' | 'otto' | 'ada' | 'sasha', FakePerson>;
export type Stage = Record<'helpdesk' | 'approvals' | 'security', FakeConversation>;

export function castOf(teams: FakeTeams): { people: Cast; places: Stage } {
  const { world } = teams;
  const people = {
    hana: world.person('Hana'),
    otto: world.person('Otto'),
    ada: world.person('Ada'),
    sasha: world.person('Sasha'),
  };
  const everybody = Object.values(people);
  return {
    people,
    places: {
      helpdesk: world.channel('19:helpdesk@thread.tacv2', ...everybody),
      approvals: world.channel('19:approvals@thread.tacv2', people.otto, people.ada, people.hana),
      security: world.channel('19:security@thread.tacv2', people.sasha),
    },
  };
}

/** The example's people in Teams; `more` gives a person chat accounts elsewhere, `places` more channels. */
export function teamsPolicy(
  { people, places }: { people: Cast; places: Stage },
  more: Partial<Record<keyof Cast, readonly string[]>> = {},
  roles: Partial<Record<keyof Cast, readonly string[]>> = {},
  elsewhere: Partial<Record<keyof Stage, readonly string[]>> = {},
): string {
  const usual: Record<keyof Cast, readonly string[]> = {
    hana: ['helpdesk'],
    otto: ['approver'],
    ada: ['approver', 'admin'],
    sasha: ['security'],
  };
  const person = (name: keyof Cast) => ({
    name: people[name].name,
    mailbox: `${name}@contoso.example`,
    identities: [identityOf(tenant, people[name].objectId), ...(more[name] ?? [])],
    roles: roles[name] ?? usual[name],
  });
  const place = (name: keyof Stage) => [placeOf(tenant, places[name].id), ...(elsewhere[name] ?? [])];
  return stringify({
    people: [person('hana'), person('otto'), person('ada'), person('sasha')],
    notificationDomains: ['contoso.example'],
    channels: { helpdesk: place('helpdesk'), approvals: place('approvals'), security: place('security') },
    timeZone: 'Europe/Berlin',
    exchange: { requestor: 'mislaid@contoso.example' },
  });
}
