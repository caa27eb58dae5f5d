/** What runs Mislaid for years, as the tools that read it see it: compose, systemd, Kubernetes' own types, promtool. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { setupCompose } from '../../scripts/setup.ts';
import { readConfig, settingsTable } from '../../src/config.ts';

const project = join(import.meta.dirname, '../..');
/** In the project, so that the type check finds its packages. */
let scratch: string;

beforeAll(() => {
  mkdirSync(join(project, '.mislaid-test'), { recursive: true });
  scratch = mkdtempSync(join(project, '.mislaid-test/deploy-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const settings = new Set(settingsTable().flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])));

const Compose = z.object({
  services: z.record(
    z.string(),
    z.looseObject({
      healthcheck: z.unknown().optional(),
      build: z.unknown().optional(),
      restart: z.string(),
      stop_grace_period: z.string(),
      mem_limit: z.string(),
      environment: z.record(z.string(), z.string()).default({}),
      secrets: z.array(z.string()).default([]),
    }),
  ),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
});

describe('compose.yaml', () => {
  const compose = Compose.parse(parse(readFileSync(join(project, 'compose.yaml'), 'utf8'), { merge: true }));

  function setup(folder: string): string {
    const lines: string[] = [];
    setupCompose(folder, (line) => lines.push(line));
    return lines.join('\n');
  }

  it('starts from nothing but what `npm run setup -- compose` makes, and is read by docker-compose', () => {
    const folder = join(scratch, 'compose');
    mkdirSync(folder);
    for (const name of ['compose.yaml', '.env.example', 'policy.example.yaml'])
      copyFileSync(join(project, name), join(folder, name));

    const said = setup(folder);

    for (const { file } of Object.values(compose.secrets))
      expect(readFileSync(join(folder, file), 'utf8')).not.toBe('');
    expect(statSync(join(folder, 'secrets')).mode & 0o777).toBe(0o700);
    // What it made is not said, and a second time nothing is made anew.
    const made = readdirSync(join(folder, 'secrets')).map((name) =>
      readFileSync(join(folder, 'secrets', name), 'utf8'),
    );
    for (const secret of made) expect(said).not.toContain(secret.trim());
    expect(setup(folder)).toContain('kept');
    expect(
      readdirSync(join(folder, 'secrets')).map((name) => readFileSync(join(folder, 'secrets', name), 'utf8')),
    ).toEqual(made);
    execFileSync('docker-compose', ['--file', 'compose.yaml', 'config', '--quiet'], { cwd: folder, stdio: 'pipe' });
    // The two files of each password fit each other, and the settings are the product's.
    const url = readFileSync(join(folder, 'secrets/database-url'), 'utf8');
    expect(url).toContain(`:${readFileSync(join(folder, 'secrets/postgres-password'), 'utf8')}@postgres`);
    const { environment } = compose.services.bot ?? { environment: {} };
    const config = readConfig(environment, (path) =>
      readFileSync(join(folder, path.replace('/run/secrets/', 'secrets/')), 'utf8'),
    );
    expect(config).toMatchObject({ MISLAID_ROLE: 'bot', DATABASE_URL: url });
    expect(readFileSync(join(folder, 'secrets/redis-settings'), 'utf8').trim()).toBe(
      `requirepass ${new URL(config.REDIS_URL ?? '').password}`,
    );
  });

  it('says when each part is healthy, how it is restarted and stopped, and how much it may use', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['bot', 'postgres', 'redis', 'worker']);
    for (const [name, service] of Object.entries(compose.services)) {
      // Ours brings its own with the image.
      if (service.build === undefined) expect(service.healthcheck, name).toBeDefined();
      for (const secret of service.secrets) expect(compose.secrets, name).toHaveProperty(secret);
    }
  });
});

describe('the unit of systemd', () => {
  const unit = join(project, 'deploy/systemd/mislaid.service');

  it('is understood whole', () => {
    // It names a program that need not be here.
    const copy = join(scratch, 'mislaid.service');
    writeFileSync(copy, readFileSync(unit, 'utf8').replace('ExecStart=/usr/bin/node', `ExecStart=${process.execPath}`));
    chmodSync(copy, 0o644);
    const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' });

    expect(`${stdout}${stderr}`.split('\n').filter((line) => line.includes('mislaid.service'))).toEqual([]);
    expect(status).toBe(0);
  });

  it('leaves the service little to do harm with', () => {
    // 0 is nothing, 10 everything; the threshold is in tenths.
    const { status, stdout } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=yes', '--threshold=20', '--no-pager', unit],
      {
        encoding: 'utf8',
      },
    );

    expect(stdout).toContain('Overall exposure level');
    expect(status, stdout).toBe(0);
  });

  it('starts what `npm start` starts', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')));
    expect(readFileSync(unit, 'utf8')).toContain(`ExecStart=/usr/bin/${scripts.start}\n`);
  });
});

