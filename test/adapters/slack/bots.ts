/** Whole bots with Slack as their chat, and the people and channels that they know. */
import { stringify } from 'yaml';
import { botToken, type FakeSlack, signingSecret, team } from '../../fakes/slack/index.ts';
import { type BotFolder, type BotProcess, startBotProcess } from '../../setup/bot-process.ts';

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

/** Ready, and told by Slack who it is: before that it stores nothing. */
export function startSlackBot(input: {
  script: string;
  folder: BotFolder;
  slack: FakeSlack;
  databaseUrl: string;
  redisUrl?: string;
}): Promise<BotProcess> {
  const { script, folder, slack, databaseUrl, redisUrl } = input;
  return startBotProcess({
    script,
    folder,
    databaseUrl,
    env: {
      SLACK_BOT_TOKEN: botToken,
      SLACK_SIGNING_SECRET: signingSecret,
      SLACK_API_URL: slack.apiUrl,
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    },
    logged: ['ready', 'Slack knows the bot'],
  });
}
