import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConsoleOptions } from '../../../adapters/console/index.ts';
import type { Incoming, Receipt } from '../../../src/chat/port.ts';
import type { Answer, Message } from '../../../src/message/model.ts';
import { gallery, galleryForms } from '../../gallery/gallery.ts';
import { eventually } from '../../setup/eventually.ts';
import { jsonLines, openTestConsole, type TestConsole } from './harness.ts';

const opened: TestConsole[] = [];
afterEach(async () => {
  for (const console of opened.splice(0)) await console.adapter.stop();
});

describe('a script', () => {
  it('reads as a transcript, each answer under its line', async () => {
    const { console } = await start({ 'lost device alice': { private: sample('two people match') } });

    await console.type('lost device alice');
    await console.adapter.post('console:#approvals', sample('approval decided'), 'k1');

    expect(console.written().trim().split('\n')).toEqual([
      'hana #helpdesk> lost device alice',
      'to hana, privately: Two people match "alice":',
      '  • Alice Ng (alice.ng@contoso.example, Finance)',
      '  • Alice Moreau (alice.moreau@contoso.example, Sales)',
      '  [1] Alice Ng  [2] Alice Moreau',
      '#approvals: ✔ Approved · INC-104 · Alice Ng · iPhone 15 · account only',
      '  By Otto, 3 minutes ago, 09:21',
    ]);
  });

  it('presses by number, by words and by incident, and says so when there is no such button', async () => {
    const { console, heard } = await start({});
    const ref = await console.adapter.post('console:#approvals', sample('approval card'), 'k1');

    await console.type('otto #approvals> 1');
    await console.type('otto #helpdesk> INC-104 deny');
    await console.type('otto #helpdesk> INC-104 dance');
    await console.type('otto> press nothing');

    expect(heard.map(({ input: said }) => said)).toEqual([
      { kind: 'click', action: 'approve' },
      { kind: 'click', action: 'deny' },
      { kind: 'sentence', text: 'INC-104 dance' },
    ]);
    expect(heard.slice(0, 2)).toMatchObject([
      { place: 'console:#approvals', thread: ref },
      { place: 'console:#approvals', thread: ref },
    ]);
    expect(console.written()).toContain('console: There is no button called "nothing" here.');
  });

  it('says that a name is nobody, instead of speaking as a stranger', async () => {
    const { console, heard } = await start({});

    await console.type('alice #approvals> approve INC-104');
    await console.type('as alice');

    expect(heard).toEqual([]);
    expect(console.written().match(/There is nobody called "alice" here\. There are: hana, otto\./g)).toHaveLength(2);
  });

  it('names the card that a reply belongs to by its number, whatever stands before it in the title', async () => {
    const { console } = await start({});
    const card = sample('incident with three devices');
    const ref = await console.adapter.post('console:#helpdesk', { ...card, title: `LAB · ${card.title}` }, 'k1');

    await console.adapter.reply(ref, sample('requester may not approve'), 'k2');

    expect(console.written()).toContain('#helpdesk ↳ INC-104: ');
  });

  it('shows of an edit only what is new, and nothing when nothing is', async () => {
    const { console } = await start({});
    const ref = await console.adapter.post('console:#helpdesk', sample('incident, facts are being read'), 'k1');
    const before = console.written().length;

    await console.adapter.edit(ref, sample('incident, facts are being read'));
    expect(console.written().length).toBe(before);
    await console.adapter.edit(ref, sample('incident with three devices'));

    const update = console.written().slice(before);
    expect(update).toContain('#helpdesk: ⚠ INC-104 · Lost device · Alice Ng · updated\n  1 · iPhone 15');
    expect(update).not.toContain('Do not reset');
  });

  it('prints a card whole when it was shown by an earlier process', async () => {
    const first = await start({});
    const ref = await first.console.adapter.post('console:#helpdesk', sample('wipe proposed'), 'k1');
    const second = await start({});

    expect(await second.console.adapter.find('console:#helpdesk', 'k1')).toBeUndefined();
    await second.console.adapter.edit(ref, sample('wipe proposed'));

    expect(second.console.written()).toContain('#helpdesk: ⚠ Wipe proposed · iPhone 15, account only\n');
    expect(second.console.written()).toContain('[1] Withdraw');
  });

  it('speaks as one user alone where it may not impersonate', async () => {
    const { console, heard } = await start({}, { canImpersonate: false, who: 'root' });

    await console.type('otto #approvals> approvals');
    await console.type('as otto');
    await console.type('incidents');

    expect(heard).toMatchObject([{ sender: { identity: 'console:root' }, input: { text: 'incidents' } }]);
    expect(console.written().match(/Here it speaks as root/g)).toHaveLength(2);
  });

  it('ends when its input ends, after the last line was answered', async () => {
    const { console, heard } = await start({});

    await console.type('as otto');
    await console.type('in #approvals');
    await console.type('approvals');
    console.endInput();

    await eventually(() => expect(console.ends).toEqual(['end-of-input']));
    expect(heard).toMatchObject([
      { sender: { identity: 'console:otto', displayName: 'Otto' }, place: 'console:#approvals' },
    ]);
  });

  it('shows nothing that could command a terminal, whoever typed it', async () => {
    const { console } = await start({});

    await console.type('press \u001b[2J\u202Ex');
    for (const { name, message } of gallery) await console.adapter.post('console:#helpdesk', message, name);

    expect(console.written()).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  });

  it('prints one JSON line for each thing shown', async () => {
    const { console } = await start({}, { json: true });

    const ref = await console.adapter.post('console:#helpdesk', sample('wipe proposed'), 'k1');
    await console.adapter.edit(ref, sample('approval decided'));
    await console.adapter.reply(ref, sample('requester may not approve'), 'k2');
    await console.adapter.privately('console:otto', sample('approval card'), 'k3');

    expect(jsonLines(console.written())).toMatchObject([
      { kind: 'post', place: 'console:#helpdesk', ref, key: 'k1', message: sample('wipe proposed') },
      { kind: 'edit', place: 'console:#helpdesk', ref, key: 'k1', text: expect.stringContaining('✔ Approved') },
      { kind: 'reply', place: 'console:#helpdesk', key: 'k2' },
      { kind: 'private', to: 'console:otto', key: 'k3' },
    ]);
  });
});

