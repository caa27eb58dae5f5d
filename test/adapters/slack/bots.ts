/** The whole bot, compiled, in processes of its own that are killed and started again; on the lab, with Slack as its chat. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { eventsPath } from '../../../adapters/slack/receivers.ts';
import { botToken, type FakeSlack, signingSecret, team } from '../../fakes/slack/index.ts';

export const users = { hana: 'U0HANA', otto: 'U0OTTO', ada: 'U0ADA', sasha: 'U0SASHA' } as const;
export const channels = { helpdesk: 'C0HELP', approvals: 'C0APPR', security: 'C0SECU' } as const;

/** The example's people in Slack: one on the helpdesk, two approvers, one of security. */
export function slackPolicy(): string {
  const person = (name: string, user: string, roles: readonly string[]) => ({
    name,
    mailbox: `${name.toLowerCase()}@contoso.example`,
    identities: [`slack:${team}/${user}`],
    roles,
  });
  const place = (channel: string) => [`slack:${team}/${channel}`];
  return stringify({
    people: [
      person('Hana', users.hana, ['helpdesk']),
      person('Otto', users.otto, ['approver']),
      person('Ada', users.ada, ['approver', 'admin']),
      person('Sasha', users.sasha, ['security']),
    ],
    notificationDomains: ['contoso.example'],
    channels: {
      helpdesk: place(channels.helpdesk),
      approvals: place(channels.approvals),
      security: place(channels.security),
    },
    timeZone: 'Europe/Berlin',
    exchange: { requestor: 'mislaid@contoso.example' },
  });
}

export type BotProcess = {
  readonly url: string;
  readonly log: () => string;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  stop(): Promise<void>;
};

export type BotFolder = { readonly path: string; remove(): void };

export function botFolder(): BotFolder {
  const path = mkdtempSync(join(tmpdir(), 'mislaid-slack-'));
  writeFileSync(join(path, 'policy.yaml'), slackPolicy());
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export async function startBotProcess(input: {
  script: string;
  folder: BotFolder;
  slack: FakeSlack;
  databaseUrl: string;
  redisUrl?: string;
  env?: Record<string, string>;
}): Promise<BotProcess> {
  const child: ChildProcess = spawn(process.execPath, ['--enable-source-maps', input.script], {
    cwd: input.folder.path,
    env: {
      PATH: process.env.PATH,
      MISLAID_DATA: join(input.folder.path, 'data'),
      MISLAID_EXCHANGE: 'lab',
      DATABASE_URL: input.databaseUrl,
      ...(input.redisUrl === undefined ? {} : { REDIS_URL: input.redisUrl }),
      PORT: '0',
      SLACK_BOT_TOKEN: botToken,
      SLACK_SIGNING_SECRET: signingSecret,
      SLACK_API_URL: input.slack.apiUrl,
      LAB_SPEED: '200',
      ...input.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const ended = once(child, 'exit');
  const ready = new Promise<string>((resolve, reject) => {
    const read = (data: Buffer) => {
      log += data.toString('utf8');
      const port = /"port":(\d+)[^\n]*"msg":"chat webhooks are open"/.exec(log)?.[1];
      // It is ready even where Slack has not told it who it is, and stores nothing until then.
      if (port !== undefined && /"msg":"ready"/.test(log) && /"msg":"Slack knows the bot"/.test(log)) resolve(port);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    ended.then(() => reject(new Error(`the bot ended before it was ready:\n${log}`)));
  });
  const port = await ready;
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return {
    url: `http://127.0.0.1:${port}${eventsPath}`,
    log: () => log,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}
