import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCertificate } from '../../../adapters/teams/certificate.ts';
import { teamsDoctor } from '../../../adapters/teams/doctor.ts';
import { readConfig } from '../../../src/config.ts';
import { MislaidError } from '../../../src/ground/errors.ts';
import { daysFromNow, type TestCertificate, testCertificate } from '../../fakes/teams/certificate.ts';
import { openFakeTeams } from '../../fakes/teams/index.ts';
import { openTeamsHarness } from './harness.ts';

const message = { tone: 'neutral', blocks: [{ kind: 'text', text: [{ kind: 'plain', text: 'Hello' }] }] } as const;

let folder: string;
let good: TestCertificate;
let other: TestCertificate;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mislaid-certificate-'));
  good = testCertificate();
  other = testCertificate({ name: 'Another' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(...parts: string[]): string {
  const path = join(folder, 'teams.pem');
  writeFileSync(path, parts.join(''));
  return path;
}

function keyPem({ key }: TestCertificate, type: 'pkcs1' | 'pkcs8' = 'pkcs8'): string {
  return key.export({ type, format: 'pem' }).toString();
}

describe('the bot with a certificate', () => {
  const forms: [string, () => string][] = [
    ['key as PKCS#8, certificate first', () => good.certificate + keyPem(good)],
    ['key as PKCS#1 and first', () => keyPem(good, 'pkcs1') + good.certificate],
    ['lines of Windows', () => (good.certificate + keyPem(good)).replaceAll('\n', '\r\n')],
    [
      'what openssl writes around them, and a chain in any order',
      () =>
        `Bag Attributes\n    localKeyID: 01\n${other.certificate}subject=CN=Mislaid\n${good.certificate}${keyPem(good)}`,
    ],
  ];

  it.each(forms)('signs for its token with it, and posts carry the token: %s', async (_, pem) => {
    const settings = { TEAMS_APP_PASSWORD: '', TEAMS_CERTIFICATE_FILE: fileOf(pem()) };
    const { teams, adapter, logged, close } = await openTeamsHarness({}, settings);
    try {
      teams.tokens.trust(good.certificate);
      const hana = teams.world.person('Hana');
      const { id } = teams.world.channel('19:helpdesk@thread.tacv2', hana);
      await adapter.start({ app: express(), onCommand: async () => ({ kind: 'duplicate' }) });

      await adapter.post(`teams:${hana.tenantId}/${id}`, message, 'a-key');

      // The connector takes no post without a token of the service, which gives none without the right signature.
      expect(teams.shownIn(teams.world.channel(id))).toEqual(['Hello']);
      expect(teams.tokens.proofs).toEqual(['certificate']);
      expect(logged.join('\n')).not.toContain('PRIVATE KEY');
    } finally {
      await close();
    }
  });

  it('that Entra ID does not know posts nothing, says the remedy, and logs nothing of the key', async () => {
    const settings = { TEAMS_APP_PASSWORD: '', TEAMS_CERTIFICATE_FILE: fileOf(other.certificate, keyPem(other)) };
    const { teams, adapter, logged, close } = await openTeamsHarness({}, settings);
    try {
      teams.tokens.trust(good.certificate);
      const hana = teams.world.person('Hana');
      const { id } = teams.world.channel('19:helpdesk@thread.tacv2', hana);
      await adapter.start({ app: express(), onCommand: async () => ({ kind: 'duplicate' }) });

      await expect(adapter.post(`teams:${hana.tenantId}/${id}`, message, 'a-key')).rejects.toMatchObject({
        problem: { kind: 'dead', remedy: expect.stringContaining('certificate') },
      });

      expect(teams.world.messages).toEqual([]);
      const secret = keyPem(other).split('\n')[3] ?? '';
      expect(secret).toHaveLength(64);
      expect(logged.join('\n')).not.toContain(secret);
    } finally {
      await close();
    }
  });
});

describe('a certificate file', () => {
  const bad: [string, () => string, RegExp][] = [
    ['is not there', () => join(folder, 'nothing.pem'), /cannot be read \(ENOENT\)\. Name a file/],
    ['is a folder', () => folder, /cannot be read \(EISDIR\)/],
    ['is empty', () => fileOf(''), /holds no certificate\. Put the certificate and its private key into it/],
    ['holds no key', () => fileOf(good.certificate), /holds no RSA private key/],
    ['holds the key of another', () => fileOf(good.certificate, keyPem(other)), /private key of another certificate/],
    [
      'holds a key under a pass phrase',
      () =>
        fileOf(
          good.certificate,
          good.key
            .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'a-pass-phrase' })
            .toString(),
        ),
      /under a pass phrase\. Write it without: openssl pkey/,
    ],
    [
      'holds a key under a pass phrase in the old form',
      () =>
        fileOf(
          good.certificate,
          good.key
            .export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'a-pass-phrase' })
            .toString(),
        ),
      /under a pass phrase/,
    ],
    [
      'holds a key of another kind',
      () => {
        const ec = testCertificate({ kind: 'ec' });
        return fileOf(ec.certificate, ec.key.export({ type: 'pkcs8', format: 'pem' }).toString());
      },
      /a key that is not RSA\. Entra ID takes RSA alone/,
    ],
    [
      'was cut',
      () => fileOf(good.certificate.replace(/\n[^\n]+\n[^\n]+\n-----END/, '\n-----END'), keyPem(good)),
      /a certificate that cannot be read/,
    ],
    [
      'holds a key that was cut',
      () => fileOf(good.certificate, keyPem(good).replace(/\n[^\n]+\n[^\n]+\n-----END/, '\n-----END')),
      /a private key that cannot be read/,
    ],
    [
      'ended',
      () => {
        const old = testCertificate({ from: daysFromNow(-400), to: daysFromNow(-2) });
        return fileOf(old.certificate, keyPem(old));
      },
      /ended on \d{4}-\d\d-\d\d\. Make a new one, upload it/,
    ],
    [
      'has not begun',
      () => {
        const young = testCertificate({ from: daysFromNow(2) });
        return fileOf(young.certificate, keyPem(young));
      },
      /begins on \d{4}-\d\d-\d\d\. Check the clock/,
    ],
  ];

  it.each(bad)('that %s is refused in one line with the remedy, at start and by doctor', async (_, make, sentence) => {
    const file = make();
    const error = caught(() => readCertificate(file, new Date()));
    expect(error).toBeInstanceOf(MislaidError);
    expect(error).toMatchObject({ code: 'teams-certificate', message: expect.stringMatching(sentence) });
    // Nothing of the file, not by way of a cause either.
    expect(error?.cause).toBeUndefined();
    expect(error?.message).toMatch(/^TEAMS_CERTIFICATE_FILE [^\n]+ See docs\/teams\.md\.$/);

    const settings = { TEAMS_APP_PASSWORD: '', TEAMS_CERTIFICATE_FILE: file };
    await expect(openTeamsHarness({}, settings)).rejects.toMatchObject({ code: 'teams-certificate' });
    const teams = await openFakeTeams();
    const rows = await teamsDoctor(readConfig({ MISLAID_EXCHANGE: 'lab', ...teams.settings, ...settings }));
    await teams.close();
    expect(rows).toEqual([
      { check: 'certificate of the bot', ok: false, found: 'not usable', remedy: expect.stringMatching(sentence) },
    ]);
  });

  it.each([
    [365, true],
    [20, false],
  ])('that ends in %d days is told by doctor', async (days, ok) => {
    const made = testCertificate({ to: daysFromNow(days + 0.5) });
    const teams = await openFakeTeams();
    teams.tokens.trust(made.certificate);
    const settings = { TEAMS_APP_PASSWORD: '', TEAMS_CERTIFICATE_FILE: fileOf(made.certificate, keyPem(made)) };
    const rows = await teamsDoctor(readConfig({ MISLAID_EXCHANGE: 'lab', ...teams.settings, ...settings }));
    await teams.close();

    expect(rows[0]).toMatchObject({ ok, found: expect.stringMatching(new RegExp(`in ${days} days$`)) });
    expect(rows[1]).toMatchObject({ check: 'Entra ID, for Teams', ok: true });
  });
});

function caught(work: () => unknown): Error | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  return undefined;
}
