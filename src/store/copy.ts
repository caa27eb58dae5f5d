/** PostgreSQL's COPY over one connection, in its text format: the same for the built-in server and for any other. */
import { Readable, Writable } from 'node:stream';
import type pg from 'pg';
import { internalError } from '../ground/errors.ts';
import { failureCode } from '../ground/failure.ts';

/** What pg's connection offers for COPY; its types leave it out. */
type CopyConnection = pg.Connection & {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
};

/** The output of `copy … to stdout`; the connection must be used for nothing else until it ends. */
export function copyTo(client: pg.Client, statement: string): Readable {
  let source: pg.Connection | undefined;
  const stream = new Readable({
    read: () => {
      source?.stream.resume();
    },
    destroy: (error, callback) => {
      source?.stream.resume();
      callback(error);
    },
  });
  client.query({
    submit: (connection: pg.Connection) => {
      source = connection;
      connection.query(statement);
    },
    handleCopyData: ({ chunk }: { chunk: Buffer }, connection: pg.Connection) => {
      // The chunk is a window on a buffer that is used again.
      if (!stream.push(Buffer.from(chunk))) connection.stream.pause();
    },
    handleCommandComplete: () => stream.push(null),
    handleReadyForQuery: () => undefined,
    handleError: (error: unknown) => stream.destroy(failed('read', error)),
  });
  return stream;
}

/** The input of `copy … from stdin`: it has finished when the server has taken every row. */
export function copyFrom(client: pg.Client, statement: string): Writable {
  let ready: CopyConnection | undefined;
  let refused: Error | undefined;
  let goOn: ((error?: Error | null) => void) | undefined;
  const settle = (error?: Error): void => {
    refused ??= error;
    const waiting = goOn;
    goOn = undefined;
    waiting?.(refused ?? null);
  };
  client.query({
    submit: (connection: pg.Connection) => connection.query(statement),
    handleCopyInResponse: (connection: CopyConnection) => {
      ready = connection;
      settle();
    },
    handleCommandComplete: () => settle(),
    handleReadyForQuery: () => settle(),
    handleError: (error: unknown) => settle(failed('written', error)),
  });
  return new Writable({
    construct: (callback) => {
      if (ready !== undefined || refused !== undefined) callback(refused);
      else goOn = callback;
    },
    write: (chunk: Buffer, _encoding, callback) => {
      if (refused !== undefined || ready === undefined) return callback(refused);
      ready.sendCopyFromChunk(chunk);
      if (!ready.stream.writableNeedDrain) return callback();
      ready.stream.once('drain', () => callback(refused));
    },
    final: (callback) => {
      if (refused !== undefined || ready === undefined) return callback(refused);
      goOn = callback;
      ready.endCopyFrom();
    },
    destroy: (error, callback) => {
      if (error !== null && refused === undefined) ready?.sendCopyFail('the reading of the backup failed');
      callback(error);
    },
  });
}

/** Without the server's text: it quotes rows. */
function failed(done: 'read' | 'written', error: unknown): Error {
  return internalError({ code: 'copy-failed', message: `a table could not be ${done} (${failureCode(error)})` });
}
