/**
 * What else people try, against two whole bots in processes of their own: what one person says goes to the one and the other by turns,
 * and what two people say at the same moment to both.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../../src/audit/verify.ts';
import { systemClock } from '../../../src/ground/clock.ts';
import { randomIds } from '../../../src/ground/ids.ts';
import { DeviceFacts } from '../../../src/incidents/devices/device.ts';
import { parsePolicy } from '../../../src/policy.ts';
import { compiled } from '../../setup/compiled.ts';
import { type Conversation, createConversation, type Turn } from '../../setup/conversation.ts';
import { type TestDatabase, testDatabase } from '../../setup/database.ts';
import { eventually } from '../../setup/eventually.ts';
import { type TestRedis, testRedis } from '../../setup/redis.ts';
import { byTurns, type HeardProcess, startHeard } from '../heard-process.ts';
import { approve, buttonIn, deny, reportLost } from '../scenes.ts';
import { checkTrust } from '../trust-check.ts';

/** Sasha has Mei's mailbox, too. */
const policy = readFileSync(join(import.meta.dirname, '../../../policy.example.yaml'), 'utf8').replace(
  'mailbox: sasha@contoso.example',
  'mailbox: [sasha@contoso.example, mei@contoso.example]',
);

let database: TestDatabase;
let redis: TestRedis;
let program: Awaited<ReturnType<typeof compiled>>;
let processes: [HeardProcess, HeardProcess];
let talk: Conversation;

beforeAll(async () => {
  [database, redis, program] = await Promise.all([
    testDatabase(),
    testRedis(),
    compiled('test/incidents/trust-process.ts'),
  ]);
  const input = { script: program.script, policy, databaseUrl: database.url, redisUrl: redis.url };
  processes = [await startHeard(input), await startHeard(input)];
  talk = createConversation({
    adapter: byTurns(processes),
    clock: systemClock,
    ids: randomIds,
    settle: async () => {},
  });
}, 240_000);
afterAll(async () => {
  await Promise.all(processes.map((each) => each.stop()));
  await redis.close();
  await database.close();
  program.remove();
});

/** Opens an incident and waits until its phones were read; answers its number. */
async function lost(person: string, by = 'hana'): Promise<number> {
  await reportLost(talk, person, by);
  const { number } = await database.db
    .selectFrom('incident')
    .innerJoin('person', 'person.guid', 'incident.personGuid')
    .select('number')
    .where('person.alias', '=', person)
    .where('state', '=', 'open')
    .orderBy('number', 'desc')
    .executeTakeFirstOrThrow();
  await eventually(async () => expect(await phones(number)).toBeGreaterThan(0));
  return number;
}

async function phones(incident: number): Promise<number> {
  return (
    await database.db.selectFrom('incidentDevice').select('number').where('incidentNumber', '=', incident).execute()
  ).length;
}

/** The first phone that can be wiped so. Which that is depends on who synced last: phones live fast here. */
async function wipeable(incident: number, scope: string): Promise<number> {
  const rows = await database.db
    .selectFrom('incidentDevice')
    .select(['number', 'facts'])
    .where('incidentNumber', '=', incident)
    .orderBy('number')
    .execute();
  const found = rows.find(({ facts }) => {
    const { wipeSupported, client, clientVersion } = DeviceFacts.parse(facts);
    return wipeSupported === true && client === 'eas' && (scope === 'full' || (clientVersion ?? 0) >= 161);
  });
  if (found === undefined) throw new Error(`no phone of INC-${incident} can be wiped`);
  return found.number;
}

/** A form that this person was shown, and what they answer in it. */
async function wipe(incident: number, by = 'hana', scope = 'full', chosen?: number): Promise<Turn> {
  const device = chosen ?? (await wipeable(incident, scope));
  const { answer, ...turn } = await talk.type(by, '#helpdesk', `wipe INC-${incident} ${device}`);
  const typed = answer.form?.fields.find((field) => field.kind === 'typed');
  if (answer.form === undefined) return { answer, ...turn };
  const show = typed?.kind === 'typed' ? typed.show : '';
  return talk.submit(by, '#helpdesk', { scope, reason: 'Left in a taxi.', how: 'manager', told: true, typed: show });
}

