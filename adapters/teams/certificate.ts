/** The certificate with which the bot proves itself to Entra ID, instead of a secret: one PEM file that holds its private key, too. */
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { MislaidError } from '../../src/ground/errors.ts';

const certificates = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const keys = /-----BEGIN (?:RSA )?PRIVATE KEY-----[\s\S]+?-----END (?:RSA )?PRIVATE KEY-----/;
const lockedKeys = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/** Throws MislaidError `teams-certificate` with what is wrong with the file and the remedy, and nothing of what it holds. */
export function readCertificate(file: string, now: Date) {
  const pem = readPem(file);
  const found = [...pem.matchAll(certificates)].map(([text]) => text);
  if (found.length === 0)
    throw unusable('holds no certificate', 'Put the certificate and its private key into it, as PEM.');
  const key = keyIn(pem);
  const parsed = found.map((text) => ({
    text,
    certificate: readable(() => new X509Certificate(text), 'certificate'),
  }));
  const own = parsed.find(({ certificate }) => certificate.checkPrivateKey(key));
  if (own === undefined)
    throw unusable('holds a private key of another certificate', 'Put the two that belong together into it.');
  const { certificate } = own;
  const [begins, ends] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  const day = (date: Date) => date.toISOString().slice(0, 10);
  if (ends <= now)
    throw unusable(
      `holds a certificate that ended on ${day(ends)}`,
      'Make a new one, upload it to the app registration in Entra ID, and start again.',
    );
  if (begins > now)
    throw unusable(`holds a certificate that begins on ${day(begins)}`, 'Check the clock of this machine, or wait.');
  return {
    endsAt: ends,
    forEntra: {
      thumbprintSha256: createHash('sha256').update(certificate.raw).digest('hex'),
      /** PEM. */
      privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      /** PEM: the certificate of the key first, then what else the file holds (the chain). */
      x5c: [own, ...parsed.filter((other) => other !== own)].map(({ text }) => text).join('\n'),
    },
  };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = z.object({ code: z.string() }).safeParse(cause).data?.code ?? 'unknown';
    throw unusable(`cannot be read (${code})`, 'Name a file that this account may read.');
  }
}

function keyIn(pem: string): KeyObject {
  // First: a key that is locked the old way has the same first line as an open one.
  if (lockedKeys.test(pem))
    throw unusable('holds a private key under a pass phrase', 'Write it without: openssl pkey -in <old> -out <new>.');
  const text = keys.exec(pem)?.[0];
  if (text === undefined)
    throw unusable('holds no RSA private key', 'Put the certificate and its private key into it, as PEM.');
  const key = readable(() => createPrivateKey(text), 'private key');
  if (key.asymmetricKeyType !== 'rsa')
    throw unusable('holds a key that is not RSA', 'Entra ID takes RSA alone: make a certificate with an RSA key.');
  return key;
}

/** What the parser says is left out: it may quote what it read. */
function readable<T>(parse: () => T, what: string): T {
  try {
    return parse();
  } catch {
    throw unusable(`holds a ${what} that cannot be read`, 'Write it anew, as PEM.');
  }
}

function unusable(what: string, remedy: string): MislaidError {
  const message = `TEAMS_CERTIFICATE_FILE ${what}. ${remedy} See docs/teams.md.`;
  return new MislaidError({ code: 'teams-certificate', message, userMessage: message });
}