describe('the manifests of Kubernetes', () => {
  const Manifest = z.looseObject({ apiVersion: z.string(), kind: z.string() });
  const text = readFileSync(join(project, 'deploy/kubernetes/mislaid.yaml'), 'utf8');
  const manifests = parseAllDocuments(text).map((document) => Manifest.parse(document.toJS()));

  it('are what the API takes, name by name', () => {
    const modules: Readonly<Record<string, string>> = { v1: 'core/v1' };
    const source = manifests
      .map(({ apiVersion, kind, ...rest }, n) => {
        const from = `kubernetes-types/${modules[apiVersion] ?? apiVersion}`;
        return `import type { ${kind} as T${n} } from '${from}';\nexport const m${n}: T${n} = ${JSON.stringify({ apiVersion, kind, ...rest })};`;
      })
      .join('\n');
    writeFileSync(join(scratch, 'manifests.ts'), source);
    const compilerOptions = {
      noEmit: true,
      strict: true,
      skipLibCheck: true,
      module: 'esnext',
      moduleResolution: 'bundler',
      types: [],
    };
    writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['manifests.ts'] }));
    const tsc = join(project, 'node_modules/typescript/bin/tsc');
    const check = () => spawnSync(process.execPath, [tsc, '-p', scratch], { encoding: 'utf8' });

    expect(check().stdout).toBe('');
    // It would have told.
    writeFileSync(join(scratch, 'manifests.ts'), source.replace('"readinessProbe"', '"readynessProbe"'));
    expect(check().stdout).toContain('readynessProbe');
  });

  it('set what the product knows, and keep secrets in files', () => {
    const ConfigMap = z.object({ kind: z.literal('ConfigMap'), data: z.record(z.string(), z.string()) });
    const data = manifests
      .map((manifest) => ConfigMap.safeParse(manifest).data?.data)
      .find((found) => found !== undefined);
    if (data === undefined) throw new TypeError('there is no ConfigMap');
    const secrets = new Set(settingsTable().flatMap(({ name, secret }) => (secret ? [name] : [])));

    for (const name of Object.keys(data)) {
      expect(settings, name).toContain(name);
      expect(secrets, `${name} is a secret`).not.toContain(name);
    }
    expect(() => readConfig(data, () => 'redis://:secret@redis.example:6379')).toThrow(/DATABASE_URL/);
    expect(
      readConfig(data, (path) =>
        path.endsWith('database-url') ? 'postgresql://m:s@db.example/m' : 'rediss://:secret@redis.example:6379',
      ),
    ).toMatchObject({ exchange: 'online', platforms: ['slack'] });
  });

  it('let a pod stop as long as the product may take, and go on without each other', () => {
    const kinds = manifests.map(({ kind }) => kind).sort();
    expect(kinds).toEqual([
      'ConfigMap',
      'Job',
      'PodDisruptionBudget',
      'Service',
      'ServiceAccount',
      'StatefulSet',
      'StatefulSet',
    ]);
    expect(text.match(/terminationGracePeriodSeconds: 75/g)).toHaveLength(2);
    expect(text).not.toMatch(/&\w|\*\w/);
  });
});

describe('the alert rules', () => {
  it.each([
    ['check', 'alerts.yml'],
    ['test', 'alerts.test.yml'],
  ])('stand before promtool: %s', (what, file) => {
    const { status, stdout, stderr } = spawnSync(
      'promtool',
      [what, 'rules', join(project, 'deploy/prometheus', file)],
      {
        encoding: 'utf8',
      },
    );
    expect(status, `${stdout}${stderr}`).toBe(0);
  });

  it('are each tested both ways', () => {
    const Rules = z.object({ groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string() })) })) });
    const Cases = z.object({
      tests: z.array(
        z.object({ alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })) }),
      ),
    });
    const read = (file: string): unknown => parse(readFileSync(join(project, 'deploy/prometheus', file), 'utf8'));
    const names = Rules.parse(read('alerts.yml')).groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    const cases = Cases.parse(read('alerts.test.yml')).tests.flatMap((each) => each.alert_rule_test);
    const tested = (fires: boolean) =>
      cases.filter(({ exp_alerts }) => exp_alerts.length > 0 === fires).map(({ alertname }) => alertname);

    expect(tested(true)).toEqual(names);
    expect(tested(false)).toEqual(names);
  });
});