/**
 * Opens the form in which they approve a wipe; answers what is to be typed. The lab's hour is a minute here: what they were shown, or what
 * waits, may have changed before they press, and they look again.
 */
async function formShown(by: string, incident: number): Promise<string> {
  return await eventually(async () => {
    const proposed = (await approvals(incident, 'wipe')).includes('waiting') ? '' : (await wipe(incident)).text;
    const shown = await talk.type(by, '#approvals', `approve INC-${incident}`);
    const form = await talk.press(by, '#approvals', buttonIn(shown.answer, 'Approve') ?? '');
    const typed = form.answer.form?.fields.find((field) => field.kind === 'typed');
    if (typed?.kind !== 'typed') throw new Error(`no form: ${[proposed, shown.text, form.text].join('\n')}`);
    return typed.show;
  });
}

async function wipes(incident: number): Promise<string[]> {
  const rows = database.db.selectFrom('wipe').select('state').where('incidentNumber', '=', incident);
  return (await rows.orderBy('id').execute()).map(({ state }) => state);
}

async function approvals(incident: number | null, kind?: string): Promise<string[]> {
  let rows = database.db
    .selectFrom('approval')
    .select('state')
    .where('incidentNumber', incident === null ? 'is' : '=', incident);
  if (kind !== undefined) rows = rows.where('subjectKind', '=', kind);
  return (await rows.orderBy('id').execute()).map(({ state }) => state);
}

async function holds(person: string): Promise<string> {
  return (await talk.type(person, undefined, 'whoami')).text;
}

async function restore(...people: string[]): Promise<void> {
  for (const person of people) {
    for (const by of ['ines', 'sasha', 'ada'])
      await talk.type(by, '#security', `restore ${person} because it was a test`);
    expect(await holds(person)).not.toContain('Suspended');
  }
}

/** The buttons of an answer that somebody may press. */
function buttonsOf({ answer }: Turn): string[] {
  const blocks = answer.private?.blocks ?? [];
  return blocks.flatMap((block) => (block.kind === 'buttons' ? block.buttons.map(({ action }) => action) : []));
}

/** Presses the confirmation of a report of somebody with rights. */
async function reportAction(by: string, person: string): Promise<string> {
  return buttonsOf(await talk.type(by, '#helpdesk', `lost device ${person}`))[0] ?? '';
}

const twice = <T>(what: () => Promise<T>): Promise<T[]> => Promise.all([what(), what()]);

