import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loosening, protectionsOf, stricterOf, withProtections } from '../../../src/incidents/roles/protections.ts';
import { type Policy, policyHash } from '../../../src/policy.ts';
import { policy } from '../facts.ts';

const ada = { name: 'Ada', mailbox: 'ada@x.example', identities: ['slack:T1/UADA'], roles: ['approver', 'admin'] };
const otto = { name: 'Otto', mailbox: 'otto@x.example', identities: ['slack:T1/UOTTO'], roles: ['approver'] };
const people = [ada, otto];

/** Of each field, a value and a looser one. */
const looser: Record<string, [strict: unknown, loose: unknown]> = {
  people: [[{ ...ada, mailbox: ['ada@x.example', 'adm@x.example'] }], [ada]],
  helpdeskGroups: [['G1'], ['G1', 'G2']],
  identitiesManaged: [false, true],
  vip: [['v@x.example'], []],
  alarms: [{ webhooks: ['https://one.example/', 'https://two.example/'] }, { webhooks: ['https://one.example/'] }],
  'approvals.expireMinutes': [30, 31],
  'approvals.executeWithinMinutes': [15, 16],
  'approvals.ownersMayAsk': [false, true],
  'approvals.stepUp': ['full', 'off'],
  rota: [['ada@x.example', 'otto@x.example'], ['ada@x.example']],
  'brake.perRequesterAndDay': [3, 4],
  'brake.perTenMinutes': [5, 6],
  'brake.perDay': [20, 21],
  'planB.afterMinutes': [30, 240],
  'planB.afterHeartbeatMinutes': [10, 120],
  'planB.againMinutes': [30, 240],
  holdMaxHours: [4, 24],
  'retention.inboxDays': [30, 7],
  'retention.deliveriesDays': [90, 7],
  'retention.actionsDays': [180, 7],
  'retention.evidenceDays': [365, 7],
  'retention.rollUpDays': [35, 7],
  notificationDomains: [['x.example'], ['x.example', 'evil.example']],
  'channels.helpdesk': [['console:#a'], []],
  'channels.approvals': [['console:#a'], []],
  'channels.security': [['console:#a'], []],
  'channels.mailOperations': [['console:#a'], []],
  'channels.audit': [['console:#a'], []],
  commandChannels: [[], ['console:#lunch']],
  'exchange.requestor': ['mislaid@x.example', 'eve@x.example'],
};
const fields = Object.entries(looser).map(([path, [strict, loose]]) => ({ path, strict, loose }));

function withField(path: string, value: unknown): Policy {
  const [section = '', field] = path.split('.');
  return policy({ people, [section]: field === undefined ? value : { [field]: value } });
}

/** What holds after the file went from one to the other. */
function heldAfter(from: Policy, to: Policy): Policy {
  const held = protectionsOf(from);
  const next = Object.entries(protectionsOf(to)).map(([path, value]) => [path, stricterOf(path, held[path], value)]);
  return withProtections(to, Object.fromEntries(next));
}

describe('every field of policy.yaml', () => {
  it('that protects is loosened here', () => {
    const protecting = Object.entries(loosening).flatMap(([section, of]) =>
      typeof of === 'string' ? (of === 'none' ? [] : [section]) : Object.keys(of).map((field) => `${section}.${field}`),
    );
    expect(fields.map(({ path }) => path).sort()).toEqual(protecting.sort());
  });

  it('stands in the table of docs/policy.md', () => {
    const docs = readFileSync(join(import.meta.dirname, '../../../docs/policy.md'), 'utf8');
    const [, rest = ''] = docs.split('| part | looser is |');
    const table = rest.split('\n\n')[0] ?? '';
    for (const section of Object.keys(loosening)) expect(table).toContain(`\`${section}`);
  });
});

it.each(fields)('$path stays as it is while a looser one cools off', ({ path, strict, loose }) => {
  const [from, to] = [withField(path, strict), withField(path, loose)];
  expect(policyHash(from)).not.toBe(policyHash(to));
  expect(policyHash(heldAfter(from, to))).toBe(policyHash(from));
});

// Of a requestor every change is looser.
it.each(fields.filter(({ path }) => path !== 'exchange.requestor'))('$path is stricter at once', (field) => {
  const [from, to] = [withField(field.path, field.loose), withField(field.path, field.strict)];
  expect(policyHash(heldAfter(from, to))).toBe(policyHash(to));
});

describe('a rota', () => {
  it('is no longer everybody at once only after a day', () => {
    expect(heldAfter(withField('rota', 'anyone'), withField('rota', ['ada@x.example'])).rota).toBe('anyone');
  });

  it('that cools off waits for nobody who decides no more', () => {
    const from = withField('rota', ['otto@x.example', 'ada@x.example']);
    expect(heldAfter(from, policy({ people: [ada], rota: ['ada@x.example'] })).rota).toEqual(['ada@x.example']);
    expect(heldAfter(from, policy({ people: [], rota: 'anyone' })).rota).toBe('anyone');
  });

  it('in another order holds at once', () => {
    const to = withField('rota', ['otto@x.example', 'ada@x.example']);
    expect(heldAfter(withField('rota', ['ada@x.example', 'otto@x.example']), to).rota).toEqual(to.rota);
  });
});
