import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventsIn } from '../../src/servers/files/exported-text.ts';
import { createFileServers } from '../../src/servers/files/index.ts';
import { ServerUnreadable } from '../../src/servers/port.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mislaid-servers-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function servers() {
  return createFileServers(
    [
      { name: 'EX01', frontEndLogs: 'logs', backEndLogs: 'gone', exchangePath: 'V15', exportedEvents: 'events' },
      { name: 'EX02' },
    ],
    root,
  );
}

describe('logs', () => {
  test('are listed oldest first, with an identity that outlives a rename; other files are not logs', async () => {
    mkdirSync(join(root, 'logs/sub.log'), { recursive: true });
    for (const [name, day] of [
      ['u_ex02.log', 2],
      ['u_ex01.log.gz', 1],
      ['notes.txt', 3],
    ] as const) {
      writeFileSync(join(root, 'logs', name), 'x');
      utimesSync(join(root, 'logs', name), new Date(Date.UTC(2026, 2, day)), new Date(Date.UTC(2026, 2, day)));
    }
    const files = await servers().listLogs('EX01', 'frontEnd');
    expect(files.map(({ path, compressed, size }) => ({ name: path.split('/').at(-1), compressed, size }))).toEqual([
      { name: 'u_ex01.log.gz', compressed: true, size: 1 },
      { name: 'u_ex02.log', compressed: false, size: 1 },
    ]);
    expect(new Set(files.map(({ identity }) => identity)).size).toBe(2);
    expect(await servers().listLogs('EX01', 'frontEnd', new Date('2026-03-02T00:00:00Z'))).toHaveLength(1);
    expect(await servers().listLogs('EX02', 'frontEnd')).toEqual([]);
  });

  test('are read from an offset to the end as it is', async () => {
    mkdirSync(join(root, 'logs'));
    writeFileSync(join(root, 'logs/a.log'), 'hello world');
    const port = servers();
    const [file] = await port.listLogs('EX01', 'frontEnd');
    if (file === undefined) throw new Error('no file was listed');
    const read: Uint8Array[] = [];
    for await (const piece of await port.openLog(file, 6)) read.push(Uint8Array.from(piece));
    expect(Buffer.concat(read).toString()).toBe('world');
  });

  test('a folder that is not there is said with server and reason, and without the path', async () => {
    const error = await servers()
      .listLogs('EX01', 'backEnd')
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof ServerUnreadable)) throw new Error('another error was thrown');
    expect(error.userMessage).toBe(
      'The back-end logs of EX01 could not be read: the folder or file that policy.yaml names is not there.',
    );
    await expect(servers().listLogs('EX09', 'backEnd')).rejects.toThrow('policy.yaml lists no server EX09');
  });
});

describe('web.config', () => {
  const path = () => join(root, 'V15/ClientAccess/Sync/web.config');
  const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

  beforeEach(() => {
    mkdirSync(join(root, 'V15/ClientAccess/Sync'), { recursive: true });
    writeFileSync(path(), 'before');
  });

  test('is replaced only if it is the file that was looked at, with a backup of exactly what was there', async () => {
    const { bytes } = await servers().readConfig('EX01', 'sync');
    const { backup } = await servers().writeConfig('EX01', 'sync', Buffer.from('after'), sha(bytes));
    expect([readFileSync(path(), 'utf8'), readFileSync(backup, 'utf8')]).toEqual(['after', 'before']);
    await expect(servers().writeConfig('EX01', 'sync', Buffer.from('again'), sha(bytes))).rejects.toMatchObject({
      code: 'config-changed',
    });
    expect(readFileSync(path(), 'utf8')).toBe('after');
    expect(readdirSync(join(root, 'V15/ClientAccess/Sync')).filter((name) => name.endsWith('new'))).toEqual([]);
  });

  test('a backup that a crash left half-written is made anew; a whole one is kept', async () => {
    const hash = sha(Buffer.from('before'));
    const backup = `${path()}.mislaid-${hash.slice(0, 12)}.bak`;
    writeFileSync(backup, 'bef');
    await servers().writeConfig('EX01', 'sync', Buffer.from('after'), hash);
    expect(readFileSync(backup, 'utf8')).toBe('before');
  });

  test('a crash between the backup and the rename leaves the old file in force, and the next try replaces it', async () => {
    const hash = sha(Buffer.from('before'));
    const backup = `${path()}.mislaid-${hash.slice(0, 12)}.bak`;
    writeFileSync(backup, 'before');
    writeFileSync(`${path()}.mislaid-new`, 'aft');
    expect((await servers().readConfig('EX01', 'sync')).bytes.toString()).toBe('before');
    expect(await servers().writeConfig('EX01', 'sync', Buffer.from('after'), hash)).toEqual({ backup });
    expect([readFileSync(path(), 'utf8'), readFileSync(backup, 'utf8')]).toEqual(['after', 'before']);
    expect(existsSync(`${path()}.mislaid-new`)).toBe(false);
  });

  test('what cannot be written leaves the file as it was', async () => {
    // A folder in the way of the file beside it: the same failure for root, whom no permission stops.
    mkdirSync(`${path()}.mislaid-new`);
    writeFileSync(join(`${path()}.mislaid-new`, 'x'), '');
    await expect(
      servers().writeConfig('EX01', 'sync', Buffer.from('after'), sha(Buffer.from('before'))),
    ).rejects.toMatchObject({ code: 'config-not-written' });
    expect(readFileSync(path(), 'utf8')).toBe('before');
  });

  test('keeps the mode of the file', async () => {
    chmodSync(path(), 0o640);
    await servers().writeConfig('EX01', 'sync', Buffer.from('after'), sha(Buffer.from('before')));
    const { statSync } = await import('node:fs');
    expect(statSync(path()).mode & 0o777).toBe(0o640);
  });

  test('of a server without a path is refused with the reason', async () => {
    await expect(servers().readConfig('EX02', 'sync')).rejects.toThrow('policy.yaml gives no exchangePath for EX02');
  });
});

