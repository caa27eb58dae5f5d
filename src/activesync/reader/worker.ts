/** A thread that rolls up chunks; see pool.ts. Chunks come and go by transfer, never by copy. */
import { parentPort } from 'node:worker_threads';
import type { Batch } from './batch.ts';
import { Session, type SessionOptions } from './session.ts';

export type Asked =
  | ({ type: 'open'; session: number } & SessionOptions)
  | { type: 'read'; session: number; buffer: ArrayBuffer; length: number; header: string; overLong: number }
  | { type: 'take'; session: number }
  | { type: 'close'; session: number };

export type Answered =
  | { type: 'read'; session: number; full: boolean; buffer: ArrayBuffer }
  | { type: 'batch'; session: number; batch: Batch }
  | { type: 'failed'; session: number; error: unknown };

const sessions = new Map<number, Session>();

function answer(asked: Asked): Answered | undefined {
  if (asked.type === 'open') {
    sessions.set(asked.session, new Session({ kind: asked.kind, hours: asked.hours }));
    return undefined;
  }
  if (asked.type === 'close') {
    sessions.get(asked.session)?.close();
    sessions.delete(asked.session);
    return undefined;
  }
  const session = sessions.get(asked.session);
  if (session === undefined) throw new Error(`reader thread knows no session ${asked.session}`);
  if (asked.type === 'read')
    return { type: 'read', session: asked.session, full: session.read(asked), buffer: asked.buffer };
  return { type: 'batch', session: asked.session, batch: session.take() };
}

parentPort?.on('message', (asked: Asked) => {
  let answered: Answered | undefined;
  try {
    answered = answer(asked);
  } catch (error) {
    answered = { type: 'failed', session: asked.session, error };
  }
  if (answered === undefined) return;
  parentPort?.postMessage(answered, transfers(answered));
});

function transfers(answered: Answered): ArrayBuffer[] {
  if (answered.type === 'read') return [answered.buffer];
  if (answered.type === 'failed') return [];
  const columns = Object.values(answered.batch.groups);
  return columns.flatMap((column) => (column.buffer instanceof ArrayBuffer ? [column.buffer] : []));
}
