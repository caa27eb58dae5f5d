import { describe, expect, it } from 'vitest';
import { MislaidError } from '../src/ground/errors.ts';
import { approvalsHash, parsePolicy, policyHash } from '../src/policy.ts';

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

    expect(policy.approvals).toEqual({ expireMinutes: 30, executeWithinMinutes: 15, ownersMayAsk: false });
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

  it('hashes the whole policy, and apart from it what an approval rests on', () => {
    const one = parsePolicy(hana, 'policy.yaml');
    const zone = parsePolicy(`${hana}timeZone: Europe/Paris\n`, 'policy.yaml');
    const roles = parsePolicy(hana.replace('helpdesk', 'approver'), 'policy.yaml');

    expect(policyHash(zone)).not.toBe(policyHash(one));
    expect(approvalsHash(zone)).toBe(approvalsHash(one));
    expect(approvalsHash(roles)).not.toBe(approvalsHash(one));
  });
});
