import { describe, expect, it } from 'vitest';
import { answerForm, type OpenForm, openForm, question, withErrors } from '../../../adapters/console/forms.ts';
import { galleryForms } from '../../gallery/gallery.ts';

describe('a form, line by line', () => {
  it('gives the values that a modal would give', () => {
    const open = wipeForm();

    const values = answerAll(open, [
      '2',
      'Left in a taxi',
      'y',
      'iPhone 15 7F3A',
      'By her manager',
      'a@x.example, b@x.example',
    ]);

    expect(values).toEqual({
      scope: 'full',
      reason: 'Left in a taxi',
      told: true,
      typed: 'iPhone 15 7F3A',
      verified: 'manager',
      notify: ['a@x.example', 'b@x.example'],
    });
  });

  it('keeps what is there at an empty line, and empties it at a dash', () => {
    expect(answerAll(wipeForm(), ['', 'r', '', '', '1', '-'])).toEqual({
      scope: 'account-only',
      reason: 'r',
      told: false,
      typed: '',
      verified: 'call-back',
      notify: [],
    });
  });

  it('goes back one question, with the answer kept, and stays at the first', () => {
    const first = answerForm(wipeForm(), 'back');
    expect(first.kind === 'ask' && first.open.asking[0]?.id).toBe('scope');

    const second = answerForm(wipeForm(), '2');
    if (second.kind !== 'ask') throw new Error('the second question was not asked');
    const again = answerForm(second.open, 'back');
    expect(again.kind === 'ask' && [again.open.asking[0]?.id, again.open.values.scope]).toEqual(['scope', 'full']);
  });

  it('goes back from a field that was refused, and then asks the rest again', () => {
    const open = { ...wipeForm(), asking: [] };
    const refused = answerForm(withErrors(open, { typed: 'Type exactly: iPhone 15 7F3A' }), 'back');
    expect(refused.kind === 'ask' && refused.open.asking.map(({ id }) => id)).toEqual([
      'told',
      'typed',
      'verified',
      'notify',
    ]);
  });

  it('does not say that a field may be empty which was just refused', () => {
    const refused = withErrors(wipeForm(), { typed: 'Type exactly: iPhone 15 7F3A' });
    expect(question(refused).lines.join('\n')).not.toContain('may be empty');
    expect(question(refused).lines).toContain('✘ Type exactly: iPhone 15 7F3A');
  });

  it('takes all answers at once as JSON', () => {
    expect(answerAll(wipeForm(), ['{"scope":"full","reason":"r"}'])).toMatchObject({ scope: 'full', reason: 'r' });
  });

  it.each([
    [0, '7', 'Choose one by its number, 1 to 2.'],
    [1, '', 'An answer is needed here; "cancel" leaves the form.'],
    [1, 'x'.repeat(501), 'At most 500 characters; this has 501.'],
    [2, 'maybe', 'Answer y or n.'],
  ])('asks question %i again after %s', (at, line, sentence) => {
    const open = wipeForm();

    expect(answerForm({ ...open, asking: open.asking.slice(at) }, line)).toEqual({ kind: 'again', sentence });
  });

  it('insists on a tick that must be there', () => {
    const form = galleryForms.find((sample) => sample.form.id === 'close')?.form;
    if (form === undefined) throw new Error('no form');

    expect(answerForm(openForm(form), 'n')).toEqual({
      kind: 'again',
      sentence: 'This must be ticked (y); "cancel" leaves the form.',
    });
    expect(answerForm(openForm(form), 'cancel')).toEqual({ kind: 'cancel' });
  });

  it('asks only what was refused, beside its reason, with what was typed', () => {
    const submitted: OpenForm = {
      ...wipeForm(),
      values: { scope: 'full', reason: 'r', typed: 'iPhone 7F3B', told: true },
    };

    const again = withErrors(submitted, { typed: 'This is not the name shown.' });

    expect(question(again).lines).toEqual([
      "4 of 6 · The phone's name and the last four characters of its id",
      '  For a full wipe.',
      '✘ This is not the name shown.',
      '  Type: iPhone 15 7F3A',
      '  Empty line keeps: iPhone 7F3B (- empties it)',
    ]);
    expect(answerForm(again, 'iPhone 15 7F3A')).toMatchObject({
      kind: 'submit',
      open: { values: { scope: 'full', reason: 'r', typed: 'iPhone 15 7F3A', told: true } },
    });
  });
});

function wipeForm(): OpenForm {
  const form = galleryForms.find((sample) => sample.form.id === 'wipe')?.form;
  if (form === undefined) throw new Error('no form');
  return openForm(form);
}

function answerAll(start: OpenForm, lines: readonly string[]) {
  let open = start;
  for (const line of lines) {
    const step = answerForm(open, line);
    if (step.kind === 'submit') return step.open.values;
    if (step.kind !== 'ask') throw new Error(`not answered: ${line}`);
    open = step.open;
  }
  throw new Error('questions left');
}
