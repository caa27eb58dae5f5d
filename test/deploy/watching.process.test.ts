/** A real Prometheus that scrapes a real bot: every name of the alert rules and the dashboard is one that the bot tells. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { configuredCertificates } from '../../src/start/certificates.ts';
import { eventually } from '../setup/eventually.ts';
import { compileProgram, type Program, type RunningProgram, startProgram } from '../setup/program.ts';

const deploy = join(import.meta.dirname, '../../deploy');
let program: Program;
let bot: RunningProgram;
let prometheus: ChildProcess;
let port: number;
let adminPort: number;
let teams: string;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new TypeError('no port');
  return address.port;
}

beforeAll(async () => {
  program = compileProgram();
  [port, adminPort] = [await freePort(), await freePort()];
  // A certificate, so that its end is told.
  teams = join(program.folder, 'teams.pem');
  const pfx = join(program.folder, 'exchange.pfx');
  const options = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '20', '-subj', '/CN=lab', '-keyout', teams];
  const made = execFileSync('openssl', ['req', ...options], { stdio: 'pipe' });
  writeFileSync(teams, Buffer.concat([readFileSync(teams), made]));
  execFileSync('openssl', ['pkcs12', '-export', '-in', teams, '-out', pfx, '-passout', 'pass:blue'], { stdio: 'pipe' });
  bot = startProgram(program, {
    data: join(program.folder, 'data'),
    env: {
      ADMIN_PORT: String(adminPort),
      MISLAID_EXCHANGE: 'lab',
      EXCHANGE_CERTIFICATE_FILE: pfx,
      EXCHANGE_CERTIFICATE_PASSWORD: 'blue',
    },
  });
  const folder = join(program.folder, 'prometheus');
  mkdirSync(folder);
  copyFileSync(join(deploy, 'prometheus/alerts.yml'), join(folder, 'alerts.yml'));
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [alerts.yml]
scrape_configs:
  - job_name: mislaid
    static_configs: [{ targets: ['127.0.0.1:${adminPort}'] }]
`,
  );
  prometheus = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
});

afterAll(async () => {
  prometheus.kill('SIGKILL');
  await bot.end('SIGTERM');
  program.remove();
});

const Answer = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

async function query(expression: string) {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`);
  return Answer.parse(await answer.json()).data.result;
}

it('is scraped, names all that is watched, and is quiet while all is well', async () => {
  await eventually(async () => {
    expect(await query('up{job="mislaid"}')).toMatchObject([{ value: [expect.any(Number), '1'] }]);
  });
  const told = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const names = new Set([...told.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
  const wanted = [
    readFileSync(join(deploy, 'prometheus/alerts.yml'), 'utf8'),
    readFileSync(join(deploy, 'grafana/mislaid.json'), 'utf8'),
  ]
    .flatMap((text) => text.match(/\bmislaid_\w+/g) ?? [])
    .map((name) => name.replace(/_bucket$/, ''));
  expect(wanted.length).toBeGreaterThan(20);
  expect(wanted.filter((name) => !names.has(name))).toEqual([]);

  const ends = await query('(mislaid_certificate_end_timestamp_seconds - time()) / 86400');
  expect(ends.map(({ metric }) => metric.certificate)).toEqual(['exchange']);
  for (const { value } of ends) expect(Math.round(Number(value[1]))).toBe(20);
  for (const expression of ['mislaid_audit_away', 'mislaid_wipes_locked'])
    expect(await query(expression)).toMatchObject([{ value: [expect.any(Number), '0'] }]);
  expect(await query('ALERTS{alertstate="firing"}')).toEqual([]);
});

it('tells when each certificate ends, and nothing of one that cannot be read', () => {
  const EXCHANGE_CERTIFICATE_FILE = join(program.folder, 'exchange.pfx');
  const both = { TEAMS_CERTIFICATE_FILE: teams, EXCHANGE_CERTIFICATE_FILE, EXCHANGE_CERTIFICATE_PASSWORD: 'blue' };

  const [ofTeams, ofExchange] = configuredCertificates(both);
  expect(ofTeams?.ends).toEqual(ofExchange?.ends);
  expect(configuredCertificates({ ...both, EXCHANGE_CERTIFICATE_PASSWORD: 'red' })).toMatchObject([{ name: 'teams' }]);
  expect(configuredCertificates({ ...both, TEAMS_CERTIFICATE_FILE: '/nowhere' })).toMatchObject([{ name: 'exchange' }]);
});

it('tells of a pulled lock', async () => {
  bot.say('sasha> lock wipes because a test');
  await eventually(async () => {
    expect((await query('ALERTS{alertstate="firing"}')).map(({ metric }) => metric.alertname)).toEqual([
      'MislaidWipesLocked',
    ]);
  });
});
