/** The image: what goes in, what does not, and, in `npm run test:full`, each of its steps in a bare root, started as a container would. */
import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { validate } from 'dockerfile-utils';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { emptyDatabase } from '../setup/database.ts';
import { eventually } from '../setup/eventually.ts';
import { isFull } from '../setup/runs.ts';
import { buildImage, contextFiles, inRoot } from './image.ts';

const run = promisify(execFile);
const project = join(import.meta.dirname, '../..');
const dockerfile = readFileSync(join(project, 'Dockerfile'), 'utf8');

it('is a Dockerfile, of pinned parts and no secret', () => {
  expect(validate(dockerfile)).toEqual([]);
  expect(dockerfile).toMatch(/PowerShell --version \d+\.\d+\.\d+/);
  expect(dockerfile).toMatch(/ExchangeOnlineManagement -Version \d+\.\d+\.\d+/);
  const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\w+)$/gm)].map(([, name]) => name);
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  for (const base of bases.filter((each) => !stages.includes(each))) expect(base).toMatch(/:(?!latest)\w/);
  const files = contextFiles(project);
  for (const never of ['.env', 'secrets', 'policy.yaml', '.git', '.mislaid', 'test', 'node_modules', 'dist'])
    expect(files).not.toContain(never);
});

/** Only root, and only where a name space of one's own may be had, can enter another root. */
const mayEnter = spawnSync('unshare', ['--mount', '--', 'true']).status === 0;

it.runIf(isFull && mayEnter)(
  'is built step by step, small, and runs as nobody with PowerShell, PostgreSQL and a health check',
  async () => {
    const scratch = mkdtempSync(join(tmpdir(), 'mislaid-image-'));
    onTestFinished(() => rmSync(scratch, { recursive: true, force: true }));
    const context = join(scratch, 'context');
    execFileSync('git', ['clone', '--quiet', '--no-hardlinks', project, context]);
    // As it is in this checkout, committed or not, with secrets beside it.
    for (const name of [...contextFiles(project), 'Dockerfile', '.dockerignore'])
      cpSync(join(project, name), join(context, name), { recursive: true });
    mkdirSync(join(context, 'secrets'));
    for (const name of ['secrets/database-url', '.env', 'policy.yaml'])
      writeFileSync(join(context, name), 'left-beside-the-sources');

    const { image, left } = buildImage({ context, scratch: join(scratch), leftOut: ['Install-PSResource'] });

    expect(left).toHaveLength(1);
    expect(
      spawnSync('grep', [
        '--recursive',
        '--files-with-matches',
        'left-beside-the-sources',
        join(image.root, 'app'),
      ]).stdout.toString(),
    ).toBe('');
    const megabytes = Number(
      execFileSync('du', ['-sm', join(image.root, 'app/node_modules')], { encoding: 'utf8' }).split('\t')[0],
    );
    expect(megabytes).toBeLessThan(300);
    const Sbom = z.object({ bomFormat: z.literal('CycloneDX'), components: z.array(z.object({ name: z.string() })) });
    const sbom = Sbom.parse(JSON.parse(readFileSync(join(image.root, 'app/sbom.cdx.json'), 'utf8')));
    expect(sbom.components.map(({ name }) => name)).toContain('kysely');
    expect(sbom.components.map(({ name }) => name)).not.toContain('vitest');

    // The stores come over the network, as they do to a container.
    const database = await emptyDatabase();
    onTestFinished(() => database.close());
    const port = await overTcp(join(database.connection.host, `.s.PGSQL.${database.connection.port}`));
    mkdirSync(join(image.root, 'config'));
    cpSync(join(project, 'policy.example.yaml'), join(image.root, 'config/policy.yaml'));
    cpSync(join(project, 'test/powershell'), join(image.root, 'opt/exchange'), { recursive: true });
    const url = new URL(database.url);
    const settings = {
      ...image.env,
      // A chat that is open, so that it does not end with the console's input.
      NODE_ENV: 'development',
      TEAMS_DEVELOPMENT: '1',
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: `postgresql://${url.username}:${url.password}@127.0.0.1:${port}${url.pathname}`,
      MISLAID_EXCHANGE: 'custom',
      EXCHANGE_INIT_SCRIPT: '/opt/exchange/fake-exchange.ps1',
      INIT_SCRIPT_FAKE_FOLDER: '/tmp/fake-exchange',
      ADMIN_PORT: '39464',
    };
    // Not in step: the way to PostgreSQL leads through this process.
    const migrated = await run(...inRoot(image, ['node', 'dist/scripts/migrate.js']), { env: settings });
    expect(migrated.stdout).toContain('The tables are those of this version.');
    const bot: ChildProcess = spawn(...inRoot(image, image.command), {
      env: settings,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const hear = (text: Buffer) => {
      said += text.toString();
    };
    bot.stdout?.on('data', hear);
    bot.stderr?.on('data', hear);
    const ended = new Promise((resolve) => bot.once('close', resolve));
    onTestFinished(async () => {
      bot.kill('SIGKILL');
      await ended;
    });
    const check = image.healthCheck.map((word) => word.replace('9464', '39464'));
    await eventually(async () => {
      const checked = run(...inRoot(image, check), { env: settings });
      await expect(checked, said).resolves.toBeDefined();
    });
    await eventually(async () => {
      if (bot.exitCode !== null) throw new TypeError(`it ended: ${said}`);
      const ready = await (await fetch('http://127.0.0.1:39464/readyz')).text();
      expect(ready, said).toMatch(/"exchange","required":false,"ok":true/);
    });
    bot.kill('SIGTERM');
    expect(await ended, said).toBe(0);
  },
  // A root file system, two installations and a start: minutes, on a machine that others use.
  1_200_000,
);

/** A port that leads to a socket; the socket is not to be seen from another root. */
async function overTcp(socket: string): Promise<number> {
  const server = createServer((client) => {
    const behind = connect(socket);
    client.pipe(behind).pipe(client);
    for (const each of [client, behind]) each.on('error', () => [client, behind].map((one) => one.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('no port');
  return address.port;
}
