import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../../../src/store/embedded/processes.ts';
import { eventually } from '../../setup/eventually.ts';
import { accounts, createWorkshop, folderFor, query, serverOf, type Workshop } from './owners.ts';

const count = 'select count(*)::int as n from incident';
const kept = [{ n: 1 }];
let workshop: Workshop;

beforeAll(() => {
  workshop = createWorkshop();
});
afterAll(() => workshop.close());

describe.each(await accounts())('as $name', ({ as }) => {
  let seed: string;

  beforeAll(async () => {
    seed = workshop.dataFolder();
    const owner = startAgain(seed);
    const { connection } = await owner.ready();
    await query(connection, 'create table incident as select 1 as number');
    await owner.stop();
  });

  afterEach(() => workshop.tidy(seed));

  /** A server that holds one row, and its owner; the data is a copy, because making it anew costs a second each time. */
  async function started() {
    const dataFolder = workshop.dataFolder();
    execFileSync('cp', ['-a', seed, dataFolder]);
    const owner = startAgain(dataFolder);
    const { connection } = await owner.ready();
    const server = serverOf(dataFolder) ?? 0;
    expect(isAlive(server)).toBe(true);
    return { dataFolder, owner, connection, server };
  }

  function startAgain(dataFolder: string) {
    return workshop.start(dataFolder, { ...(as && { as }) });
  }

  it('stops in order, leaves nothing but its data, and starts again with what was written', async () => {
    expect(readdirSync(seed)).toEqual(['postgres']);
    expect(serverOf(seed)).toBeUndefined();

    const { dataFolder, owner, connection, server } = await started();
    expect(await query(connection, count)).toEqual(kept);
    await owner.stop();
    expect(isAlive(server)).toBe(false);
    expect(readdirSync(dataFolder)).toEqual(['postgres']);
  });

  it('is open to nobody else: no network, private files, a password', async () => {
    const { dataFolder, owner, connection } = await started();
    expect(await query(connection, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
    expect(statSync(join(dataFolder, 'postgres')).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataFolder, 'postgres', 'password')).mode & 0o777).toBe(0o600);
    await expect(query({ ...connection, password: 'guess' }, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    const arguments_ = readFileSync(`/proc/${serverOf(dataFolder)}/cmdline`, 'utf8');
    expect(arguments_).not.toContain(connection.password);
    await owner.stop();
  });

  it('does not hear Ctrl-C, which reaches the whole group of its owner', async () => {
    const { owner, connection } = await started();
    process.kill(-owner.pid, 'SIGINT');
    await eventually(() => expect(owner.interrupted()).toBe(true));
    expect(await query(connection, count)).toEqual(kept);
    await owner.stop();
  });

  it('is taken over after kill -9 of its owner', async () => {
    const { dataFolder, owner, server } = await started();
    await owner.kill();
    expect(isAlive(server)).toBe(true);

    const next = startAgain(dataFolder);
    const { connection } = await next.ready();
    expect(serverOf(dataFolder)).toBe(server);
    expect(await query(connection, count)).toEqual(kept);
    await next.stop();
    expect(isAlive(server)).toBe(false);
  });

  it('is replaced after kill -9 of its owner when its socket is gone', async () => {
    const { dataFolder, owner, server } = await started();
    await owner.kill();
    rmSync(join(dataFolder, 'postgres', 'socket'), { recursive: true });

    const next = startAgain(dataFolder);
    const { connection } = await next.ready();
    expect(isAlive(server)).toBe(false);
    expect(await query(connection, count)).toEqual(kept);
    await next.stop();
  });

  it('is started again when it dies, and says so', async () => {
    const { dataFolder, owner, connection, server } = await started();
    process.kill(server, 'SIGKILL');
    await eventually(() => expect(owner.logged()).toContain('the database runs again'));
    expect(owner.logged()).toContain('the database died; starting it again');
    expect(await query(connection, count)).toEqual(kept);
    expect(serverOf(dataFolder)).not.toBe(server);
    await owner.stop();
  });

  it('recovers after kill -9 of both', async () => {
    const { dataFolder, owner, server } = await started();
    process.kill(server, 'SIGKILL');
    await owner.kill();
    const next = startAgain(dataFolder);
    const { connection } = await next.ready();
    expect(await query(connection, count)).toEqual(kept);
    await next.stop();
  });

  it('refuses a second owner in one sentence and leaves the first alone', async () => {
    const { dataFolder, owner, connection } = await started();
    const { code, message } = await startAgain(dataFolder).failed();
    expect(code).toBe('already-running');
    expect(message).toContain(`already running (process ${owner.pid})`);
    expect(await query(connection, count)).toEqual(kept);
    await owner.stop();
  });

  it('starts over a pid file that names a living stranger', async () => {
    const { dataFolder, owner } = await started();
    await owner.stop();
    const cluster = join(dataFolder, 'postgres', 'data');
    const { uid, gid } = statSync(cluster);
    const stranger: ChildProcess = spawn('sleep', ['600'], process.getuid?.() === 0 ? { uid, gid } : {});
    try {
      writeFileSync(
        join(cluster, 'postmaster.pid'),
        `${stranger.pid}\n${cluster}\n1\n5432\n/nowhere\n\n  1  1\nready   \n`,
      );
      const next = startAgain(dataFolder);
      const { connection } = await next.ready();
      expect(await query(connection, count)).toEqual(kept);
      expect(isAlive(stranger.pid ?? 0)).toBe(true);
      await next.stop();
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('begins anew when the first start was cut off while the files were made', async () => {
    const dataFolder = workshop.dataFolder();
    folderFor(dataFolder, as);
    const own = folderFor(join(dataFolder, 'postgres'), as, 0o700);
    folderFor(join(own, 'data.new-1'), as);
    const owner = startAgain(dataFolder);
    await owner.ready();
    expect(readdirSync(own).filter((name) => name.startsWith('data.new'))).toEqual([]);
    await owner.stop();
  });

  it('puts the socket under the temporary directory when the path is too long, and removes it', async () => {
    const temporary = folderFor(workshop.dataFolder(), as);
    const sockets = () => readdirSync(temporary).filter((name) => name.startsWith('mislaid-'));
    const dataFolder = workshop.dataFolder('long '.repeat(20));
    const start = () => workshop.start(dataFolder, { ...(as && { as }), temporary });

    const first = start();
    const { connection } = await first.ready();
    const [socket = 'none'] = sockets();
    expect(connection.host).toBe(join(temporary, socket));
    expect(statSync(connection.host).mode & 0o777).toBe(0o700);
    const server = serverOf(dataFolder) ?? 0;
    await first.kill();

    const second = start();
    expect((await second.ready()).connection.host).toBe(connection.host);
    expect(serverOf(dataFolder)).toBe(server);
    // The owner first: it would start the server again.
    await second.kill();
    process.kill(server, 'SIGKILL');
    await eventually(() => expect(isAlive(server)).toBe(false));
    expect(sockets()).toEqual([socket]);

    const third = start();
    await third.ready();
    expect(sockets()).toHaveLength(1);
    expect(sockets()).not.toEqual([socket]);
    await third.stop();
    expect(sockets()).toEqual([]);
  });

  it('says in one sentence that the data folder cannot be reached or written', async () => {
    const asRoot = process.getuid?.() === 0;
    const closed = folderFor(workshop.dataFolder(), undefined, asRoot ? 0o700 : 0o500);
    const ordinary = !asRoot || as !== undefined;
    for (const dataFolder of ordinary ? [join(closed, 'data'), closed] : [join(closed, 'data')]) {
      const { code, message } = await startAgain(dataFolder).failed();
      expect(code).toBe(ordinary ? 'data-folder-unusable' : 'data-folder-unreachable');
      expect(message).toContain(closed);
      expect(message).toMatch(/et MISLAID_DATA to (a|another) folder/);
      expect(message).not.toContain('\n');
    }
  });

  it('says in one sentence that the database is of another version', async () => {
    const { dataFolder, owner } = await started();
    await owner.stop();
    writeFileSync(join(dataFolder, 'postgres', 'data', 'PG_VERSION'), '17\n');
    expect(await startAgain(dataFolder).failed()).toMatchObject({ code: 'wrong-postgres-version' });
    expect(existsSync(join(dataFolder, 'mislaid.lock'))).toBe(false);
  });

  it('says why the server does not start', async () => {
    const { dataFolder, owner } = await started();
    await owner.stop();
    writeFileSync(join(dataFolder, 'postgres', 'data', 'postgresql.auto.conf'), 'no_such_setting = 1\n');
    const { code, message } = await startAgain(dataFolder).failed();
    expect(code).toBe('postgres-did-not-start');
    expect(message).toMatch(/no_such_setting|configuration file .* contains errors/);
    expect(message).toContain('postgres.log');
  });

  it('says that its password was lost, and leaves no server running', async () => {
    const { dataFolder, owner } = await started();
    await owner.stop();
    writeFileSync(join(dataFolder, 'postgres', 'password'), 'another');
    expect(await startAgain(dataFolder).failed()).toMatchObject({ code: 'database-password-lost' });
    expect(serverOf(dataFolder)).toBeUndefined();
  });
});
