/** Where the audit goes beside the database, and what is sent there. */
import type { AuditSink } from '../../policy.ts';
import { toOcsf } from '../export.ts';
import type { StoredRecord } from '../read.ts';
import { toCef } from './cef.ts';

/** One entry as it leaves. `time` is the entry's own. */
export type Outgoing = {
  seq: number;
  hash: string;
  time: Date;
  severity: 'high' | 'medium' | 'informational';
  text: string;
};

/** Sends these in their order; resolves when the other side has them, as far as its protocol tells, and rejects otherwise. */
export type SendBatch = (batch: readonly Outgoing[], signal: AbortSignal) => Promise<void>;

const severities = { 1: 'informational', 3: 'medium', 4: 'high' } as const;

export function outgoing(
  record: StoredRecord,
  input: { format: AuditSink['format']; productVersion: string; drill: boolean },
): Outgoing {
  const event = toOcsf(record, input.productVersion, input.drill);
  const severity = event.severity_id === 4 || event.severity_id === 3 ? severities[event.severity_id] : severities[1];
  const text = input.format === 'cef' ? toCef(record, severity, input) : JSON.stringify(event);
  return { seq: record.seq, hash: record.hash, time: new Date(record.at), severity, text };
}
