import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { appendAudit } from '../../src/audit/chain.ts';
import { hostError } from '../../src/ground/errors.ts';
import { Policy, parsePolicy } from '../../src/policy.ts';
import { type WatchedPolicy, watchPolicy } from '../../src/start/policy-watch.ts';
import { addPeople } from '../chat/people.ts';
import { type TestStore, testStore } from '../setup/store.ts';

let base: TestStore;
let watched: WatchedPolicy;
let file = '';
const announced: Policy[] = [];

const text = (more: string) => `
people:
  - { name: Ada, mailbox: ada@contoso.example, identities: ['console:ada'], roles: [admin] }
  - { name: Hana, mailbox: hana@contoso.example, identities: ['console:hana'], roles: [helpdesk] }
channels: { security: ['console:#security'] }
${more}`;

beforeAll(async () => {
  base = await testStore({ appendAudit });
  await addPeople(base);
  file = text('');
  watched = await watchPolicy({
    policy: parsePolicy(file, 'policy.yaml'),
    read: () => parsePolicy(file, 'policy.yaml'),
    organisation: 'lab',
    store: base.store,
    clock: base.clock,
    log: pino({ level: 'silent' }),
    onChange: async (policy) => {
      announced.push(policy);
    },
  });
});
afterAll(() => base.close());

const actions = async () =>
  (await base.db.selectFrom('audit').select('action').where('action', 'like', 'policy.%').orderBy('seq').execute()).map(
    (row) => row.action,
  );
const told = async () =>
  await base.db.selectFrom('delivery').select(['identity', 'place', 'draft']).orderBy('id').execute();

it('audits the first policy that the store sees', async () => {
  expect(await actions()).toEqual(['policy.first-seen']);
  const [entry] = await base.db.selectFrom('audit').select('actorIdentity').execute();
  expect(entry?.actorIdentity).toMatch(/^process:.+/);
});

it('takes a valid file at once and tells the other processes', async () => {
  file = text('vip: [victoria@contoso.example]');
  await watched.reload();
  expect(watched.current.vip).toEqual(['victoria@contoso.example']);
  expect(announced).toEqual([watched.current]);
  expect(await actions()).toEqual(['policy.first-seen', 'policy.changed']);
});

it('takes other helpdesk groups without a start, a day later, because they loosen', async () => {
  file = text('vip: [victoria@contoso.example]\nidentitiesManaged: true\nhelpdeskGroups: [slack:T0LAB/S0HELP]');
  await watched.reload();
  expect(watched.current).toMatchObject({ helpdeskGroups: [], identitiesManaged: false });
  expect(announced.at(-1)).toEqual(watched.current);
  base.clock.advance(24 * 60 * 60_000);
  await watched.refresh();
  expect(announced.at(-1)).toEqual(watched.current);
  expect(watched.current.helpdeskGroups).toEqual(['slack:T0LAB/S0HELP']);
  expect((await actions()).at(-1)).toBe('policy.loosened');
});

it('keeps the old one when the file is invalid, and tells an admin without its values', async () => {
  file = text('vip: secret-value');
  await watched.reload();
  expect(watched.current.vip).toEqual(['victoria@contoso.example']);
  expect((await actions()).at(-1)).toBe('policy.refused');
  const messages = await told();
  const admin = messages.findLast((row) => row.identity === 'console:ada');
  expect(JSON.stringify(admin?.draft)).toContain('the old policy goes on');
  expect(JSON.stringify(admin?.draft)).toContain('vip');
  expect(JSON.stringify(messages)).not.toContain('secret-value');
  expect(messages.some((row) => row.place === 'console:#security')).toBe(true);
});

it('keeps the old one when the change needs a start', async () => {
  file = text('servers: [{ name: EX09 }]');
  await watched.reload();
  expect(watched.current.servers).toEqual([]);
  const admin = (await told()).findLast((row) => row.identity === 'console:ada');
  expect(JSON.stringify(admin?.draft)).toContain('restart every process');
});

it('keeps the old one when the file cannot be read', async () => {
  const broken = await watchPolicy({
    policy: Policy.parse({}),
    read: () => {
      throw hostError({ code: 'policy-missing', message: 'There is no policy.yaml.' });
    },
    organisation: 'lab',
    store: base.store,
    clock: base.clock,
    log: pino({ level: 'silent' }),
    onChange: async () => {},
  });
  const before = broken.current;
  await broken.reload();
  expect(broken.current).toEqual(before);
});
