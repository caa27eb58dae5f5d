/** The audit as a SIEM gets it: by rsyslog over TLS as Debian ships it, and by an HTTPS collector. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpsServer, type Server } from 'node:https';
import { createServer, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { appendAudit } from '../../../src/audit/chain.ts';
import { sinkOf, streamAudit, streamedTo } from '../../../src/audit/stream/stream.ts';
import type { AuditSink } from '../../../src/policy.ts';
import { type TestDatabase, testDatabase } from '../../setup/database.ts';
import { eventually } from '../../setup/eventually.ts';

let root: string;
let caFile: string;
let database: TestDatabase;
const rsyslogd = '/usr/sbin/rsyslogd';
/** In CI rsyslog must be there: without it these tests fail there instead of being left out. */
const canSyslog = process.env.CI === 'true' || existsSync(rsyslogd);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mislaid-stream-'));
  caFile = join(root, 'cert.pem');
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', join(root, 'key.pem'), '-out', caFile],
  ]);
});
afterAll(() => rm(root, { recursive: true, force: true }));

beforeEach(async () => {
  database = await testDatabase();
  await append('wipes.locked', 'wipe.approved', 'hold.closed');
  return () => database.close();
});

async function append(...actions: string[]): Promise<void> {
  const entries = actions.map((action) => ({ action, subject: 'wipes', data: { reason: 'a|b=c\nd' } }));
  await database.db.transaction().execute((tx) => appendAudit(tx, new Date('2026-03-02T09:00:00Z'), entries));
}

function stream(sink: AuditSink, token?: string) {
  const signal = new AbortController().signal;
  return streamAudit(database.db, { sink, send: sinkOf(sink, token), productVersion: '0.1.0', signal });
}

const Address = z.object({ port: z.number() });

async function listening(server: Server | NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return Address.parse(server.address()).port;
}

describe.runIf(canSyslog)('to rsyslog over TLS', () => {
  let port: number;
  let child: ChildProcess | undefined;

  beforeEach(async () => {
    const free = createServer();
    port = await listening(free);
    await new Promise((resolve) => free.close(resolve));
    await rm(join(root, 'received.log'), { force: true });
    return async () => {
      const gone = new Promise((resolve) => child?.once('exit', resolve));
      child?.kill('SIGTERM');
      await gone;
    };
  });

  async function start(): Promise<void> {
    await writeFile(
      join(root, 'rsyslog.conf'),
      `global(workDirectory="${root}" maxMessageSize="64k" defaultNetstreamDriverCAFile="${caFile}"
  defaultNetstreamDriverCertFile="${caFile}" defaultNetstreamDriverKeyFile="${root}/key.pem")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="all") { action(type="omfile" file="${root}/received.log" template="raw") }
input(type="imtcp" port="${port}" ruleset="all")
`,
    );
    const options = ['-n', '-f', join(root, 'rsyslog.conf'), '-i', join(root, 'rsyslog.pid')];
    child = spawn(rsyslogd, options, { stdio: 'ignore' });
  }

  async function received(): Promise<string[]> {
    const file = join(root, 'received.log');
    return existsSync(file) ? (await readFile(file, 'utf8')).trim().split('\n') : [];
  }

  it.each(['ocsf', 'cef'] as const)('%s arrives in order, goes on after an outage, without a gap', async (format) => {
    const sink: AuditSink = { kind: 'syslog', name: 'siem', format, host: 'localhost', port, caFile };
    await expect(stream(sink)).rejects.toMatchObject({ code: 'syslog-away' });
    expect(await streamedTo(database.db, 'siem')).toBe(0);
    await start();
    await eventually(() => stream(sink));
    expect(await streamedTo(database.db, 'siem')).toBe(3);
    await append('wipes.unlocked');
    await stream(sink);
    const lines = await eventually(async () => {
      const all = await received();
      expect(all.length).toBeGreaterThanOrEqual(4);
      return all;
    });
    expect(lines.map((line) => /sequenceId="(\d+)"/.exec(line)?.[1])).toEqual(['1', '2', '3', '4']);
    expect(lines[0]).toMatch(/^<106>1 2026-03-02T09:00:00\.000Z \S+ mislaid - audit \[meta sequenceId="1"\]/);
    expect(lines[0]).toContain(
      format === 'cef' ? 'CEF:0|Mislaid|Mislaid|0.1.0|wipes.locked|wipes.locked|9|rt=' : '"class_uid":3004',
    );
  });

  it('trusts nobody whom it does not know', async () => {
    await start();
    const stranger: AuditSink = { kind: 'syslog', name: 'siem', format: 'ocsf', host: 'localhost', port };
    await eventually(() => expect(stream(stranger)).rejects.toThrow(/SELF_SIGNED|CERT/));
    expect(await received()).toEqual([]);
  });
});

describe('to an HTTPS collector', () => {
  const Event = z.object({ fields: z.object({ sequence: z.number() }) });
  let bodies: string[];
  let answer: { status: number; text: string };
  let sink: AuditSink;

  beforeEach(async () => {
    bodies = [];
    answer = { status: 200, text: '{"text":"Success","code":0}' };
    const [key, cert] = await Promise.all([readFile(join(root, 'key.pem')), readFile(caFile)]);
    const server = createHttpsServer({ key, cert }, async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const known = request.headers.authorization === 'Splunk a-token';
      if (known) bodies.push(body);
      response.writeHead(known ? answer.status : 403).end(known ? answer.text : '{"code":4}');
    });
    const url = `https://localhost:${await listening(server)}/services/collector/event`;
    sink = { kind: 'hec', name: 'splunk', format: 'ocsf', url, caFile };
    return async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
  });

  it('is sent again until it is taken, in order', async () => {
    answer = { status: 503, text: '{"text":"Server is busy","code":9}' };
    await expect(stream(sink, 'a-token')).rejects.toMatchObject({ code: 'collector-refused' });
    answer = { status: 200, text: 'a proxy says that all is well' };
    await expect(stream(sink, 'a-token')).rejects.toMatchObject({ code: 'collector-refused' });
    answer = { status: 200, text: '{"text":"Success","code":0}' };
    expect(await stream(sink, 'a-token')).toEqual({ sent: 3, more: false });
    await append('wipes.unlocked');
    await stream(sink, 'a-token');
    const sent = bodies.flatMap((body) =>
      body.split('\n').map((line) => Event.parse(JSON.parse(line)).fields.sequence),
    );
    // At least once: what was refused is there again, and its numbers say so.
    expect(sent).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 4]);
    expect(await streamedTo(database.db, 'splunk')).toBe(4);
  });

  it('gets nothing without its token, and the token stands in no error', async () => {
    await expect(stream(sink)).rejects.toMatchObject({ code: 'siem-token-missing' });
    const refused = await stream(sink, 'another-token').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'collector-refused' });
    expect(JSON.stringify([String(refused), refused])).not.toContain('another-token');
    expect(bodies).toEqual([]);
  });
});
