import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openClients } from '../../../adapters/slack/clients.ts';
import { Accounts } from '../../../adapters/slack/identity.ts';
import { slackLogger } from '../../../adapters/slack/logging.ts';
import { botToken, type FakeSlack, openFakeSlack } from '../../fakes/slack/index.ts';
import { eventually } from '../../setup/eventually.ts';
import { patient, people, team } from './harness.ts';

const identity = (user: string) => `slack:${team}/${user}`;

describe('an account of Slack', () => {
  let slack: FakeSlack;
  let at: number;
  const problems: string[] = [];
  beforeEach(async () => {
    at = 0;
    problems.length = 0;
    slack = await openFakeSlack({
      users: [
        ...people,
        { id: 'U0GONE', name: 'Gone', deleted: true },
        { id: 'U0BOT2', name: 'Bot', is_bot: true },
        { id: 'USLACKBOT', name: 'Slackbot' },
        { id: 'U0GUEST', name: 'Guest', is_restricted: true },
        { id: 'U0ONE', name: 'One channel', is_ultra_restricted: true },
        { id: 'U0STRANGE', name: 'Stranger', is_stranger: true, team: 'T0OTHER' },
        { id: 'U0OTHER', name: 'Other', team: 'T0OTHER' },
      ],
    });
  });
  afterEach(() => slack.close());

  function accounts(groups: string[] | (() => string[]) = [], timeouts = patient) {
    const logger = slackLogger(pino({ level: 'silent' }));
    return new Accounts({
      clients: openClients(botToken, timeouts, { apiUrl: slack.apiUrl, logger }),
      team: async () => team,
      groups: typeof groups === 'function' ? groups : () => groups,
      onProblem: (what) => problems.push(what),
      now: () => at,
    });
  }

  const asked = (method: string) => slack.calls.filter((call) => call.method === method).length;

  it('is a person with name, address and zone', async () => {
    expect(await accounts().identify(identity('U0HANA'))).toEqual({
      identity: identity('U0HANA'),
      displayName: 'Hana',
      email: 'hana@contoso.example',
      timeZone: 'Europe/Berlin',
      groups: [],
    });
  });

  it.each([
    ['U0GONE', 'deactivated'],
    ['U0BOT2', 'bot'],
    ['USLACKBOT', 'bot'],
    ['U0GUEST', 'guest'],
    ['U0ONE', 'guest'],
    ['U0STRANGE', 'stranger'],
    ['U0OTHER', 'other-tenant'],
  ])('%s is an outsider: %s', async (user, outsider) => {
    expect(await accounts().identify(identity(user))).toMatchObject({ outsider });
  });

  it('of another workspace is an outsider whatever Slack says of it', async () => {
    expect(await accounts().identify('slack:T0OTHER/U0HANA')).toMatchObject({ outsider: 'other-tenant' });
  });

  it.each(['U0NOBODY', 'C0HELP'])('%s is nobody', async (id) => {
    expect(await accounts().identify(identity(id))).toBeUndefined();
  });

  it('is asked for once a minute, however often it speaks at once', async () => {
    const known = accounts();
    await Promise.all([known.identify(identity('U0HANA')), known.identify(identity('U0HANA'))]);
    at = 59_000;
    await known.identify(identity('U0HANA'));
    expect(asked('users.info')).toBe(1);

    slack.workspace.users.set('U0HANA', { id: 'U0HANA', name: 'Hana', deleted: true });
    at = 61_000;
    expect(await known.identify(identity('U0HANA'))).toMatchObject({ outsider: 'deactivated' });
  });

  it.each([
    ['hangs', { kind: 'hang' } as const],
    ['fails', { kind: '500' } as const],
    ['limits', { kind: '429', seconds: 30 } as const],
  ])('is nobody in particular while Slack %s, and asked for again', async (_, fault) => {
    const known = accounts([], { ...patient, lookUps: fault.kind === 'hang' ? 300 : patient.lookUps });
    slack.fail('users.info', fault);

    await expect(known.identify(identity('U0HANA'))).rejects.toMatchObject({ code: 'identity-not-told' });
    // The same time-out may cut the next answer off, too, where this process stands still for as long.
    await eventually(async () =>
      expect(await known.identify(identity('U0HANA'))).toMatchObject({ displayName: 'Hana' }),
    );
  });

  it('is in the groups that policy names, and in none while Slack does not say', async () => {
    slack.workspace.groups.set('S0HELP', ['U0HANA']);
    const group = `slack:${team}/S0HELP`;
    const known = accounts([group, `slack:${team}/S0GONE`, 'entra:t/other']);

    expect(await known.identify(identity('U0HANA'))).toMatchObject({ groups: [group] });
    expect(await known.identify(identity('U0OTTO'))).toMatchObject({ groups: [] });
    expect(problems).not.toEqual([]);

    at = 61_000;
    slack.fail('usergroups.users.list', { kind: '500' });
    expect(await known.identify(identity('U0HANA'))).toMatchObject({ groups: [] });
  });

  it('is in a group from the moment that the policy names it', async () => {
    slack.workspace.groups.set('S0HELP', ['U0HANA']);
    const group = `slack:${team}/S0HELP`;
    let groups: string[] = [];
    const known = accounts(() => groups);
    expect(await known.identify(identity('U0HANA'))).toMatchObject({ groups: [] });

    groups = [group];
    expect(await known.identify(identity('U0HANA'))).toMatchObject({ groups: [group] });
    groups = [];
    expect(await known.identify(identity('U0HANA'))).toMatchObject({ groups: [] });
  });
});
