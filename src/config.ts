/**
 * The only reader of the environment. Every setting is described once, in `Settings`: the schema, `.env.example` and
 * docs/configuration.md follow from it. Every problem is named at once, and no value is ever printed.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Environment } from './ground/environment.ts';
import { MislaidError } from './ground/errors.ts';
import { counted } from './message/words.ts';

/** What `.env.example` and docs/configuration.md say of one setting; kept as the schema's metadata. */
const SettingMeta = z.object({
  means: z.string(),
  /** Secrets can also come from a file: NAME_FILE holds its path. They are redacted from logs. */
  secret: z.boolean().default(false),
  /** Shown where the schema has no default. */
  example: z.string().optional(),
});
type Setting = z.infer<typeof SettingMeta> & { name: string; fallback?: string };

/** Every setting with its meaning and its default, in the order of `.env.example`. */
export function settingsTable(): Setting[] {
  return Object.entries(Settings.shape).map(([name, schema]) => {
    const unset = schema.safeParse(undefined);
    const known = unset.success && unset.data !== undefined ? { fallback: String(unset.data) } : {};
    return { name, ...SettingMeta.parse(schema.meta()), ...known };
  });
}

const text = z.string().min(1);
const optional = text.optional();
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
const webUrl = url('https:', 'http:').optional();

function setting<T extends z.ZodType>(schema: T, means: string, more: { secret?: true; example?: string } = {}): T {
  return schema.meta({ means, ...more });
}

const secret = { secret: true } as const;

