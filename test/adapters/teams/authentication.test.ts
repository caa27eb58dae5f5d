import { createHmac } from 'node:crypto';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { teamsDoctor } from '../../../adapters/teams/doctor.ts';
import type { Incoming } from '../../../src/chat/port.ts';
import { readConfig } from '../../../src/config.ts';
import { openFakeTeams } from '../../fakes/teams/index.ts';
import type { Signing } from '../../fakes/teams/tokens.ts';
import { appId, type FakePerson, tenant } from '../../fakes/teams/world.ts';
import { openTeamsHarness, type TeamsHarness } from './harness.ts';

describe('/api/messages', () => {
  let harness: TeamsHarness;
  let hana: FakePerson;
  let heard: Incoming[];

  beforeEach(async () => {
    // The SDK writes what it refuses to the console.
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    harness = await openTeamsHarness();
    hana = harness.teams.world.person('Hana');
    heard = [];
    await harness.adapter.start({
      app: express(),
      onCommand: async (incoming) => {
        heard.push(incoming);
        return { kind: 'stored', answer: Promise.resolve({}) };
      },
    });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await harness.close();
  });

  function message(rest: Record<string, unknown> = {}): Record<string, unknown> {
    const { teams } = harness;
    return teams.activity(hana, teams.world.personal(hana), { type: 'message', text: 'incidents', ...rest });
  }

  async function sent(token: Partial<Signing> | string, activity = message()): Promise<number> {
    const { teams } = harness;
    const whole = typeof token === 'string' ? token : { serviceUrl: teams.serviceUrl, appId, ...token };
    return (await teams.send(activity, whole)).status;
  }

  it('takes what Teams signed', async () => {
    expect(await sent({})).toBe(200);
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({ input: { text: 'incidents' }, sender: { email: 'hana@contoso.example' } });
  });

  it.each<[string, Partial<Signing> | string]>([
    ['without a token', ''],
    ['with another scheme', 'Basic aGFuYTpzZWNyZXQ='],
    ['with junk for a token', 'Bearer junk'],
    ['with three parts of junk', 'Bearer a.b.c'],
    ['with a token that is over', { expiresIn: -3_600 }],
    ['with a token that is over for two minutes', { expiresIn: -120 }],
    ['with a token that never ends', { without: ['exp'] }],
    ['with a token of the future', { claims: { nbf: Math.floor(Date.now() / 1000) + 3_600 } }],
    ['with a token for another app', { claims: { aud: '88888888-8888-4888-8888-888888888888' } }],
    ['with a token for nobody', { without: ['aud'] }],
    ['with a token for several apps', { claims: { aud: [appId, 'other'] } }],
    ['with a token of another issuer', { claims: { iss: 'https://evil.example' } }],
    [
      'with a token of an "emulator" of our tenant',
      { claims: { iss: `https://sts.windows.net/${tenant}/`, appid: appId, ver: '1.0' } },
    ],
    [
      'with a token of an "emulator" of any tenant',
      { claims: { iss: 'https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/', appid: appId, ver: '1.0' } },
    ],
    [
      'with a token of a skill',
      { claims: { iss: `https://login.microsoftonline.com/${tenant}/v2.0`, azp: 'another-bot', ver: '2.0' } },
    ],
    ['with a token for another service', { claims: { serviceurl: 'https://smba.trafficmanager.net/evil/' } }],
    ['with a token without a service', { without: ['serviceurl'] }],
    ['signed with an unknown key under the known name', { key: 'stranger' }],
    ['signed with a key that is not for Teams', { key: 'other' }],
  ])('refuses a call %s', async (_, token) => {
    expect(await sent(token)).toBe(401);
    expect(heard).toEqual([]);
  });

  it('refuses a token whose payload was changed, that is unsigned, or signed with the public key as a secret', async () => {
    const { teams } = harness;
    const good = await teams.tokens.sign({ serviceUrl: teams.serviceUrl, appId });
    const [head = '', payload = '', signature = ''] = good.split('.');
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims: Record<string, unknown> = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const keys = await (await fetch(`${teams.base}/keys`)).text();
    const hs256 = `${part({ alg: 'HS256', typ: 'JWT', kid: 'teams' })}.${payload}`;

    const forged = [
      `${head}.${part({ ...claims, exp: 9_999_999_999 })}.${signature}`,
      `${part({ alg: 'none', typ: 'JWT', kid: 'teams' })}.${payload}.`,
      `${part({ alg: 'none', typ: 'JWT', kid: 'teams' })}.${payload}.${signature}`,
      `${hs256}.${createHmac('sha256', keys).update(hs256).digest('base64url')}`,
      `${part({ alg: 'RS256', typ: 'JWT', kid: 'nobody' })}.${payload}.${signature}`,
      `${head}.${payload}.`,
      `${head}.${payload}`,
    ];

    for (const token of forged) expect(await sent(`Bearer ${token}`), token).toBe(401);
    expect(heard).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    [
      'of another tenant',
      { conversation: { id: 'a:1', conversationType: 'personal', tenantId: 'another' }, channelData: {} },
    ],
    ['of two tenants', { channelData: { tenant: { id: 'another' } } }],
    ['of no tenant', { conversation: { id: 'a:1', conversationType: 'personal' }, channelData: {} }],
  ])('refuses an activity %s, well signed as it is', async (_, rest) => {
    expect(await sent({}, message(rest))).toBe(403);
    expect(heard).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, number]>([
    ['of another channel', { channelId: 'webchat' }, 401],
    ['of the ASE channel', { channelId: 'AseChannel' }, 401],
    ['without a channel', { channelId: undefined }, 401],
    ['without a service', { serviceUrl: undefined }, 401],
    ['from another service than the token’s', { serviceUrl: 'https://evil.example/' }, 401],
    ['without a type', { type: undefined }, 400],
    ['without a sender', { from: undefined }, 400],
    ['without an id', { id: undefined }, 400],
  ])('refuses an activity %s', async (_, rest, status) => {
    expect(await sent({}, message(rest))).toBe(status);
    expect(heard).toEqual([]);
  });

  it('tells whoever is not Teams nothing of what is wrong with his activity', async () => {
    expect(await sent('', { anything: 1 })).toBe(401);
    expect(await sent('', message({ channelData: { tenant: { id: 'another' } } }))).toBe(401);
  });

  it('hears nobody while the keys cannot be read, and does not call it his fault', async () => {
    const other = await openTeamsHarness({}, { TEAMS_OPENID_METADATA_URL: 'http://127.0.0.1:9/openid' });
    const said: Incoming[] = [];
    await other.adapter.start({
      app: express(),
      onCommand: async (incoming) => {
        said.push(incoming);
        return { kind: 'stored', answer: Promise.resolve({}) };
      },
    });
    const person = other.teams.world.person('Hana');

    const { status } = await other.teams.say(person, 'incidents');
    await other.close();

    expect(status).toBe(503);
    expect(said).toEqual([]);
  });

  it('asks for tokens of its own only where it is configured to', async () => {
    await harness.teams.say(hana, 'incidents');

    expect(harness.teams.tokens.asked).toEqual(['https://api.botframework.com/.default']);
  });
});

it('believes anybody on this machine in development', async () => {
  const settings = { TEAMS_APP_ID: '', TEAMS_APP_PASSWORD: '', TEAMS_TENANT_ID: '', TEAMS_DEVELOPMENT: '1' };
  const { teams, adapter, close } = await openTeamsHarness({}, settings);
  const heard: Incoming[] = [];
  await adapter.start({
    app: express(),
    onCommand: async (incoming) => {
      heard.push(incoming);
      return { kind: 'duplicate' };
    },
  });
  const hana = teams.world.person('Hana');

  const { status } = await teams.send(
    teams.activity(hana, teams.world.personal(hana), { type: 'message', text: 'help' }),
    '',
  );
  await close();

  expect(status).toBe(200);
  expect(heard[0]?.sender.identity).toBe(`entra:development/${hana.objectId}`);
});

describe('doctor', () => {
  it('says whether Entra ID knows the bot and the keys of Teams can be read', async () => {
    const teams = await openFakeTeams();
    const config = readConfig({ MISLAID_EXCHANGE: 'lab', ...teams.settings, TEAMS_GRAPH_GROUPS: '1' });
    const well = await teamsDoctor(config);
    teams.tokens.refuseBot();
    const refused = await teamsDoctor({ ...config, TEAMS_OPENID_METADATA_URL: `${teams.base}/nothing` });
    await teams.close();

    expect(well.map(({ check, ok, found }) => ({ check, ok, found }))).toEqual([
      { check: 'Entra ID, for Teams', ok: true, found: 'gives a token' },
      { check: 'keys of Teams', ok: true, found: '2 keys' },
      { check: 'Entra ID, for Graph', ok: true, found: 'gives a token' },
    ]);
    expect(refused.every(({ ok, remedy }) => !ok && remedy !== undefined)).toBe(true);
    expect(refused[0]?.found).toBe('invalid_client');
  });
});
