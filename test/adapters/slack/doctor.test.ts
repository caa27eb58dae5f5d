import { afterEach, beforeEach, expect, it } from 'vitest';
import { slackDoctor } from '../../../adapters/slack/doctor.ts';
import { readConfig } from '../../../src/config.ts';
import { appToken, botToken, type FakeSlack, openFakeSlack } from '../../fakes/slack/index.ts';

let slack: FakeSlack;
beforeEach(async () => {
  slack = await openFakeSlack();
});
afterEach(() => slack.close());

const config = (env: Record<string, string> = {}) =>
  readConfig({
    MISLAID_EXCHANGE: 'lab',
    SLACK_BOT_TOKEN: botToken,
    SLACK_APP_TOKEN: appToken,
    SLACK_API_URL: slack.apiUrl,
    ...env,
  });

it('says that tokens, scopes and the socket are right', async () => {
  expect(await slackDoctor(config())).toEqual([
    { check: 'Slack', ok: true, found: 'workspace T0LAB, bot U0BOT' },
    { check: 'scopes of Slack', ok: true, found: '11, as the manifest asks' },
    { check: 'Socket Mode', ok: true, found: 'a connection may be opened' },
  ]);
});

it('names the scopes that are missing', async () => {
  slack.workspace.scopes = slack.workspace.scopes.filter((scope) => scope !== 'im:write');

  expect(await slackDoctor(config())).toContainEqual(
    expect.objectContaining({
      ok: false,
      found: 'missing: im:write',
      remedy: expect.stringContaining('manifest.yaml'),
    }),
  );
});

it('says how wrong tokens and an unreachable Slack are mended', async () => {
  expect(await slackDoctor(config({ SLACK_BOT_TOKEN: 'xoxp-wrong', SLACK_APP_TOKEN: 'xoxb-wrong' }))).toEqual([
    expect.objectContaining({
      ok: false,
      found: 'Slack says invalid_auth',
      remedy: expect.stringContaining('SLACK_BOT_TOKEN'),
    }),
    expect.objectContaining({
      ok: false,
      found: 'Slack says invalid_auth',
      remedy: expect.stringContaining('SLACK_APP_TOKEN'),
    }),
  ]);
  slack.down();

  expect((await slackDoctor(config()))[0]).toMatchObject({ ok: false, found: 'Slack does not answer' });
});