const Settings = z.object({
  MISLAID_DATA: setting(text.default('.mislaid'), 'folder of the embedded PostgreSQL, keys, logs and history'),
  MISLAID_POLICY: setting(
    text.default('policy.yaml'),
    'the policy file: who may do what, who must agree, where things are said',
  ),
  MISLAID_ROLE: setting(
    z.enum(['all', 'bot', 'worker']).default('all'),
    'what this process does: chat (bot), jobs (worker) or both; several processes need DATABASE_URL and REDIS_URL',
  ),
  MISLAID_EXCHANGE: setting(
    z.enum(['lab', 'online', 'onprem', 'custom']).optional(),
    'which Exchange; the lab is the default only while no chat platform is configured',
    { example: 'lab' },
  ),
  MISLAID_SERVERS: setting(
    z.enum(['files', 'winrm']).default('files'),
    'how logs, web.config and events of the servers in policy.yaml are read',
  ),
  MISLAID_AUDIT_KEY: setting(
    optional,
    'Ed25519 private key (PEM) that signs audit checkpoints; made in the data folder when absent',
    secret,
  ),
  MISLAID_AUDIT_OLD_KEYS: setting(
    z
      .string()
      .transform((ids) => ids.split(/[\s,]+/).filter((id) => id !== ''))
      .pipe(z.array(z.string().regex(/^[0-9a-f]{16}$/, 'ids of keys: 16 hexadecimal digits each, separated by commas')))
      .optional(),
    'ids of former audit keys, whose public halves lie in the data folder: their checkpoints go on counting',
    { example: '0123456789abcdef' },
  ),
  MISLAID_BACKUP_PASSPHRASE: setting(
    optional,
    'backup and restore: with it the private audit key is encrypted, where a backup of it is asked for (12 characters or more)',
    secret,
  ),
  MISLAID_SMTP_PASSWORD: setting(optional, "password of the mail server in policy's alarms", secret),
  MISLAID_SIEM_TOKEN: setting(optional, "token of the HTTPS collectors in policy's auditStream", secret),
  NODE_ENV: setting(
    z.enum(['development', 'test', 'production']).default('development'),
    'production refuses what is meant for trying out',
  ),
  DATABASE_URL: setting(url('postgres:', 'postgresql:').optional(), 'a PostgreSQL server; absent: the embedded one', {
    ...secret,
    example: 'postgresql://mislaid@db.example/mislaid',
  }),
  REDIS_URL: setting(
    url('redis:', 'rediss:').optional(),
    'Redis for the queue, which production uses; absent: the queue lives in PostgreSQL',
    { ...secret, example: 'redis://cache.example:6379' },
  ),
  HOST: setting(text.default('127.0.0.1'), 'address that the chat webhooks listen on'),
  PORT: setting(port.default(3000), 'port of the chat webhooks (opened only when a chat platform needs it)'),
  ADMIN_HOST: setting(
    text.default('127.0.0.1'),
    'address that health and metrics listen on; they name no person and no secret, and ask nobody who they are',
  ),
  ADMIN_PORT: setting(port.default(0), 'port of health and metrics; 0 takes a free one and logs it'),
  LOG_LEVEL: setting(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
    'how much is logged',
  ),
  LAB_SPEED: setting(
    z.coerce.number().positive().max(10_000).default(60),
    "how much faster than real phones the lab's phones contact it",
  ),
  POWERSHELL_PATH: setting(optional, 'PowerShell executable; else NODE_POWERSHELL, else pwsh on PATH', {
    example: '/usr/bin/pwsh',
  }),
  NODE_POWERSHELL: setting(optional, 'second choice for the PowerShell executable'),
  EXCHANGE_SESSIONS: setting(z.coerce.number().int().min(1).max(8).default(2), 'warm PowerShell sessions'),
  EXCHANGE_APP_ID: setting(optional, 'online: application (client) id of the app registration'),
  EXCHANGE_ORGANIZATION: setting(optional, 'online: primary onmicrosoft.com domain', {
    example: 'contoso.onmicrosoft.com',
  }),
  EXCHANGE_CERTIFICATE_FILE: setting(optional, 'online, Linux: path of the .pfx certificate'),
  EXCHANGE_CERTIFICATE_PASSWORD: setting(optional, 'online, Linux: password of the certificate file', secret),
  EXCHANGE_CERTIFICATE_THUMBPRINT: setting(optional, 'online, Windows: thumbprint of the installed certificate'),
  EXCHANGE_SERVER: setting(optional, 'onprem, Windows: full name of one Exchange server', {
    example: 'ex01.contoso.example',
  }),
  EXCHANGE_INIT_SCRIPT: setting(optional, "custom: path of an administrator's script that makes the cmdlets available"),
  SLACK_BOT_TOKEN: setting(optional, 'Slack bot token (xoxb-…)', secret),
  SLACK_SIGNING_SECRET: setting(optional, 'Slack over HTTP: signing secret', secret),
  SLACK_APP_TOKEN: setting(optional, 'Slack over Socket Mode: app token (xapp-…)', secret),
  SLACK_API_URL: setting(webUrl, 'another Web API address (GovSlack, tests)', {
    example: 'https://slack-gov.com/api/',
  }),
  TEAMS_APP_ID: setting(optional, 'Teams: application (client) id of the Azure Bot'),
  TEAMS_APP_PASSWORD: setting(optional, 'Teams: client secret', secret),
  TEAMS_CERTIFICATE_FILE: setting(
    optional,
    'Teams: PEM file with a certificate and its RSA private key, without a pass phrase, instead of the secret',
  ),
  TEAMS_TENANT_ID: setting(optional, 'Teams: the one tenant that is served'),
  TEAMS_DEVELOPMENT: setting(flag.default(false), 'Teams without credentials, on loopback only, for development'),
  TEAMS_GRAPH_GROUPS: setting(flag.default(false), 'Teams: read Entra group membership from Microsoft Graph'),
  TEAMS_OPENID_METADATA_URL: setting(webUrl, 'Teams: another OpenID metadata address (national clouds, tests)'),
  TEAMS_TOKEN_URL: setting(webUrl, 'Teams: another token endpoint (national clouds, tests)'),
  TEAMS_GRAPH_URL: setting(webUrl, 'Teams: another Microsoft Graph address (national clouds, tests)'),
  TEAMS_SERVICE_URL: setting(webUrl, 'Teams: where to post before Teams was heard from (national clouds, tests)'),
});
type Settings = z.infer<typeof Settings>;

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
  const platforms = platformsOf(config);
  problems.push(...combinationProblems(config, platforms.length > 0));
  if (problems.length > 0) throw invalid(problems);
  return { ...config, platforms, exchange: config.MISLAID_EXCHANGE ?? 'lab' };
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

