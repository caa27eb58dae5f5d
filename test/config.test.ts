import { describe, expect, it } from 'vitest';
import { readConfig, secretsOf, settingsTable } from '../src/config.ts';
import { MislaidError } from '../src/ground/errors.ts';

function problemsOf(env: Record<string, string>, files: Record<string, string> = {}): string {
  try {
    readConfig(env, fileReader(files));
  } catch (error) {
    if (error instanceof MislaidError) return error.message;
    throw error;
  }
  return '';
}

function fileReader(files: Record<string, string>): (path: string) => string {
  return (path) => {
    const text = files[path];
    if (text === undefined) throw new Error('no such file');
    return text;
  };
}

describe('readConfig', () => {
  it('needs nothing: the lab on the console', () => {
    const config = readConfig({});

    expect(config.exchange).toBe('lab');
    expect(config.platforms).toEqual([]);
    expect(config.MISLAID_DATA).toBe('.mislaid');
  });

  it('names every problem at once and shows no value', () => {
    const message = problemsOf({
      PORT: 'hunter2-port',
      MISLAID_ROLE: 'hunter2-role',
      DATABASE_URL: 'mysql://u:hunter2@x/y',
      SLACK_TYPO: 'hunter2',
      LAB_SPEED: '-hunter2',
    });

    expect(message).toContain('5 problems');
    for (const name of ['PORT', 'MISLAID_ROLE', 'DATABASE_URL', 'SLACK_TYPO', 'LAB_SPEED'])
      expect(message).toContain(name);
    expect(message).not.toContain('hunter2');
  });

  it.each([
    [{ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 's' }, 'MISLAID_EXCHANGE'],
    [{ NODE_ENV: 'production' }, 'MISLAID_EXCHANGE'],
    [{ SLACK_BOT_TOKEN: 'xoxb-1', MISLAID_EXCHANGE: 'lab' }, 'SLACK_SIGNING_SECRET'],
    [{ SLACK_SIGNING_SECRET: 's' }, 'SLACK_BOT_TOKEN'],
    [{ TEAMS_APP_ID: 'a', MISLAID_EXCHANGE: 'lab' }, 'TEAMS_TENANT_ID'],
    [{ TEAMS_APP_ID: 'a', TEAMS_TENANT_ID: 't', MISLAID_EXCHANGE: 'lab' }, 'TEAMS_APP_PASSWORD'],
    [{ TEAMS_DEVELOPMENT: '1', HOST: '0.0.0.0', MISLAID_EXCHANGE: 'lab' }, 'TEAMS_DEVELOPMENT'],
    [{ MISLAID_EXCHANGE: 'online' }, 'EXCHANGE_APP_ID'],
    [{ MISLAID_EXCHANGE: 'custom' }, 'EXCHANGE_INIT_SCRIPT'],
    [{ MISLAID_ROLE: 'bot' }, 'DATABASE_URL'],
  ])('refuses %o and names %s', (env, name) => {
    expect(problemsOf(env)).toContain(name);
  });

  it('reads a secret from the file that NAME_FILE names, without its last line break', () => {
    const env = { SLACK_BOT_TOKEN_FILE: '/secrets/slack', SLACK_APP_TOKEN: 'xapp-1', MISLAID_EXCHANGE: 'lab' };

    const config = readConfig(env, fileReader({ '/secrets/slack': 'xoxb-from-file\n' }));

    expect(config.SLACK_BOT_TOKEN).toBe('xoxb-from-file');
    expect(secretsOf(config)).toContain('xoxb-from-file');
  });

  it('refuses a secret that is set twice, and a file that cannot be read', () => {
    expect(
      problemsOf(
        { SLACK_BOT_TOKEN: 'a', SLACK_BOT_TOKEN_FILE: '/x', SLACK_APP_TOKEN: 'b', MISLAID_EXCHANGE: 'lab' },
        { '/x': 'c' },
      ),
    ).toContain('not both');
    expect(problemsOf({ SLACK_BOT_TOKEN_FILE: '/gone' })).toContain('cannot be read');
  });

  it('describes every setting in one line', () => {
    for (const { name, means } of settingsTable()) expect(means, name).toMatch(/^[^\n]{10,160}$/);
  });
});