describe('twenty more things that people try', () => {
  it('1: the thief of a second phone, whose owner is not suspended yet, ends the case of that phone', async () => {
    await lost('otto');
    const incident = await lost('hugo');
    expect(await holds('hugo')).toContain('You hold: user, helpdesk');
    await wipe(incident, 'hana', 'full');
    for (const sentence of [`close INC-${incident}`, `withdraw INC-${incident}`, `reset anyway INC-${incident}`])
      expect((await talk.type('hugo', '#helpdesk', sentence)).text).toContain('about your own phone');
    expect(await wipes(incident)).toEqual(['awaiting-approval']);
    await talk.type('hana', '#helpdesk', `withdraw INC-${incident}`);
    await restore('otto', 'hugo');
  });

  it('2: somebody with two mailboxes gives themselves the word, by the name of the other', async () => {
    // Hana has reported somebody with rights today: this one waits.
    const incident = await lost('mei');
    expect((await talk.type('sasha', '#security', 'restore mei because it is here')).text).toContain(
      'Nobody restores themselves',
    );
    expect((await talk.type('sasha', '#security', `close INC-${incident}`)).text).toContain('about your own phone');
    await talk.type('ines', '#security', 'restore mei because she called');
  });

  it('3: an approver denies what was put in the place of what they read', async () => {
    const incident = await lost('alice.ng');
    await wipe(incident, 'hana', 'account-only');
    const read = await talk.type('otto', '#approvals', `deny INC-${incident} because it is too little`);
    await talk.type('hana', '#helpdesk', `withdraw INC-${incident}`);
    await wipe(incident);
    expect((await talk.press('otto', '#approvals', buttonIn(read.answer, 'Deny') ?? '')).text).toContain(
      'This was withdrawn.',
    );
    expect(await wipes(incident)).toEqual(['withdrawn', 'awaiting-approval']);
    expect((await deny(talk, 'otto', incident)).text).toMatch(/Denied: .* full/);
  });

  it('4: a sentence about one phone decides on another', async () => {
    const incident = await lost('alice.moreau');
    await talk.type('hana', '#helpdesk', `block device INC-${incident} 2`);
    for (const [by, sentence] of [
      ['otto', `deny INC-${incident} 1 because it was found`],
      ['hugo', `withdraw INC-${incident} 1`],
    ] as const)
      expect((await talk.type(by, '#approvals', sentence)).text).toContain('Nothing about phone 1');
    expect(await approvals(incident)).toEqual(['waiting']);
    await talk.type('hana', '#helpdesk', `withdraw INC-${incident}`);
  });

  it('5: two admins unlock by what was asked for before somebody locked again', async () => {
    await talk.type('sasha', '#security', 'lock wipes because five at once');
    await talk.type('ada', '#security', 'unlock wipes because a real case');
    const listed = await talk.type('ines', '#approvals', 'approvals');
    const shown = await talk.press('ines', '#approvals', buttonIn(listed.answer, 'Show: Unlock all wipes') ?? '');
    await talk.type('otto', '#security', 'lock wipes because they go on');
    expect((await talk.press('ines', '#approvals', buttonIn(shown.answer, 'Approve') ?? '')).text).toContain('is void');
    expect((await talk.type('sasha', '#security', 'status')).text).toContain('All wipes are locked');
  });

  it('6: two admins ask to unlock at the same moment, and each approves their own', async () => {
    await Promise.all(['ada', 'ines'].map((admin) => talk.type(admin, '#security', 'unlock wipes because it is over')));
    expect((await approvals(null, 'unlock')).filter((state) => state === 'waiting')).toHaveLength(1);
    const { requestedBy } = await database.db
      .selectFrom('approval')
      .select('requestedBy')
      .where('state', '=', 'waiting')
      .where('subjectKind', '=', 'unlock')
      .executeTakeFirstOrThrow();
    const ada = await database.db
      .selectFrom('person')
      .select('guid')
      .where('alias', '=', 'ada')
      .executeTakeFirstOrThrow();
    const [asked, other] = requestedBy === ada.guid ? ['ada', 'ines'] : ['ines', 'ada'];
    const own = await talk.type(asked, '#approvals', 'approvals');
    expect((await talk.press(asked, '#approvals', buttonsOf(own)[0] ?? '')).text).toContain('You asked for this');
    const shown = await talk.press(
      other,
      '#approvals',
      buttonsOf(await talk.type(other, '#approvals', 'approvals'))[0] ?? '',
    );
    await talk.press(other, '#approvals', buttonIn(shown.answer, 'Approve') ?? '');
    expect((await talk.type('sasha', '#security', 'status')).text).toContain('Wipes are not locked');
  });

  it('7: two helpdesk people ask for a wipe of one phone at the same moment', async () => {
    const incident = await lost('renee');
    await Promise.all([wipe(incident, 'hana'), wipe(incident, 'hugo')]);
    expect(await wipes(incident)).toEqual(['awaiting-approval']);
    await talk.type('hana', '#helpdesk', `withdraw INC-${incident}`);
  });

  it('8: the requester withdraws while an approver approves', async () => {
    const incident = await lost('bob');
    const show = await formShown('otto', incident);
    await Promise.all([
      talk.submit('otto', '#approvals', { typed: show }),
      talk.type('hana', '#helpdesk', `withdraw INC-${incident}`),
    ]);
    const [state] = await approvals(incident);
    // A wipe that was taken back was not asked of Exchange, and one that Exchange was asked for is not said to be taken back.
    await eventually(async () => expect((await wipes(incident))[0]).not.toBe('approved'));
    if (state === 'withdrawn') expect(await wipes(incident)).toEqual(['withdrawn']);
    else expect(['requested', 'sent', 'acknowledged', 'issuing', 'withdrawn']).toContain((await wipes(incident))[0]);
  });

  it('9: one approver denies while the other approves', async () => {
    const incident = await lost('karl');
    await wipe(incident);
    await talk.type('sasha', '#security', 'lock wipes because nothing is to be issued here');
    await Promise.all([approve(talk, 'otto', incident), deny(talk, 'ada', incident)]);
    expect(await approvals(incident)).toHaveLength(1);
    const made = await database.db
      .selectFrom('approvalDecision')
      .innerJoin('approval', 'approval.id', 'approvalDecision.approvalId')
      .select('decision')
      .where('incidentNumber', '=', incident)
      .execute();
    expect(made).toHaveLength(1);
    await talk.type('hana', '#helpdesk', `withdraw INC-${incident}`);
  });

  it('10: one button is pressed in both processes at the same moment', async () => {
    const incident = await lost('dieter');
    await talk.type('hana', '#helpdesk', `block device INC-${incident} 1`);
    const shown = await talk.type('otto', '#approvals', `approve INC-${incident}`);
    const button = buttonIn(shown.answer, 'Approve') ?? '';
    const texts = (await twice(() => talk.press('otto', '#approvals', button))).map(({ text }) => text);
    expect(texts.filter((text) => text.includes('Approved: '))).toHaveLength(1);
  });

  it('11: one event reaches both processes', async () => {
    const said = await twice(() =>
      talk.type('bob', undefined, 'i lost my phone', { eventKey: 'the-same-event-of-bob' }),
    );
    expect(said.map(({ kind }) => kind).sort()).toEqual(['duplicate', 'stored']);
  });

  it('12: an owner says found while the helpdesk asks for the wipe', async () => {
    const incident = await lost('alice.ng');
    await Promise.all([talk.type('alice.ng', undefined, 'found it'), wipe(incident, 'hugo', 'full', 3)]);
    const { state } = await database.db
      .selectFrom('incident')
      .select('state')
      .where('number', '=', incident)
      .executeTakeFirstOrThrow();
    const waits = (await wipes(incident)).includes('awaiting-approval');
    expect({ state, waits }).not.toEqual({ state: 'closed', waits: true });
    await talk.type('hugo', '#helpdesk', `withdraw INC-${incident}`);
  });

  it('13: the helpdesk closes while a colleague asks for the wipe', async () => {
    const incident = await lost('tom');
    await Promise.all([talk.type('hana', '#helpdesk', `close INC-${incident}`), wipe(incident, 'hugo')]);
    const { state } = await database.db
      .selectFrom('incident')
      .select('state')
      .where('number', '=', incident)
      .executeTakeFirstOrThrow();
    const waits = (await wipes(incident)).includes('awaiting-approval');
    expect({ state, waits }).not.toEqual({ state: 'closed', waits: true });
    await talk.type('hugo', '#helpdesk', `withdraw INC-${incident}`);
  });

  it('14: an owner says over and over in both processes which phone is at hand', async () => {
    const incident = await lost('alice.moreau');
    await Promise.all(Array.from({ length: 8 }, () => talk.type('alice.moreau', undefined, 'i still have 1')));
    const events = database.db.selectFrom('incidentEvent').select('id').where('incidentNumber', '=', incident);
    expect(await events.where('kind', '=', 'owner.reported-kept').execute()).toHaveLength(1);
  });

  it('15: one person reports two with rights at the same moment, to both processes', async () => {
    const actions = [await reportAction('ada', 'ines'), await reportAction('ada', 'otto')];
    await Promise.all(actions.map((action) => talk.press('ada', '#helpdesk', action)));
    const suspended = [await holds('ines'), await holds('otto')].filter((text) => text.includes('Suspended'));
    expect(suspended).toHaveLength(1);
    for (const person of ['ines', 'otto'])
      await talk.type('sasha', '#security', `restore ${person} because it was a test`);
  });

  it('16: the reporter restores whom they reported, in the other process, and so does the person', async () => {
    // Sasha has reported nobody today.
    await reportLost(talk, 'ada', 'sasha');
    for (const by of ['sasha', 'sasha', 'ada', 'ada'])
      expect((await talk.type(by, '#security', 'restore ada because it is right')).text).toMatch(
        /You reported the phone|You are suspended/,
      );
    await talk.type('ines', '#security', 'restore ada because she called');
    expect(await holds('ada')).toContain('You hold: user, approver, admin');
  });

  it('17: two helpdesk people report each other at the same moment', async () => {
    const [hana, hugo] = [await reportAction('hana', 'hugo'), await reportAction('hugo', 'hana')];
    const said = await Promise.all([talk.press('hana', '#helpdesk', hana), talk.press('hugo', '#helpdesk', hugo)]);
    for (const { text } of said) expect(text).not.toContain('Something went wrong');
    await restore('hana', 'hugo');
  });

  it('18: an approver whose phone is reported at that moment approves all the same', async () => {
    const incident = await lost('victoria');
    const show = await formShown('otto', incident);
    const action = await reportAction('hugo', 'otto');
    await Promise.all([talk.press('hugo', '#helpdesk', action), talk.submit('otto', '#approvals', { typed: show })]);
    // Checked by the audit's own order at the end: no right of a suspended person was used. A VIP takes two, and it is one.
    expect(await wipes(incident)).not.toContain('requested');
    await talk.type('hana', '#helpdesk', `withdraw INC-${incident}`);
    await restore('otto');
  });

  it('19: the thief of an approver pulls the lock in the other process after it was lifted', async () => {
    if (!(await talk.type('sasha', '#security', 'status')).text.includes('not locked')) await unlock();
    await reportLost(talk, 'otto', 'hugo');
    await restoreNotYet('otto');
    const pulled = await talk.type('otto', undefined, 'lock wipes because I do not want this');
    expect(pulled.text).toMatch(/All wipes are locked: nothing is issued by anyone\.$/);
    await talk.type('sasha', '#security', 'unlock wipes because it is the stolen phone');
    for (const said of await twice(() => talk.type('otto', undefined, 'lock wipes')))
      expect(said.text).toContain('you cannot pull it again');
    for (const sentence of ['status', 'approvals', 'incidents', 'devices alice.ng', 'audit verify', 'apps'])
      expect((await talk.type('otto', undefined, sentence)).text).toMatch(/suspended|That is for/);
    await restore('otto');
  });

  it('20: a second account with the address of an approver reads and approves', async () => {
    const incident = await lost('tom');
    await wipe(incident);
    const sender = { email: 'OTTO@contoso.example' };
    for (const sentence of [
      `approve INC-${incident}`,
      `deny INC-${incident} because no`,
      'approvals',
      `status INC-${incident}`,
    ])
      expect((await talk.type('slack:T9/UOTHER', undefined, sentence, { sender })).text).not.toMatch(
        /Approved|Denied|taxi/,
      );
    expect(await approvals(incident)).toEqual(['waiting']);
    await talk.type('hana', '#helpdesk', `withdraw INC-${incident}`);
  });
});

