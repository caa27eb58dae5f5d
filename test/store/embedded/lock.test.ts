import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataFolder, ownerOf } from '../../../src/store/embedded/lock.ts';
import { birthOf } from '../../../src/store/embedded/processes.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mislaid lock '));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (text: string) => writeFileSync(join(folder, 'mislaid.lock'), text);

describe('the lock of the data folder', () => {
  it('is held by one until it is given back', async () => {
    const release = await lockDataFolder(folder);
    expect(ownerOf(folder)).toBe(process.pid);
    await expect(lockDataFolder(folder)).rejects.toMatchObject({ code: 'already-running' });
    release();
    expect(readdirSync(folder)).toEqual([]);
    (await lockDataFolder(folder))();
  });

  it('is taken over from a process that died', async () => {
    write(JSON.stringify({ pid: 2 ** 22 + 1, birth: 'x', token: 'x' }));
    const release = await lockDataFolder(folder);
    expect(ownerOf(folder)).toBe(process.pid);
    release();
  });

  it('is taken over when the process number has come again', async () => {
    write(JSON.stringify({ pid: process.ppid, birth: 'another birth', token: 'x' }));
    expect(ownerOf(folder)).toBeUndefined();
    (await lockDataFolder(folder))();
  });

  it('is respected while that very process lives', async () => {
    write(JSON.stringify({ pid: process.ppid, birth: birthOf(process.ppid), token: 'x' }));
    await expect(lockDataFolder(folder)).rejects.toThrow(`already running (process ${process.ppid})`);
  });

  it.each(['', '{"pid":', '{"pid":-1}', 'null'])('is taken over from a file cut short by a crash: %j', async (text) => {
    write(text);
    (await lockDataFolder(folder))();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('goes to exactly one of many who find a dead owner', async () => {
    write(JSON.stringify({ pid: 2 ** 22 + 1, birth: 'x', token: 'x' }));
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataFolder(folder)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['mislaid.lock']);
  });

  it('is not given back twice: a later owner keeps it', async () => {
    const release = await lockDataFolder(folder);
    release();
    const later = await lockDataFolder(folder);
    const text = readFileSync(join(folder, 'mislaid.lock'), 'utf8');
    release();
    expect(readFileSync(join(folder, 'mislaid.lock'), 'utf8')).toBe(text);
    later();
  });
});
