/** What `npm run doctor` looks at: the tokens, the scopes they carry, and whether a socket may be opened. It posts nothing. */
import { webApi } from '@slack/bolt';
import { pino } from 'pino';
import type { Config } from '../../src/config.ts';
import type { DoctorRow } from '../../src/ground/doctor-row.ts';
import { clientOptions } from './clients.ts';
import { slackErrorOf } from './failures.ts';
import { slackLogger } from './logging.ts';

/** Bot scopes of manifest.yaml: those that the code uses and no others. */
export const scopes: readonly string[] = [
  'app_mentions:read',
  'channels:history',
  'chat:write',
  'commands',
  'files:write',
  'groups:history',
  'im:history',
  'im:write',
  'usergroups:read',
  'users:read',
  'users:read.email',
];

export async function slackDoctor(config: Config): Promise<DoctorRow[]> {
  const options = clientOptions(10_000, {
    apiUrl: config.SLACK_API_URL,
    logger: slackLogger(pino({ level: 'silent' })),
  });
  const rows = await tokenRows(new webApi.WebClient(config.SLACK_BOT_TOKEN, options));
  if (config.SLACK_APP_TOKEN !== undefined)
    rows.push(await socketRow(new webApi.WebClient(config.SLACK_APP_TOKEN, options)));
  return rows;
}

async function tokenRows(client: webApi.WebClient): Promise<DoctorRow[]> {
  try {
    const answer = await client.auth.test();
    const rows: DoctorRow[] = [
      { check: 'Slack', ok: true, found: `workspace ${answer.team_id ?? '?'}, bot ${answer.user_id ?? '?'}` },
    ];
    const granted = answer.response_metadata?.scopes;
    if (granted === undefined) return rows;
    const missing = scopes.filter((scope) => !granted.includes(scope));
    const more = granted.filter((scope) => !scopes.includes(scope));
    if (missing.length > 0) {
      const remedy = 'update the app from adapters/slack/manifest.yaml and install it again';
      return [...rows, { check: 'scopes of Slack', ok: false, found: `missing: ${missing.join(', ')}`, remedy }];
    }
    const found = more.length === 0 ? `${scopes.length}, as the manifest asks` : `more than needed: ${more.join(', ')}`;
    return [...rows, { check: 'scopes of Slack', ok: true, found }];
  } catch (error) {
    return [refused('Slack', error, 'put the bot token of the installed app (xoxb-…) into SLACK_BOT_TOKEN')];
  }
}

async function socketRow(client: webApi.WebClient): Promise<DoctorRow> {
  try {
    await client.apps.connections.open();
    return { check: 'Socket Mode', ok: true, found: 'a connection may be opened' };
  } catch (error) {
    return refused(
      'Socket Mode',
      error,
      'turn Socket Mode on and put an app-level token with connections:write into SLACK_APP_TOKEN',
    );
  }
}

function refused(check: string, error: unknown, remedy: string): DoctorRow {
  const code = slackErrorOf(error);
  if (code !== undefined) return { check, ok: false, found: `Slack says ${code}`, remedy };
  return {
    check,
    ok: false,
    found: 'Slack does not answer',
    remedy: 'let this machine reach slack.com over HTTPS (or set SLACK_API_URL)',
  };
}
