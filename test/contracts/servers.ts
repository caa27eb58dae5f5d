import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogKind } from '../../src/ground/identifiers.ts';
import { type LogFile, type Servers, ServerUnreadable } from '../../src/servers/port.ts';

export type ServersSubject = {
  servers: Servers;
  /** A server that has logs of the kinds below, and at least one event 1040 after `since`. */
  server: string;
  kinds: readonly LogKind[];
  since: Date;
  /** Something is written at the end of the newest log of each kind. */
  grow(): Promise<void>;
  close(): Promise<void>;
};

/** What every implementation of the Servers port does. */
export function serversContract(name: string, open: () => Promise<ServersSubject>): void {
  describe(`Servers: ${name}`, () => {
    let subject: ServersSubject;
    let servers: Servers;

    beforeAll(async () => {
      subject = await open();
      servers = subject.servers;
    });
    afterAll(() => subject?.close());

    async function bytesOf(file: LogFile, from = 0): Promise<Buffer> {
      const pieces: Uint8Array[] = [];
      for await (const piece of await servers.openLog(file, from)) pieces.push(Uint8Array.from(piece));
      return Buffer.concat(pieces);
    }

    async function newest(kind: LogKind): Promise<LogFile> {
      const files = await servers.listLogs(subject.server, kind);
      // Logs written one right after the other may bear the same time; then their names, which hold the date, decide.
      const last = files
        .toSorted(
          (one, other) => one.modifiedAt.getTime() - other.modifiedAt.getTime() || (one.path < other.path ? -1 : 1),
        )
        .at(-1);
      if (last === undefined) throw new Error(`no ${kind} log on ${subject.server}`);
      return last;
    }

    it('names its servers', () => {
      expect(servers.list()).toContain(subject.server);
    });

    it('lists logs by kind, and reads them from any place on', async () => {
      for (const kind of subject.kinds) {
        const file = await newest(kind);
        expect(file).toMatchObject({ server: subject.server, kind });
        const whole = await bytesOf(file);
        expect(whole.length).toBeGreaterThan(0);
        const middle = Math.floor(whole.length / 2);
        expect((await bytesOf(file, middle)).equals(whole.subarray(middle))).toBe(true);
        expect(await bytesOf(file, whole.length)).toHaveLength(0);
      }
    });

    it('lists only what was written to since then', async () => {
      const [kind] = subject.kinds;
      if (kind === undefined) throw new Error('the subject has no logs');
      const file = await newest(kind);
      const since = await servers.listLogs(subject.server, kind, file.modifiedAt);
      expect(since.map((one) => one.path)).toContain(file.path);
      expect(await servers.listLogs(subject.server, kind, new Date(file.modifiedAt.getTime() + 3_600_000))).toEqual([]);
    });

    it('keeps what was read when a log grows', async () => {
      const before = new Map<LogKind, { file: LogFile; bytes: Buffer }>();
      for (const kind of subject.kinds) {
        const file = await newest(kind);
        before.set(kind, { file, bytes: await bytesOf(file) });
      }
      await subject.grow();
      for (const [kind, { file, bytes }] of before) {
        const after = (await servers.listLogs(subject.server, kind)).find((one) => one.path === file.path);
        expect(after?.identity).toBe(file.identity);
        const grown = await bytesOf(file);
        expect(grown.length).toBeGreaterThan(bytes.length);
        expect(grown.subarray(0, bytes.length).equals(bytes)).toBe(true);
      }
    });

    it('says which server cannot be read', async () => {
      await expect(servers.listLogs('EX99', 'backEnd')).rejects.toBeInstanceOf(ServerUnreadable);
      await expect(servers.readConfig('EX99', 'sync')).rejects.toMatchObject({ server: 'EX99' });
    });

    it('replaces a web.config only while it is the one that was read', async () => {
      const { bytes } = await servers.readConfig(subject.server, 'sync');
      const changed = Buffer.from(bytes.toString('utf8').replace('value="540"', 'value="480"'), 'utf8');
      expect(changed.equals(bytes)).toBe(false);
      const stale = createHash('sha256').update(changed).digest('hex');
      await expect(servers.writeConfig(subject.server, 'sync', changed, stale)).rejects.toThrow();
      expect((await servers.readConfig(subject.server, 'sync')).bytes.equals(bytes)).toBe(true);

      const expected = createHash('sha256').update(bytes).digest('hex');
      const { backup } = await servers.writeConfig(subject.server, 'sync', changed, expected);
      expect(backup).not.toBe('');
      expect((await servers.readConfig(subject.server, 'sync')).bytes.equals(changed)).toBe(true);
      await servers.writeConfig(subject.server, 'sync', bytes, stale);
    });

    it('reads events 1040, with the average and the threshold', async () => {
      const { events, unread } = await servers.events1040(subject.server, subject.since);
      expect(unread).toEqual([]);
      expect(events.length).toBeGreaterThan(0);
      for (const event of events) {
        expect(event.server).toBe(subject.server);
        expect(event.at.getTime()).toBeGreaterThanOrEqual(subject.since.getTime());
        expect(event.averageSeconds).toBeGreaterThan(0);
        expect(event.averageSeconds).toBeLessThanOrEqual(event.thresholdSeconds);
      }
      const last = events.map((event) => event.at.getTime()).sort((one, other) => other - one)[0] ?? 0;
      expect((await servers.events1040(subject.server, new Date(last + 1))).events).toEqual([]);
    });

    it('recycles the pool, or gives the command that does', async () => {
      const answer = await servers.recyclePool(subject.server, 'MSExchangeSyncAppPool');
      if (answer.done) return;
      expect(answer.command).toContain('MSExchangeSyncAppPool');
    });
  });
}
