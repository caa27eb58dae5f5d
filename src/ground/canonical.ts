import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** JSON Canonicalization Scheme (RFC 8785): equal values give equal text, whatever the order of their keys. */
export function canonicalJson(value: unknown): string {
  return canonicalize(value) ?? 'null';
}

/** SHA-256 over canonical JSON, lower-case hex: approvals are bound by it, and the audit is chained by it. */
export function canonicalHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
