/** When the certificates end with which Mislaid proves who it is. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Config } from '../config.ts';

type CertificateFiles = Pick<
  Config,
  'TEAMS_CERTIFICATE_FILE' | 'EXCHANGE_CERTIFICATE_FILE' | 'EXCHANGE_CERTIFICATE_PASSWORD'
>;

/** Of every file that is configured and can be read: doctor tells of one that cannot. Read anew, because files are exchanged. */
export function configuredCertificates(config: CertificateFiles): { name: string; ends: Date }[] {
  const { TEAMS_CERTIFICATE_FILE: teams, EXCHANGE_CERTIFICATE_FILE: exchange } = config;
  return [
    ...endOf('teams', teams, (bytes) => new X509Certificate(bytes)),
    ...endOf('exchange', exchange, (bytes) => certificateOfPfx(bytes, config.EXCHANGE_CERTIFICATE_PASSWORD)),
  ];
}

function endOf(
  name: string,
  path: string | undefined,
  read: (bytes: Buffer) => X509Certificate | undefined,
): { name: string; ends: Date }[] {
  if (path === undefined) return [];
  try {
    const certificate = read(readFileSync(path));
    return certificate === undefined ? [] : [{ name, ends: new Date(certificate.validTo) }];
  } catch {
    return [];
  }
}

/** Node opens a .pfx for TLS alone: a socket that is connected to nothing tells which certificate it would show. */
function certificateOfPfx(pfx: Buffer, passphrase: string | undefined): X509Certificate | undefined {
  const secureContext = createSecureContext({ pfx, ...(passphrase === undefined ? {} : { passphrase }) });
  const nowhere = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const socket = new TLSSocket(nowhere, { isServer: true, secureContext });
  try {
    return socket.getX509Certificate();
  } finally {
    socket.destroy();
  }
}
