/** People of the lab as rows, and what they say. */
import type { Incoming, Input, Sender } from '../../src/chat/port.ts';
import { Policy } from '../../src/policy.ts';
import type { TestStore } from '../setup/store.ts';

export const guids = {
  alice: '00000000-0000-4000-8000-0000000000a1',
  hana: '00000000-0000-4000-8000-0000000000a2',
  otto: '00000000-0000-4000-8000-0000000000a3',
  ada: '00000000-0000-4000-8000-0000000000a4',
} as const;

export type Name = keyof typeof guids;

export const policy = Policy.parse({
  people: [
    {
      name: 'Hana',
      mailbox: 'hana@contoso.example',
      identities: ['console:hana', 'slack:T1/UHANA'],
      roles: ['helpdesk'],
    },
    { name: 'Otto', mailbox: 'otto@contoso.example', identities: ['console:otto'], roles: ['approver'] },
    {
      name: 'Ada',
      mailbox: 'ada@contoso.example',
      identities: ['console:ada', 'slack:T1/UADA'],
      roles: ['admin', 'security'],
    },
    { name: 'Gone', mailbox: 'gone@contoso.example', identities: ['console:gone'], roles: ['helpdesk'] },
  ],
  helpdeskGroups: ['G1'],
  channels: { helpdesk: ['console:#helpdesk'], security: ['console:#security'] },
});

export async function addPeople({ db, clock }: TestStore): Promise<void> {
  await db
    .insertInto('person')
    .values(
      Object.entries(guids).map(([name, guid]) => ({
        guid,
        organisation: 'lab' as const,
        displayName: name.charAt(0).toUpperCase() + name.slice(1),
        alias: name,
        upn: `${name}@contoso.example`,
        primarySmtp: `${name}@contoso.example`,
        addresses: JSON.stringify([`${name}@contoso.example`, `${name}.mail@contoso.example`]),
        department: '',
        phones: '[]',
        managerName: '',
        mailboxType: 'user' as const,
        accountEnabled: true,
        refreshedAt: clock.now(),
        gone: false,
      })),
    )
    .execute();
}

export function sender(identity: string, more: Partial<Sender> = {}): Sender {
  return { identity, displayName: identity, ...more };
}

let events = 0;

export function incoming(said: Input, from: Sender, place?: string): Incoming {
  events += 1;
  return { eventKey: `event-${events}`, sender: from, input: said, ...(place === undefined ? {} : { place }) };
}

export async function openIncident({ db, clock }: TestStore, of: Name, byOwner = false): Promise<number> {
  const row = await db
    .insertInto('incident')
    .values({
      organisation: 'lab',
      drill: false,
      kind: 'lost',
      personGuid: guids[of],
      byOwner,
      openedAt: clock.now(),
      state: 'open',
      hold: 'open',
    })
    .returning('number')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('suspension')
    .values({ personGuid: guids[of], incidentNumber: row.number, reportedAt: clock.now(), held: true, state: 'active' })
    .execute();
  return row.number;
}