it('a wipe that the lock holds is void once who approved it is suspended, whichever process looks at it again', async () => {
  const incident = await lost('pavel');
  await talk.type('sasha', '#security', 'lock wipes because something is wrong');
  const typed = await formShown('otto', incident);
  await talk.submit('otto', '#approvals', { typed });
  expect((await wipes(incident)).at(-1)).toBe('approved');
  await reportLost(talk, 'otto', 'hugo');
  await restoreNotYet('otto');
  await unlock();
  await eventually(async () => expect((await wipes(incident)).at(-1)).toBe('voided'));
  await restore('otto');
});

/** Two admins. */
async function unlock(): Promise<void> {
  await talk.type('ada', '#security', 'unlock wipes because it is over');
  const listed = await talk.type('ines', '#approvals', 'approvals');
  const show = buttonIn(listed.answer, 'Show: Unlock all wipes') ?? buttonsOf(listed)[0] ?? '';
  const shown = await talk.press('ines', '#approvals', show);
  await talk.press('ines', '#approvals', buttonIn(shown.answer, 'Approve') ?? '');
  expect((await talk.type('sasha', '#security', 'status')).text).toContain('Wipes are not locked');
}

/** They are suspended, whether at once or by somebody's word. */
async function restoreNotYet(person: string): Promise<void> {
  const text = await holds(person);
  if (text.includes('Suspended')) return;
  const { incidentNumber } = await database.db
    .selectFrom('suspension')
    .select('incidentNumber')
    .where('state', '=', 'waiting')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  await talk.type('ines', '#security', `confirm report INC-${incidentNumber}`);
  expect(await holds(person)).toContain('Suspended');
}

it('after all of that the promises of trust hold, and the audit fits', async () => {
  const report = await checkTrust(database.db, parsePolicy(policy, 'policy.yaml'));
  expect(report.broken).toEqual([]);
  expect((await verifyAudit(database.db)).problems).toEqual([]);
  for (const { errors } of processes) expect(errors()).not.toContain('a command failed');
});
