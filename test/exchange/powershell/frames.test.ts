import { expect, it } from 'vitest';
import { createFrames } from '../../../src/exchange/powershell/frames.ts';

function split(...chunks: string[]) {
  const found: string[] = [];
  const frames = createFrames((content) => found.push(content));
  const rest = chunks.map((chunk) => frames.push(chunk)).join('');
  return { found, rest, size: frames.size };
}

const stream = 'noise\n<mislaid one QUJD>\nmore <mis<mislaid two >\n<mislaid half\nafter <mislaid three x>';

it('finds the same frames wherever the stream is cut', () => {
  const whole = split(stream);
  expect(whole.found).toEqual(['one QUJD', 'two ', 'three x']);
  expect(whole.rest).toBe('noise\n\nmore <mis\nafter ');
  for (let at = 0; at <= stream.length; at += 1) {
    expect(split(stream.slice(0, at), stream.slice(at))).toEqual(whole);
  }
  expect(split(...stream)).toEqual(whole);
});

it('counts everything, and forgets half a frame at the next call', () => {
  const found: string[] = [];
  const frames = createFrames((content) => found.push(content));
  frames.push('<mislaid half of an ans');
  expect(frames.size).toBe(23);
  frames.reset();
  expect(frames.size).toBe(0);
  expect(frames.push('wer>')).toBe('wer>');
  expect(found).toEqual([]);
});
