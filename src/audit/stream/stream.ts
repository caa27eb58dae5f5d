/**
 * Sends what is new in the audit to one sink, in order and at least once: how far it came is stored after the other side has it, so an
 * outage, a crash or a lost answer leads to the same entries again. Their numbers tell what is double, and what is missing.
 */
import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import type { AuditSink } from '../../policy.ts';
import { isDrill } from '../../store/drills.ts';
import type { Database } from '../../store/schema.ts';
import { readSetting, storeSetting } from '../../store/settings.ts';
import { readAudit } from '../read.ts';
import { hecSink } from './hec.ts';
import { type Outgoing, outgoing, type SendBatch } from './sink.ts';
import { syslogSink } from './syslog.ts';

const Position = z.object({ seq: z.number().int() });
const batchSize = 200;

export function sinkOf(sink: AuditSink, token: string | undefined): SendBatch {
  if (sink.kind === 'syslog') return syslogSink(sink);
  return hecSink({ ...sink, token, cef: sink.format === 'cef' });
}

/** How far a sink has the chain; 0: nothing yet. */
export async function streamedTo(db: Kysely<Database>, name: string): Promise<number> {
  return Position.safeParse(await readSetting(db, keyOf(name))).data?.seq ?? 0;
}

/** Answers how many entries were sent, and whether more are there. One process sends to a sink at a time; rejects as `send` does. */
export async function streamAudit(
  db: Kysely<Database>,
  input: { sink: AuditSink; send: SendBatch; productVersion: string; signal: AbortSignal },
): Promise<{ sent: number; more: boolean }> {
  const { sink, send, productVersion, signal } = input;
  return await db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ mine: boolean }>`
      select pg_try_advisory_xact_lock(hashtextextended(${keyOf(sink.name)}, 0)) as mine`.execute(tx);
    if (rows[0]?.mine !== true) return { sent: 0, more: false };
    const after = await streamedTo(tx, sink.name);
    const batch: Outgoing[] = [];
    for await (const record of readAudit(tx, { after, batch: batchSize })) {
      const drill = record.incidentNumber !== null && (await isDrill(tx, record.incidentNumber));
      batch.push(outgoing(record, { format: sink.format, productVersion, drill }));
      if (batch.length === batchSize) break;
    }
    const last = batch.at(-1);
    if (last === undefined) return { sent: 0, more: false };
    await send(batch, signal);
    await storeSetting(tx, keyOf(sink.name), { seq: last.seq });
    return { sent: batch.length, more: batch.length === batchSize };
  });
}

function keyOf(name: string): string {
  return `audit-stream:${name}`;
}
