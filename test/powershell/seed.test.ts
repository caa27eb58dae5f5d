import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fakeSeed } from './seed.ts';

const path = new URL('./seed.json', import.meta.url);
if (process.env.WRITE_SEED === '1') writeFileSync(path, JSON.stringify(fakeSeed(), null, 2));

it('seed.json holds the people and phones of the lab', () => {
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(fakeSeed());
});
