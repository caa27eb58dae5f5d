import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MislaidError } from '../src/ground/errors.ts';
import { approvalsHash, Policy, parsePolicy, policyHash, policyLimits } from '../src/policy.ts';

function problemsOf(yaml: string): string {
  try {
    parsePolicy(yaml, 'policy.yaml');
  } catch (error) {
    if (error instanceof MislaidError) return error.message;
    throw error;
  }
  return '';
}

const hana = `people:\n  - { name: Hana, mailbox: hana@contoso.example, identities: ['slack:T1/U1'], roles: [helpdesk] }\n`;

describe('parsePolicy', () => {
  it('fills in the defaults of an empty file', () => {
    const policy = parsePolicy('', 'policy.yaml');

    expect(policy.approvals).toEqual({
      expireMinutes: 30,
      executeWithinMinutes: 15,
      ownersMayAsk: false,
      stepUp: 'off',
    });
    expect(policy.brake).toEqual({ perRequesterAndDay: 3, perTenMinutes: 5, perDay: 20 });
    expect(policy.holdMaxHours).toBe(4);
    expect(policy.people).toEqual([]);
  });

  it('names every problem at once and shows no value', () => {
    const message = problemsOf(
      `${hana}secretKey: hunter2\nbrake: { perDay: -1 }\ntimeZone: hunter2/Zone\nchannels: { security: ['hunter2'] }\n`,
    );

    expect(message).toContain('policy.yaml has 4 problems');
    for (const path of ['brake.perDay', 'timeZone', 'channels.security.0']) expect(message).toContain(path);
    expect(message).not.toContain('hunter2');
  });

  it.each([
    ['people:\n  - { name: X, mailbox: x, identities: [], roles: [] }\n', 'people.0.identities'],
    ['people:\n  - { name: X, mailbox: x, identities: ["hana"] }\n', 'people.0.identities.0'],
    ['people:\n  - { name: X, mailbox: x, identities: ["slack:T/U"], roles: [user] }\n', 'people.0.roles.0'],
    ['people:\n  - { name: X, mailbox: x, identities: ["slack:T/U"], roles: [root] }\n', 'people.0.roles.0'],
    [`${hana}  - { name: Other, mailbox: o@x, identities: ['slack:T1/U1'] }\n`, 'people.1.identities'],
    ['servers: [{ name: EX01, edge: LB9 }]\n', 'servers.0.edge'],
    ['brake: 5\n', 'brake'],
  ])('refuses %j at %s', (yaml, path) => {
    expect(problemsOf(yaml)).toContain(path);
  });

  it('says of broken YAML where it breaks, without quoting it', () => {
    const message = problemsOf('people: [hunter2: }\n');

    expect(message).toContain('is not YAML');
    expect(message).not.toContain('hunter2');
  });

  it.each([
    ['/etc/shadow', 'root:$6$hunter2$abc:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n'],
    ['an environment file', 'DATABASE_URL: hunter2\nSLACK_BOT_TOKEN: xoxb-hunter2\n'],
    [
      'another configuration that has a section of the same name',
      'servers: []\nhunter2: x\npassword: hunter2\ntoken: y\n',
    ],
    ['a list', '- hunter2\n- other\n'],
    ['a sentence', 'hunter2 is the password'],
    ['a key', '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n'],
    ['a number', '42'],
    ['keys that are mappings', '{ hunter2: 1 }: x\n'],
  ])('of %s says that it is no policy, and nothing of it', (_what, yaml) => {
    const message = problemsOf(yaml);

    expect(message).toMatch(/is no policy|is not YAML/);
    expect(message).not.toMatch(/hunter2|root|DATABASE|password/);
  });

  it('names a mistyped key, and not what could be a value in its place', () => {
    const message = problemsOf(`${hana}vip: []\nchanels: {}\n'hunter2$abc': 1\n`);

    expect(message).toContain('no policy has chanels, 1 key that is not shown here');
    expect(message).not.toContain('hunter2');
  });

  it.each(Object.entries(policyLimits))('takes %s up to %i and no more', (path, most) => {
    const [section = '', key] = path.split('.');
    const yaml = (value: number) =>
      key === undefined ? `${section}: ${value}\n` : `${section}: { ${key}: ${value} }\n`;

    expect(problemsOf(yaml(most))).toBe('');
    expect(problemsOf(yaml(most + 1))).toContain(`${path}: at most ${most}`);
  });

  it('states the most of each in docs/policy.md', () => {
    const docs = readFileSync(join(import.meta.dirname, '../docs/policy.md'), 'utf8');

    for (const [path, most] of Object.entries(policyLimits)) expect(docs).toContain(`| \`${path}\` | ${most} |`);
  });

  it('makes one person of a list of mailboxes, and keeps the hash of who has one', () => {
    const several = parsePolicy(hana.replace('hana@contoso.example', '[hana@contoso.example, h@contoso.example]'), 'p');

    expect(several.people[0]).toMatchObject({
      mailbox: 'hana@contoso.example',
      mailboxes: ['hana@contoso.example', 'h@contoso.example'],
    });
    expect(Policy.parse(several)).toEqual(several);
    const one = parsePolicy(hana, 'p');
    expect(policyHash(Policy.parse(one))).toBe(policyHash(one));
    expect(approvalsHash(several)).not.toBe(approvalsHash(one));
  });

  it('hashes the whole policy, and apart from it what an approval rests on', () => {
    const one = parsePolicy(hana, 'policy.yaml');
    const zone = parsePolicy(`${hana}timeZone: Europe/Paris\n`, 'policy.yaml');
    const roles = parsePolicy(hana.replace('helpdesk', 'approver'), 'policy.yaml');

    expect(policyHash(zone)).not.toBe(policyHash(one));
    expect(approvalsHash(zone)).toBe(approvalsHash(one));
    expect(approvalsHash(roles)).not.toBe(approvalsHash(one));
  });
});
