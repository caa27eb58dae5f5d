/** The whole bot, compiled, in processes of its own that are killed and started again; on the lab, with Teams as its chat. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { identityOf, placeOf } from '../../../adapters/teams/refs.ts';
import type { FakeTeams } from '../../fakes/teams/index.ts';
import { type FakeConversation, type FakePerson, tenant } from '../../fakes/teams/world.ts';

export type Cast = Record<'hana' | 'otto' | 'ada' | 'sasha', FakePerson>;
export type Stage = Record<'helpdesk' | 'approvals' | 'security', FakeConversation>;

export function castOf(teams: FakeTeams): { people: Cast; places: Stage } {
  const { world } = teams;
  const people = {
    hana: world.person('Hana'),
    otto: world.person('Otto'),
    ada: world.person('Ada'),
    sasha: world.person('Sasha'),
  };
  const everybody = Object.values(people);
  return {
    people,
    places: {
      helpdesk: world.channel('19:helpdesk@thread.tacv2', ...everybody),
      approvals: world.channel('19:approvals@thread.tacv2', people.otto, people.ada, people.hana),
      security: world.channel('19:security@thread.tacv2', people.sasha),
    },
  };
}

/** The example's people in Teams; `more` gives a person chat accounts elsewhere, `places` more channels. */
export function teamsPolicy(
  { people, places }: { people: Cast; places: Stage },
  more: Partial<Record<keyof Cast, readonly string[]>> = {},
  roles: Partial<Record<keyof Cast, readonly string[]>> = {},
  elsewhere: Partial<Record<keyof Stage, readonly string[]>> = {},
): string {
  const usual: Record<keyof Cast, readonly string[]> = {
    hana: ['helpdesk'],
    otto: ['approver'],
    ada: ['approver', 'admin'],
    sasha: ['security'],
  };
  const person = (name: keyof Cast) => ({
    name: people[name].name,
    mailbox: `${name}@contoso.example`,
    identities: [identityOf(tenant, people[name].objectId), ...(more[name] ?? [])],
    roles: roles[name] ?? usual[name],
  });
  const place = (name: keyof Stage) => [placeOf(tenant, places[name].id), ...(elsewhere[name] ?? [])];
  return stringify({
    people: [person('hana'), person('otto'), person('ada'), person('sasha')],
    notificationDomains: ['contoso.example'],
    channels: { helpdesk: place('helpdesk'), approvals: place('approvals'), security: place('security') },
    timeZone: 'Europe/Berlin',
    exchange: { requestor: 'mislaid@contoso.example' },
  });
}

/** `url` is empty for a worker: nobody speaks to it. */
export type BotProcess = { readonly url: string; log(): string; kill(): Promise<void> };
export type BotFolder = { readonly path: string; remove(): void };

export function botFolder(policy: string): BotFolder {
  const path = mkdtempSync(join(tmpdir(), 'mislaid-teams-'));
  writeFileSync(join(path, 'policy.yaml'), policy);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export async function startBotProcess(input: {
  script: string;
  folder: BotFolder;
  databaseUrl: string;
  env: Readonly<Record<string, string>>;
}): Promise<BotProcess> {
  const child = spawn(process.execPath, ['--enable-source-maps', input.script], {
    cwd: input.folder.path,
    env: {
      PATH: process.env.PATH,
      MISLAID_DATA: join(input.folder.path, 'data'),
      MISLAID_EXCHANGE: 'lab',
      DATABASE_URL: input.databaseUrl,
      PORT: '0',
      ADMIN_PORT: '0',
      LAB_SPEED: '200',
      ...input.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const ended = once(child, 'exit');
  await new Promise<void>((resolve, reject) => {
    const read = (data: Buffer) => {
      log += data.toString('utf8');
      if (/"msg":"ready"/.test(log)) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    ended.then(() => reject(new Error(`the bot ended before it was ready:\n${log}`)), reject);
  });
  const port = /"port":(\d+),"msg":"chat webhooks are open"/.exec(log)?.[1];
  return {
    url: port === undefined ? '' : `http://127.0.0.1:${port}`,
    log: () => log,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
