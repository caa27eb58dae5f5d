import { describe, expect, it } from 'vitest';
import { Buttons } from '../../../adapters/console/buttons.ts';
import { Clicks } from '../../../adapters/console/clicks.ts';
import type { Message } from '../../../src/message/model.ts';

const hana = 'console:hana';
const otto = 'console:otto';
const helpdesk = 'console:#helpdesk';
const approvals = 'console:#approvals';

describe('numbers on a terminal', () => {
  it('are never given to another button, and kept by a card that is edited', () => {
    const buttons = new Buttons({ unique: true });
    buttons.show({ place: helpdesk, ref: 'r1' }, card('INC-101', 'a', 'b'));
    buttons.show({ place: approvals, ref: 'r2' }, card('INC-102', 'c'));

    const numbers = buttons.show({ place: helpdesk, ref: 'r1' }, card('INC-101', 'b', 'd'));

    expect(numbers).toEqual(
      new Map([
        ['b', 2],
        ['d', 4],
      ]),
    );
    expect(buttons.byNumber(3, hana, helpdesk)?.action).toBe('c');
    expect(buttons.byNumber(5, hana, helpdesk)).toBeUndefined();
  });

  it('of a button that its card lost still mean that button: the core says why it is too late', () => {
    const buttons = new Buttons({ unique: true });
    buttons.show({ place: helpdesk, ref: 'r1' }, card('INC-101', 'a', 'b'));
    buttons.show({ identity: otto, ref: 'r2' }, card('INC-101', 'c'));

    buttons.show({ place: helpdesk, ref: 'r1' }, card('INC-101', 'b'));
    buttons.show({ identity: otto, ref: 'r2' }, card('INC-101'));

    expect(buttons.byNumber(1, hana, helpdesk)?.action).toBe('a');
    expect(buttons.byNumber(3, hana, helpdesk)).toBeUndefined();
    expect(buttons.byNumber(3, otto, helpdesk)?.action).toBe('c');
  });

  it('of private messages press for their reader only', () => {
    const buttons = new Buttons({ unique: true });
    buttons.show({ identity: otto }, card('', 'a'));

    expect(buttons.byNumber(1, hana, undefined)).toBeUndefined();
    expect(buttons.byNumber(1, otto, helpdesk)?.action).toBe('a');
  });
});

describe('what a card calls by a number', () => {
  it('has that number, whatever was reported before', () => {
    const buttons = new Buttons({ unique: true });
    buttons.show({ place: helpdesk, ref: 'r0' }, card('Direct Push: edge too short', 'Show EX02'));

    const numbers = buttons.show(
      { place: helpdesk, ref: 'r1' },
      card('INC-101', 'None of these', '1 iPhone 15', '3 Galaxy S9'),
    );

    expect(Object.fromEntries(numbers)).toEqual({ '1 iPhone 15': 1, 'None of these': 2, '3 Galaxy S9': 3 });
    expect(buttons.byNumber(101, hana, helpdesk)?.action).toBe('Show EX02');
  });

  it('is asked about where another button has its number', () => {
    const notes: string[] = [];
    const buttons = new Buttons({ unique: true });
    const clicks = new Clicks({ buttons, asksToConfirm: true, ask: (sentence) => notes.push(sentence) });
    buttons.show({ place: helpdesk, ref: 'r1' }, card('INC-101', '1 iPhone 15', '2 iPad'));
    buttons.show({ place: helpdesk, ref: 'r2' }, card('INC-102', '1 Pixel 8', 'None of these'));

    const one = clicks.numbered(1, hana, helpdesk);

    expect(one).toMatchObject({
      kind: 'several',
      sentence: expect.stringContaining('"1 Pixel 8" on INC-102 is button 3'),
    });
    expect(clicks.numbered(3, hana, helpdesk)).toMatchObject({ kind: 'button', button: { action: '1 Pixel 8' } });
    expect(clicks.numbered(2, hana, helpdesk)).toMatchObject({ kind: 'button', button: { action: '2 iPad' } });
  });
});

describe('numbers in a script', () => {
  it('count from 1 on each card and mean the card shown last where the line is said', () => {
    const buttons = new Buttons({ unique: false });
    buttons.show({ place: helpdesk, ref: 'r1' }, card('INC-101', 'a', 'b'));
    buttons.show({ place: approvals, ref: 'r2' }, card('INC-101', 'c'));
    buttons.show({ identity: otto, ref: 'r3' }, card('INC-101', 'p'));

    expect(buttons.byNumber(2, hana, helpdesk)?.action).toBe('b');
    expect(buttons.byNumber(1, otto, approvals)?.action).toBe('c');
    expect(buttons.byNumber(1, otto, undefined)?.action).toBe('p');
    expect(buttons.byNumber(3, hana, helpdesk)).toBeUndefined();
  });

  it('mean a private answer where it was asked for', () => {
    const buttons = new Buttons({ unique: false });
    buttons.show({ place: helpdesk, ref: 'r1' }, card('INC-101', 'a'));
    buttons.show({ place: helpdesk, identity: hana }, card('', 'x'));

    expect(buttons.byNumber(1, hana, helpdesk)?.action).toBe('x');
    expect(buttons.byNumber(1, otto, helpdesk)?.action).toBe('a');
  });
});

describe('words', () => {
  const buttons = new Buttons({ unique: false });
  buttons.show({ place: approvals, ref: 'r1' }, card('Approve a wipe? INC-101', 'Approve=1', 'Deny…'));
  buttons.show({ place: approvals, ref: 'r2' }, card('Approve a wipe? INC-1012', 'Approve=2', 'Approve both'));
  buttons.show({ place: helpdesk, identity: hana }, card('', 'Alice Ng'));
  buttons.show({ place: helpdesk, identity: hana }, card('', 'Alice Ng', 'Alice Moreau'));

  it('press one button, the exact words before a beginning', () => {
    expect(buttons.byWords('deny', otto, approvals).map((button) => button.action)).toEqual(['Deny…']);
    expect(buttons.byWords('approve both', otto, approvals).map((button) => button.showing.ref)).toEqual(['r2']);
  });

  it('name every card that they fit, so that nobody presses the wrong one', () => {
    expect(buttons.byWords('approve', otto, approvals).map((button) => button.showing.ref)).toEqual(['r2', 'r1']);
  });

  it('press an action that is on several cards without asking', () => {
    const both = new Buttons({ unique: false });
    both.show({ place: approvals, ref: 'r1' }, card('INC-101', 'Approve'));
    both.show({ identity: otto, ref: 'r2' }, card('INC-101', 'Approve'));

    expect(both.byWords('approve', otto, helpdesk)).toHaveLength(1);
  });

  it('are told apart by the incident, whole numbers only', () => {
    expect(buttons.byWords('approve', otto, approvals, 'INC-101').map((button) => button.showing.ref)).toEqual(['r1']);
  });

  it('mean the newest of answers that look the same', () => {
    const found = buttons.byWords('alice ng', hana, helpdesk);

    expect(found).toHaveLength(1);
    expect(buttons.byWords('alice ng', otto, helpdesk)).toEqual([]);
  });
});

function card(title: string, ...labels: readonly string[]): Message {
  return {
    title,
    tone: 'neutral',
    blocks: [
      { kind: 'buttons', buttons: labels.map((label) => ({ label: label.split('=')[0] ?? '', action: label })) },
    ],
  };
}
