/**
 * The only reader of the environment. Every setting is described once, in `Settings`: the schema, `.env.example` and the
 * README's table follow from it. Every problem is named at once, and no value is ever printed.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Environment } from './ground/environment.ts';
import { MislaidError } from './ground/errors.ts';

/** What `.env.example` and the README say of one setting; kept as the schema's metadata. */
const SettingMeta = z.object({
  means: z.string(),
  /** Secrets can also come from a file: NAME_FILE holds its path. They are redacted from logs. */
  secret: z.boolean().default(false),
  /** Shown where the schema has no default. */
  example: z.string().optional(),
});
export type Setting = z.infer<typeof SettingMeta> & { name: string; fallback?: string };

/** Every setting with its meaning and its default, in the order of `.env.example`. */
export function settingsTable(): Setting[] {
  return Object.entries(Settings.shape).map(([name, schema]) => {
    const unset = schema.safeParse(undefined);
    const known = unset.success && unset.data !== undefined ? { fallback: String(unset.data) } : {};
    return { name, ...SettingMeta.parse(schema.meta()), ...known };
  });
}

const optional = z.string().min(1).optional();
const port = z.coerce.number().int().min(0).max(65_535);
const flag = z
  .enum(['1', '0', 'true', 'false', 'yes', 'no'])
  .transform((value) => value === '1' || value === 'true' || value === 'yes');
