/** Signatures of the audit's key (Ed25519) over the canonical JSON of what is said. */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson } from '../ground/canonical.ts';

export type Signature = {
  /** The first 16 hex digits of the public key's SHA-256. */
  key: string;
  /** base64 */
  signature: string;
};

/** The id of a public key, PEM. */
export function keyIdOf(publicKeyPem: string): string {
  const der = createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

/** The signature covers the key's id, too. */
export function signatureOf(body: object, key: string, privateKey: KeyObject): Signature {
  const signed = Buffer.from(canonicalJson({ ...body, key }));
  return { key, signature: sign(null, signed, privateKey).toString('base64') };
}

/** Whether one of these public keys (PEM) made the signature; what is no key counts as none. */
export function signatureFits(body: object, { key, signature }: Signature, publicKeysPem: readonly string[]): boolean {
  const signed = Buffer.from(canonicalJson({ ...body, key }));
  return publicKeysPem.some((pem) => {
    try {
      return keyIdOf(pem) === key && verify(null, signed, createPublicKey(pem), Buffer.from(signature, 'base64'));
    } catch {
      return false;
    }
  });
}
