import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Changes, watchSources } from '../../../scripts/dev/sources.ts';
import { eventually } from '../../setup/eventually.ts';

let top = '';
let heard: Changes[] = [];
let stop = (): void => {};

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'mislaid-sources-'));
  for (const folder of ['src/message', 'adapters', 'jobs']) mkdirSync(join(top, folder), { recursive: true });
  for (const path of ['src/main.ts', 'src/message/model.ts', 'adapters/index.ts', 'jobs/index.ts']) save(path, 'old');
  heard = [];
  stop = watchSources({ top, beside: ['policy.yaml'], onChange: (changes) => heard.push(changes) });
});

afterEach(() => {
  stop();
  rmSync(top, { recursive: true });
});

function save(path: string, text: string): void {
  writeFileSync(join(top, path), text);
}

async function hears(changes: Changes): Promise<void> {
  await eventually(() => expect(heard).toContainEqual(changes));
  heard = [];
}

describe('the watch over sources', () => {
  it('hears of a file that is written, replaced, new in a new folder, and removed', async () => {
    save('src/message/model.ts', 'something else');
    await hears({ changed: ['src/message/model.ts'], removed: [] });

    save('src/message/model.ts.draft', 'a third');
    renameSync(join(top, 'src/message/model.ts.draft'), join(top, 'src/message/model.ts'));
    await hears({ changed: ['src/message/model.ts'], removed: [] });

    mkdirSync(join(top, 'src/fresh'));
    save('src/fresh/one.ts', 'one');
    await hears({ changed: ['src/fresh/one.ts'], removed: [] });
    save('src/fresh/one.ts', 'one and more');
    await hears({ changed: ['src/fresh/one.ts'], removed: [] });

    rmSync(join(top, 'jobs/index.ts'));
    await hears({ changed: [], removed: ['jobs/index.ts'] });
  });

  it('hears of a policy that was not there, and of no file that is no source', async () => {
    save('src/notes.txt', 'nothing');
    save('policy.yaml', 'vip: []');

    await hears({ changed: ['policy.yaml'], removed: [] });
    expect(heard).toEqual([]);
  });
});