const url = (...protocols: string[]) =>
  z
    .string()
    .refine(
      (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
      `must be a URL that begins with ${protocols.join(' or ')}//`,
    );

export const Settings = z.object({
  MISLAID_DATA: z
    .string()
    .min(1)
    .default('.mislaid')
    .meta({ means: 'folder of the embedded PostgreSQL, keys, logs and history' }),
  MISLAID_POLICY: z
    .string()
    .min(1)
    .default('policy.yaml')
    .meta({ means: 'the policy file: who may do what, who must agree, where things are said' }),
  MISLAID_ROLE: z.enum(['all', 'bot', 'worker']).default('all').meta({
    means:
      'what this process does: chat (bot), jobs (worker) or both; several processes need DATABASE_URL and REDIS_URL',
  }),
  MISLAID_EXCHANGE: z.enum(['lab', 'online', 'onprem', 'custom']).optional().meta({
    means: 'which Exchange; the lab is the default only while no chat platform is configured',
    example: 'lab',
  }),
  MISLAID_SERVERS: z
    .enum(['files', 'winrm'])
    .default('files')
    .meta({ means: 'how logs, web.config and events of the servers in policy.yaml are read' }),
  MISLAID_AUDIT_KEY: optional.meta({
    means: 'Ed25519 private key (PEM) that signs audit checkpoints; made in the data folder when absent',
    secret: true,
  }),
  NODE_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .meta({ means: 'production refuses what is meant for trying out' }),
  DATABASE_URL: url('postgres:', 'postgresql:').optional().meta({
    means: 'a PostgreSQL server; absent: the embedded one',
    secret: true,
    example: 'postgresql://mislaid@db.example/mislaid',
  }),
  REDIS_URL: url('redis:', 'rediss:').optional().meta({
    means: 'Redis for the queue, which production uses; absent: the queue lives in PostgreSQL',
    secret: true,
    example: 'redis://cache.example:6379',
  }),
  HOST: z.string().min(1).default('127.0.0.1').meta({ means: 'address that the chat webhooks listen on' }),
  PORT: port.default(3000).meta({ means: 'port of the chat webhooks (opened only when a chat platform needs it)' }),
  ADMIN_PORT: port
    .default(0)
    .meta({ means: 'port of health and metrics, on loopback; 0 takes a free one and logs it' }),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .meta({ means: 'how much is logged' }),
  LAB_SPEED: z.coerce
    .number()
    .positive()
    .max(10_000)
    .default(60)
    .meta({ means: "how much faster than real phones the lab's phones contact it" }),
  POWERSHELL_PATH: optional.meta({
    means: 'PowerShell executable; else NODE_POWERSHELL, else pwsh on PATH',
    example: '/usr/bin/pwsh',
  }),
  NODE_POWERSHELL: optional.meta({ means: 'second choice for the PowerShell executable' }),
  EXCHANGE_SESSIONS: z.coerce.number().int().min(1).max(8).default(2).meta({ means: 'warm PowerShell sessions' }),
  EXCHANGE_APP_ID: optional.meta({ means: 'online: application (client) id of the app registration' }),
  EXCHANGE_ORGANIZATION: optional.meta({
    means: 'online: primary onmicrosoft.com domain',
    example: 'contoso.onmicrosoft.com',
  }),
  EXCHANGE_CERTIFICATE_FILE: optional.meta({ means: 'online, Linux: path of the .pfx certificate' }),
  EXCHANGE_CERTIFICATE_PASSWORD: optional.meta({
    means: 'online, Linux: password of the certificate file',
    secret: true,
  }),
  EXCHANGE_CERTIFICATE_THUMBPRINT: optional.meta({ means: 'online, Windows: thumbprint of the installed certificate' }),
  EXCHANGE_SERVER: optional.meta({
    means: 'onprem, Windows: full name of one Exchange server',
    example: 'ex01.contoso.example',
  }),
  EXCHANGE_INIT_SCRIPT: optional.meta({
    means: "custom: path of an administrator's script that makes the cmdlets available",
  }),
  SLACK_BOT_TOKEN: optional.meta({ means: 'Slack bot token (xoxb-…)', secret: true }),
  SLACK_SIGNING_SECRET: optional.meta({ means: 'Slack over HTTP: signing secret', secret: true }),
  SLACK_APP_TOKEN: optional.meta({ means: 'Slack over Socket Mode: app token (xapp-…)', secret: true }),
  SLACK_API_URL: url('https:', 'http:')
    .optional()
    .meta({ means: 'another Web API address (GovSlack, tests)', example: 'https://slack-gov.com/api/' }),
  TEAMS_APP_ID: optional.meta({ means: 'Teams: application (client) id of the Azure Bot' }),
  TEAMS_APP_PASSWORD: optional.meta({ means: 'Teams: client secret', secret: true }),
  TEAMS_CERTIFICATE_FILE: optional.meta({
    means: 'Teams: PEM file with a certificate and its RSA private key, without a pass phrase, instead of the secret',
  }),
  TEAMS_TENANT_ID: optional.meta({ means: 'Teams: the one tenant that is served' }),
  TEAMS_DEVELOPMENT: flag
    .default(false)
    .meta({ means: 'Teams without credentials, on loopback only, for development' }),
  TEAMS_GRAPH_GROUPS: flag.default(false).meta({ means: 'Teams: read Entra group membership from Microsoft Graph' }),
  TEAMS_OPENID_METADATA_URL: url('https:', 'http:')
    .optional()
    .meta({ means: 'Teams: another OpenID metadata address (national clouds, tests)' }),
  TEAMS_TOKEN_URL: url('https:', 'http:')
    .optional()
    .meta({ means: 'Teams: another token endpoint (national clouds, tests)' }),
  TEAMS_GRAPH_URL: url('https:', 'http:')
    .optional()
    .meta({ means: 'Teams: another Microsoft Graph address (national clouds, tests)' }),
  TEAMS_SERVICE_URL: url('https:', 'http:')
    .optional()
    .meta({ means: 'Teams: where to post before Teams was heard from (national clouds, tests)' }),
});
export type Settings = z.infer<typeof Settings>;

export type Config = Settings & {
  /** Chat platforms that are configured, the console aside. */
  readonly platforms: readonly ('slack' | 'teams')[];
  readonly exchange: 'lab' | 'online' | 'onprem' | 'custom';
};

/**
 * Reads and checks the environment. Throws MislaidError `config-invalid` that names every problem, without values.
 * `readText` reads the NAME_FILE files of secrets.
 */
export function readConfig(
  env: Environment,
  readText: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): Config {
  const problems: string[] = [];
  const values: Record<string, string | undefined> = {};
  const table = settingsTable();
  for (const { name, secret } of table) {
    const plain = env[name] === '' ? undefined : env[name];
    const file = secret ? env[`${name}_FILE`] : undefined;
    if (plain !== undefined && file !== undefined) problems.push(`${name}: set it or ${name}_FILE, not both`);
    values[name] = file === undefined ? plain : secretFrom(name, file, readText, problems);
  }
  const known = new Set(table.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])));
  for (const name of Object.keys(env)) {
    if (/^(MISLAID|SLACK|TEAMS|EXCHANGE)_/.test(name) && !known.has(name))
      problems.push(`${name}: there is no such setting`);
  }

  const parsed = Settings.safeParse(values);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${withoutValue(issue.message)}`));
    throw invalid(problems);
  }
  const config = parsed.data;
  problems.push(...platformProblems(config), ...exchangeProblems(config), ...processProblems(config));
  if (problems.length > 0) throw invalid(problems);
  return { ...config, platforms: platformsOf(config), exchange: config.MISLAID_EXCHANGE ?? 'lab' };
}

/** Values that must never be printed, for the log's redaction. */
export function secretsOf(config: Config): string[] {
  return settingsTable().flatMap(({ name, secret }) => {
    if (!secret) return [];
    const value = Object.entries(config).find(([key]) => key === name)?.[1];
    return typeof value === 'string' && value.length >= 8 ? [value] : [];
  });
}

function platformsOf(config: Settings): ('slack' | 'teams')[] {
  const platforms: ('slack' | 'teams')[] = [];
  if (config.SLACK_BOT_TOKEN !== undefined) platforms.push('slack');
  if (config.TEAMS_APP_ID !== undefined || config.TEAMS_DEVELOPMENT) platforms.push('teams');
  return platforms;
}

function platformProblems(config: Settings): string[] {
  const problems: string[] = [];
  if (
    config.SLACK_BOT_TOKEN !== undefined &&
    config.SLACK_SIGNING_SECRET === undefined &&
    config.SLACK_APP_TOKEN === undefined
  ) {
    problems.push('SLACK_SIGNING_SECRET: needed for HTTP (or SLACK_APP_TOKEN for Socket Mode)');
  }
  if (
    config.SLACK_BOT_TOKEN === undefined &&
    (config.SLACK_SIGNING_SECRET !== undefined || config.SLACK_APP_TOKEN !== undefined)
  ) {
    problems.push('SLACK_BOT_TOKEN: needed for Slack');
  }
  if (config.TEAMS_APP_ID !== undefined) {
    if (config.TEAMS_TENANT_ID === undefined) problems.push('TEAMS_TENANT_ID: needed for Teams');
    if (config.TEAMS_APP_PASSWORD === undefined && config.TEAMS_CERTIFICATE_FILE === undefined)
      problems.push('TEAMS_APP_PASSWORD: needed for Teams (or TEAMS_CERTIFICATE_FILE)');
  } else if (config.TEAMS_APP_PASSWORD !== undefined || config.TEAMS_CERTIFICATE_FILE !== undefined) {
    problems.push('TEAMS_APP_ID: needed for Teams');
  }
  if (
    config.TEAMS_DEVELOPMENT &&
    (!['127.0.0.1', 'localhost', '::1'].includes(config.HOST) || config.NODE_ENV === 'production')
  ) {
    problems.push('TEAMS_DEVELOPMENT: only on loopback and not in production');
  }
  return problems;
}

function exchangeProblems(config: Settings): string[] {
  const problems: string[] = [];
  const named = config.MISLAID_EXCHANGE;
  if (named === undefined && (platformsOf(config).length > 0 || config.NODE_ENV === 'production')) {
    problems.push(
      'MISLAID_EXCHANGE: must be named once a chat platform is configured or in production (lab, online, onprem or custom)',
    );
  }
  const needs: Record<string, (keyof Settings)[]> = {
    online: ['EXCHANGE_APP_ID', 'EXCHANGE_ORGANIZATION'],
    onprem: ['EXCHANGE_SERVER'],
    custom: ['EXCHANGE_INIT_SCRIPT'],
  };
  for (const name of needs[named ?? 'lab'] ?? [])
    if (config[name] === undefined) problems.push(`${name}: needed for MISLAID_EXCHANGE=${String(named)}`);
  if (
    named === 'online' &&
    config.EXCHANGE_CERTIFICATE_FILE === undefined &&
    config.EXCHANGE_CERTIFICATE_THUMBPRINT === undefined
  ) {
    problems.push(
      'EXCHANGE_CERTIFICATE_FILE: needed for MISLAID_EXCHANGE=online (or EXCHANGE_CERTIFICATE_THUMBPRINT on Windows)',
    );
  }
  return problems;
}

function processProblems(config: Settings): string[] {
  if (config.MISLAID_ROLE === 'all' || (config.DATABASE_URL !== undefined && config.REDIS_URL !== undefined)) return [];
  return [
    `MISLAID_ROLE: ${config.MISLAID_ROLE} needs DATABASE_URL and REDIS_URL, because the other role runs in another process`,
  ];
}

function secretFrom(
  name: string,
  path: string,
  readText: (path: string) => string,
  problems: string[],
): string | undefined {
  try {
    return readText(path).replace(/\r?\n$/, '');
  } catch {
    problems.push(`${name}_FILE: the file cannot be read`);
    return undefined;
  }
}

/** zod quotes what it received in some messages; a setting's value may be a secret. */
function withoutValue(message: string): string {
  return message.replace(/, received .*$/s, '');
}

function invalid(problems: readonly string[]): MislaidError {
  const lines = problems.map((problem) => `  ${problem}`).join('\n');
  return new MislaidError({
    code: 'config-invalid',
    message: `The environment has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${lines}\nSee .env.example for every setting.`,
  });
}
