import { expect, test } from 'vitest';
import { createClosing } from '../../src/ground/closing.ts';

test('releases run once, newest first, also past one that fails', async () => {
  const ran: string[] = [];
  const failed: string[] = [];
  const closing = createClosing((name) => failed.push(name));
  closing.add('first', () => ran.push('first'));
  closing.add('second', () => {
    throw new Error('no');
  });
  closing.add('third', () => ran.push('third'));

  await Promise.all([closing.close(), closing.close()]);

  expect(ran).toEqual(['third', 'first']);
  expect(failed).toEqual(['second']);
});

test('what is opened after the end began is released at once, and the opener is told', async () => {
  const ran: string[] = [];
  const closing = createClosing(() => {});
  closing.add('early', () => ran.push('early'));
  const closed = closing.close();

  expect(() => closing.add('late', () => ran.push('late'))).toThrow(/late was opened too late/);
  await closed;
  await closing.close();

  expect(ran).toEqual(['early', 'late']);
});