describe('a terminal', () => {
  it('prints above the line being typed, which stays', async () => {
    const { console } = await start({}, { isTerminal: true });
    console.keys('half a sen');
    await eventually(() => expect(console.written()).toContain('half a sen'));

    await console.adapter.post('console:#helpdesk', sample('approval decided'), 'k1');

    const last = stripVTControlCharacters(console.written()).split('\n').at(-1);
    expect(last).toMatch(/hana #helpdesk> half a sen$/);
  });

  it('draws over the card that was printed last while nothing stands below it', async () => {
    const { console } = await start({}, { isTerminal: true });
    const ref = await console.adapter.post('console:#helpdesk', sample('incident, facts are being read'), 'k1');
    const before = console.written().length;

    await console.adapter.edit(ref, sample('incident with three devices'));
    const drawnOver = stripVTControlCharacters(console.written().slice(before));
    console.keys('incidents\r');
    await eventually(() => expect(console.written()).toContain('incidents'));
    await console.adapter.edit(ref, sample('incident, facts are being read'));

    expect(drawnOver).toContain('Do not reset');
    const below = stripVTControlCharacters(console.written()).split('incidents').at(-1);
    expect(below).toContain('Reading her devices');
    expect(below).not.toContain('Do not reset');
  });

  it('asks the whole question again after an answer that is none, for what was said meanwhile may stand in between', async () => {
    const { console } = await start({ 'wipe INC-104 1': { form: wipeForm() } }, { isTerminal: true });
    console.keys('wipe INC-104 1\r');
    await eventually(() => expect(console.written()).toContain('hana · scope> '));
    await console.adapter.post('console:#helpdesk', sample('approval decided'), 'k1');
    const before = console.written().length;

    console.keys('9\r');

    await eventually(() => expect(console.written().slice(before)).toContain('Choose one by its number'));
    await eventually(() => expect(console.written().slice(before)).toContain('1 of 6 · What is erased'));
  });

  it('asks before a click that wants it, and numbers every button on the screen once', async () => {
    const { console, heard } = await start({}, { isTerminal: true });
    await console.adapter.post('console:#approvals', sample('approval card'), 'k1');
    await console.adapter.post('console:#helpdesk', sample('acknowledged, with ticked steps'), 'k2');
    expect(console.written()).toContain('[4] Remove the partnership');

    console.keys('4\r');
    await eventually(() => expect(console.written()).toContain('Remove the partnership? y/n> '));
    console.keys('n\r');
    await eventually(() => expect(console.written()).toContain('was not pressed'));
    expect(heard).toEqual([]);
    console.keys('4\ry\r');

    await eventually(() => expect(heard).toMatchObject([{ input: { kind: 'click', action: 'remove-device' } }]));
  });

  it('asks a form line by line and keeps its answers out of the history', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'console-'));
    const historyFile = join(folder, 'history');
    writeFileSync(historyFile, 'an older line\n');
    const { console, heard } = await start({ wipe: { form: wipeForm() } }, { isTerminal: true, historyFile });

    for (const line of ['wipe', '2', 'Left in a taxi', 'y', 'iPhone 15 7F3A', '2']) {
      const before = console.written().length;
      console.keys(`${line}\r`);
      await eventually(() => expect(console.written().slice(before)).toMatch(/\d of 6/));
    }
    console.keys('\r');
    await eventually(() => expect(console.written()).toContain('y sends it'));
    expect(heard).toHaveLength(1);
    expect(stripVTControlCharacters(console.written())).toMatch(/this will be sent\.[\s\S]*Left in a taxi/);
    console.keys('y\r');

    await eventually(() => expect(heard).toHaveLength(2));
    expect(heard[1]?.input).toEqual({
      kind: 'form',
      action: 'submit-wipe',
      values: {
        scope: 'full',
        reason: 'Left in a taxi',
        told: true,
        typed: 'iPhone 15 7F3A',
        verified: 'manager',
        notify: ['helpdesk@contoso.example'],
      },
    });
    expect(readFileSync(historyFile, 'utf8')).toBe('wipe\nan older line\n');
    rmSync(folder, { recursive: true });
  });

  it('never takes a command as a reason unasked, and does it where that was meant', async () => {
    const isCommand = (line: string) => line === 'status INC-104';
    const { console, heard } = await start({ wipe: { form: wipeForm() } }, { isTerminal: true, isCommand });
    for (const line of ['wipe', '2']) {
      const before = console.written().length;
      console.keys(`${line}\r`);
      await eventually(() => expect(console.written().slice(before)).toMatch(/\d of 6/));
    }

    console.keys('status INC-104\r');
    await eventually(() => expect(console.written()).toContain('also something that I do'));
    console.keys('n\r');

    await eventually(() =>
      expect(heard.map(({ input }) => input)).toContainEqual({ kind: 'sentence', text: 'status INC-104' }),
    );
    expect(console.written()).toContain('left, nothing was sent');
  });

  it('takes it as the reason where that is said', async () => {
    const { console, heard } = await start({ deny: { form: reasonForm } }, { isTerminal: true, isCommand: () => true });
    console.keys('deny\r');
    await eventually(() => expect(console.written()).toContain('1 of 1'));
    console.keys('status INC-104\r');
    await eventually(() => expect(console.written()).toContain('also something that I do'));
    console.keys('y\r');
    await eventually(() => expect(console.written()).toContain('y sends it'));
    console.keys('y\r');

    await eventually(() =>
      expect(heard[1]?.input).toMatchObject({ kind: 'form', values: { reason: 'status INC-104' } }),
    );
  });

  it('sends nothing at the last look but for a yes', async () => {
    const { console, heard } = await start({ deny: { form: reasonForm } }, { isTerminal: true });
    console.keys('deny\r');
    await eventually(() => expect(console.written()).toContain('1 of 1'));
    console.keys('Wrong person\r');
    await eventually(() => expect(console.written()).toContain('y sends it'));
    console.keys('incidents\r');
    await eventually(() => expect(console.written()).toContain('Nothing was sent yet'));
    console.keys('back\r');
    await eventually(() => expect(console.written()).toContain('Empty line keeps: Wrong person'));
    console.keys('cancel\r');

    await eventually(() => expect(console.written()).toContain('left, nothing was sent'));
    expect(heard).toHaveLength(1);
  });

  it('leaves a form by Ctrl-C with what was typed into it, and ends by the next', async () => {
    const { console, heard } = await start({ deny: { form: reasonForm } }, { isTerminal: true });
    console.keys('deny\r');
    await eventually(() => expect(console.written()).toContain('1 of 1'));
    console.keys('half a rea');
    await eventually(() => expect(lastLine(console)).toContain('half a rea'));

    console.keys('\u0003');
    await eventually(() => expect(console.written()).toContain('left, nothing was sent'));
    expect(lastLine(console)).toMatch(/hana #helpdesk> $/);
    expect(console.ends).toEqual([]);
    console.keys('\u0003');

    await eventually(() => expect(console.ends).toEqual(['interrupt']));
    expect(heard).toHaveLength(1);
  });

  it('does not press by Ctrl-C what it asks to confirm', async () => {
    const { console, heard } = await start({}, { isTerminal: true });
    await console.adapter.post('console:#helpdesk', sample('acknowledged, with ticked steps'), 'k2');
    const number = /\[(\d+)\] Remove the partnership/.exec(console.written())?.[1];
    console.keys(`${number}\r`);
    await eventually(() => expect(console.written()).toContain('y/n> '));

    console.keys('\u0003');
    await eventually(() => expect(console.written()).toContain('was not pressed'));

    expect(console.ends).toEqual([]);
    expect(heard).toEqual([]);
  });

  it.each([
    ['as h', 'as hana'],
    ['lost', 'lost device '],
  ])('completes %s to %s', async (typed, whole) => {
    const complete = (line: string) => ['lost device '].filter((one) => one.startsWith(line));
    const { console } = await start({}, { isTerminal: true, complete });
    console.keys(typed);
    await eventually(() => expect(console.written()).toContain(typed));

    console.keys('\t');

    await eventually(() => expect(stripVTControlCharacters(console.written())).toContain(`> ${whole}`));
  });

  it('goes on where it was stopped from outside: who speaks, where, and what was typed so far; once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'console-'));
    const options = { isTerminal: true, resumeFile: join(folder, 'resume.json') };
    const first = await start({}, options);
    for (const line of ['as otto', 'in #approvals']) {
      first.console.keys(`${line}\r`);
      await eventually(() => expect(first.console.written()).toContain(line));
    }
    await eventually(() => expect(first.console.written()).toContain('otto #approvals> '));
    first.console.keys('approve INC-1');
    await eventually(() => expect(lastLine(first.console)).toMatch(/otto #approvals> approve INC-1$/));
    await first.console.adapter.stop();

    const second = await start({}, options);
    expect(lastLine(second.console)).toMatch(/otto #approvals> approve INC-1$/);
    second.console.keys('01\r');
    await eventually(() => expect(second.heard).toMatchObject([{ input: { text: 'approve INC-101' } }]));
    second.console.keys('quit\r');
    await eventually(() => expect(second.console.ends).toEqual(['quit']));
    await second.console.adapter.stop();

    const third = await start({}, options);
    expect(lastLine(third.console)).toMatch(/hana #helpdesk> $/);
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['\u0003', 'interrupt'],
    ['\u0004', 'quit'],
    ['quit\r', 'quit'],
  ])('%j ends it: %s', async (keys, why) => {
    const { console } = await start({}, { isTerminal: true });

    console.keys(keys);

    await eventually(() => expect(console.ends).toEqual([why]));
  });
});

async function start(answers: Readonly<Record<string, Answer>>, options: Partial<ConsoleOptions> = {}) {
  const heard: Incoming[] = [];
  const console = openTestConsole(options);
  opened.push(console);
  await console.adapter.start({
    app: express(),
    onCommand: async (incoming): Promise<Receipt> => {
      heard.push(incoming);
      const text = incoming.input.kind === 'sentence' ? incoming.input.text : '';
      return { kind: 'stored', answer: Promise.resolve(answers[text] ?? {}) };
    },
  });
  return { console, heard };
}

function lastLine(console: Pick<TestConsole, 'written'>): string | undefined {
  return stripVTControlCharacters(console.written()).split('\n').at(-1);
}

function sample(name: string): Message {
  const found = gallery.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no sample ${name}`);
  return found.message;
}

const reasonForm = {
  id: 'deny',
  title: 'Deny this wipe',
  fields: [{ kind: 'text', id: 'reason', label: 'Why', multiline: false, maxLength: 200, required: true }],
  submit: { label: 'Deny', action: 'submit-deny' },
} as const;

function wipeForm() {
  const found = galleryForms.find((one) => one.form.id === 'wipe');
  if (found === undefined) throw new Error('no form');
  return found.form;
}