describe('event 1040', () => {
  const older =
    'The average of the most recent [513] heartbeat intervals used by clients is less than or equal to [540]. Make sure that your firewall';
  const newer =
    'The average of the most recent heartbeat intervals [207] for request [Ping] used by clients is less than or equal to [540]. Make sure';

  test('is found in every export, in both wordings; the first bracket is the average', async () => {
    mkdirSync(join(root, 'events'));
    writeFileSync(
      join(root, 'events/a.xml'),
      `<Events><Event xmlns='x'><System><EventID>1040</EventID><TimeCreated SystemTime='2026-03-02T08:00:00.1234567Z'/></System><RenderingInfo><Message>${newer}</Message></RenderingInfo></Event><Event><System><TimeCreated SystemTime='2026-03-02T09:00:00.000Z'/></System><RenderingInfo><Message>something else</Message></RenderingInfo></Event></Events>`,
    );
    writeFileSync(
      join(root, 'events/b.csv'),
      Buffer.concat([
        Buffer.from([0xff, 0xfe]),
        Buffer.from(
          `Level,Date and Time,Source,Event ID,Task Category\r\nWarning,3/2/2026 10:15:30 AM,MSExchange ActiveSync,1040,Requests,"${older}"\r\n`,
          'utf16le',
        ),
      ]),
    );
    writeFileSync(
      join(root, 'events/c.txt'),
      `Event[0]:\n  Log Name: Application\n  Date: 2026-03-02T11:00:00.000\n  Event ID: 1040\n  Description:\n${newer.replace('207', '210')}\n\nEvent[1]:\n  Date: 2026-03-01T11:00:00.000\n  Description:\n${newer}\n`,
    );
    const found = await servers().events1040('EX01', new Date('2026-03-02T00:00:00Z'));
    expect(found.unread).toEqual([
      'b.csv: 1 event 1040 could be of two days (3/2/2026 10:15:30 AM): say exportedDates in policy.yaml, or export as XML.',
    ]);
    expect(found.events).toEqual([
      {
        server: 'EX01',
        at: new Date('2026-03-02T08:00:00.123Z'),
        averageSeconds: 207,
        thresholdSeconds: 540,
        command: 'Ping',
      },
      {
        server: 'EX01',
        at: new Date('2026-03-02T11:00:00Z'),
        averageSeconds: 210,
        thresholdSeconds: 540,
        command: 'Ping',
      },
    ]);
  });

  test('the published texts are understood', () => {
    const path = resolve(import.meta.dirname, '../../../shared/domain/samples/event-1040.txt');
    if (!existsSync(path))
      throw new Error(
        'The sample event-1040.txt is not at ../shared/domain/samples beside the project: this test reads it there.',
      );
    const text = readFileSync(path, 'utf8').replaceAll(/^(?=The average)/gm, 'Date: 2026-03-02T08:00:00Z\n');
    expect(
      eventsIn('EX01', text, { order: undefined, timeZone: 'UTC' }).events.map(
        ({ averageSeconds, thresholdSeconds, command }) => [averageSeconds, thresholdSeconds, command],
      ),
    ).toEqual([
      [513, 540, undefined],
      [207, 540, 'Ping'],
    ]);
  });

  test('without a folder it is said, not answered with none', async () => {
    await expect(servers().events1040('EX02', new Date(0))).rejects.toThrow('exportedEvents');
    await expect(servers().events1040('EX01', new Date(0))).rejects.toThrow(ServerUnreadable);
  });
});

test('recycling is a command to type, and no pool name becomes one', async () => {
  expect(await servers().recyclePool('EX01', 'MSExchangeSyncAppPool')).toEqual({
    done: false,
    command: "Invoke-Command -ComputerName EX01 { Restart-WebAppPool -Name 'MSExchangeSyncAppPool' }",
  });
  await expect(servers().recyclePool('EX01', "x'; rm")).rejects.toThrow('not the name of an application pool');
});