/** What each setting by itself cannot know: which others it needs, and where it must not stand. */
function combinationProblems(config: Settings, hasPlatform: boolean): string[] {
  const { MISLAID_EXCHANGE: exchange, MISLAID_ROLE: role, NODE_ENV: stage } = config;
  const isSet = (name: keyof Settings) => config[name] !== undefined;
  const isLocal = ['127.0.0.1', 'localhost', '::1'].includes(config.HOST);
  const slackSecrets = isSet('SLACK_SIGNING_SECRET') || isSet('SLACK_APP_TOKEN');
  const teamsSecrets = isSet('TEAMS_APP_PASSWORD') || isSet('TEAMS_CERTIFICATE_FILE');
  const exchangeCertificate = isSet('EXCHANGE_CERTIFICATE_FILE') || isSet('EXCHANGE_CERTIFICATE_THUMBPRINT');
  const neededBy = (kind: Settings['MISLAID_EXCHANGE'], ...names: (keyof Settings)[]): [boolean, string][] =>
    names.map((name) => [exchange === kind && !isSet(name), `${name}: needed for MISLAID_EXCHANGE=${kind}`]);
  const rules: [broken: boolean, problem: string][] = [
    [
      isSet('SLACK_BOT_TOKEN') && !slackSecrets,
      'SLACK_SIGNING_SECRET: needed for HTTP (or SLACK_APP_TOKEN for Socket Mode)',
    ],
    [!isSet('SLACK_BOT_TOKEN') && slackSecrets, 'SLACK_BOT_TOKEN: needed for Slack'],
    [isSet('TEAMS_APP_ID') && !isSet('TEAMS_TENANT_ID'), 'TEAMS_TENANT_ID: needed for Teams'],
    [isSet('TEAMS_APP_ID') && !teamsSecrets, 'TEAMS_APP_PASSWORD: needed for Teams (or TEAMS_CERTIFICATE_FILE)'],
    [!isSet('TEAMS_APP_ID') && teamsSecrets, 'TEAMS_APP_ID: needed for Teams'],
    [
      config.TEAMS_DEVELOPMENT && (!isLocal || stage === 'production'),
      'TEAMS_DEVELOPMENT: only on loopback and not in production',
    ],
    [
      exchange === undefined && (hasPlatform || stage === 'production'),
      'MISLAID_EXCHANGE: must be named once a chat platform is configured or in production (lab, online, onprem or custom)',
    ],
    ...neededBy('online', 'EXCHANGE_APP_ID', 'EXCHANGE_ORGANIZATION'),
    ...neededBy('onprem', 'EXCHANGE_SERVER'),
    ...neededBy('custom', 'EXCHANGE_INIT_SCRIPT'),
    [
      exchange === 'online' && !exchangeCertificate,
      'EXCHANGE_CERTIFICATE_FILE: needed for MISLAID_EXCHANGE=online (or EXCHANGE_CERTIFICATE_THUMBPRINT on Windows)',
    ],
    [
      role !== 'all' && !(isSet('DATABASE_URL') && isSet('REDIS_URL')),
      `MISLAID_ROLE: ${role} needs DATABASE_URL and REDIS_URL, because the other role runs in another process`,
    ],
  ];
  return rules.flatMap(([broken, problem]) => (broken ? [problem] : []));
}

function secretFrom(name: string, path: string, readText: (path: string) => string, problems: string[]) {
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
    message: `The environment has ${counted(problems.length, 'problem')}:\n${lines}\nSee .env.example for every setting.`,
    userMessage: 'Mislaid could not start: its settings are wrong. An admin finds them named where it was started.',
  });
}
