import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createLogger } from '../../src/start/logging.ts';
import { mountDisk, type SmallDisk, whyNoSmallDisk } from '../setup/small-disk.ts';

const reason = whyNoSmallDisk();
if (reason !== undefined) console.log(`logging.test.ts is left out: ${reason}`);

let disk: SmallDisk | undefined;
afterEach(() => disk?.close());

it.skipIf(reason !== undefined)(
  'a full disk under the log ends nothing, and what waited is written when there is room',
  () => {
    disk = mountDisk(256 * 1024);
    const file = join(disk.folder, 'mislaid.log');
    const { log, flush } = createLogger({ level: 'info', to: { file }, secrets: ['s3cret'] });
    log.info('before');
    disk.fill();
    for (let line = 0; line < 2_000; line += 1) log.info({ line }, 'while it is full, s3cret');
    flush();
    disk.free();
    log.info('after');
    const written = readFileSync(file, 'utf8');
    expect(written).toContain('"before"');
    expect(written).toContain('while it is full, [hidden]');
    // The disk holds less than was said: the newest line comes when the ones before it fit.
    expect(written.length).toBeGreaterThan(100_000);
  },
);
