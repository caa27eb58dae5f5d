import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syncConfig } from '../../../src/exchange/lab/web-config.ts';
import { type Servers, ServerUnreadable } from '../../../src/servers/port.ts';
import { createWinrmServers } from '../../../src/servers/winrm/index.ts';
import { openWinrmPool } from '../../../src/servers/winrm/session.ts';
import { serversContract } from '../../contracts/servers.ts';
import { countingIds, engine, hasEngine, silentLog } from '../../powershell/engine.ts';
import { testClock } from '../../setup/clock.ts';

const policy = (root: string) => [
  {
    name: 'EX01',
    frontEndLogs: join(root, 'W3SVC1'),
    backEndLogs: join(root, 'W3SVC2'),
    exchangePath: join(root, "V15 'quoted' $(x)"),
  },
  { name: 'EXDOWN', frontEndLogs: join(root, 'W3SVC1'), exchangePath: root },
  { name: 'EXGONE', frontEndLogs: join(root, 'nowhere') },
];

async function open() {
  const root = mkdtempSync(join(tmpdir(), 'mislaid-winrm-'));
  const ledger = join(root, 'ledger.txt');
  for (const folder of ['W3SVC1', 'W3SVC2', "V15 'quoted' $(x)/ClientAccess/Sync"])
    mkdirSync(join(root, folder), { recursive: true });
  for (const folder of ['W3SVC1', 'W3SVC2']) {
    writeFileSync(join(root, folder, 'u_ex260301.log'), '#Fields: date time\r\n');
    // More than one piece, and no text: what comes back is bytes.
    writeFileSync(join(root, folder, 'u_ex260302.log'), Buffer.alloc(1_300_000, Buffer.from([0, 255, 10, 65, 0x80])));
  }
  const config = join(root, "V15 'quoted' $(x)/ClientAccess/Sync/web.config");
  writeFileSync(config, syncConfig());
  const pool = openWinrmPool({
    engine,
    environment: { ...process.env, INIT_SCRIPT_LEDGER: ledger, TZ: 'America/New_York' },
    ids: countingIds(),
    log: silentLog,
    initScript: fileURLToPath(new URL('./shadows.ps1', import.meta.url)),
  });
  const servers = createWinrmServers(policy(root), pool, testClock());
  return {
    root,
    ledger,
    config,
    servers,
    server: 'EX01',
    kinds: ['frontEnd', 'backEnd'] as const,
    since: new Date('2026-03-02T00:00:00Z'),
    grow: async () => {
      for (const folder of ['W3SVC1', 'W3SVC2']) appendFileSync(join(root, folder, 'u_ex260302.log'), 'more\r\n');
    },
    close: async () => {
      await pool.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

describe.runIf(hasEngine)('through the engine', () => {
  serversContract('winrm over PowerShell', open);

  describe('winrm', () => {
    let subject: Awaited<ReturnType<typeof open>>;
    let servers: Servers;
    beforeAll(async () => {
      subject = await open();
      servers = subject.servers;
    });
    afterAll(() => subject.close());

    it('runs on the server that is named, and recycles there', async () => {
      await expect(servers.recyclePool('EX01', 'MSExchangeSyncAppPool')).resolves.toEqual({ done: true });
      expect(readFileSync(subject.ledger, 'utf8')).toContain('EX01\nrecycled MSExchangeSyncAppPool\n');
      await expect(servers.recyclePool('EX01', 'NoSuchPool')).rejects.toBeInstanceOf(ServerUnreadable);
    });

    it('says why a server cannot be read, without repeating its paths', async () => {
      await expect(servers.listLogs('EXDOWN', 'frontEnd')).rejects.toMatchObject({
        userMessage: 'EXDOWN does not answer over WinRM.',
      });
      await expect(servers.listLogs('EXGONE', 'frontEnd')).rejects.toMatchObject({
        userMessage: 'EXGONE could not be read: the folder or file that policy.yaml names is not there.',
      });
      await expect(servers.readConfig('EXGONE', 'sync')).rejects.toMatchObject({ server: 'EXGONE' });
    });

    it('leaves no temporary file, and a backup that holds what was there', async () => {
      const { bytes } = await servers.readConfig('EX01', 'sync');
      const hash = createHash('sha256').update(bytes).digest('hex');
      const { backup } = await servers.writeConfig('EX01', 'sync', Buffer.from('<configuration/>'), hash);
      expect(readFileSync(backup).equals(bytes)).toBe(true);
      expect(readFileSync(subject.config, 'utf8')).toBe('<configuration/>');
      await expect(servers.writeConfig('EX01', 'sync', bytes, hash)).rejects.toMatchObject({ code: 'config-changed' });
      expect(readdirSync(join(subject.config, '..')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    });
  });
});
