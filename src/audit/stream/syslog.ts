/**
 * Syslog (RFC 5424) over TLS (RFC 5425): each message behind its length. The protocol has no answer: a batch counts as arrived when the
 * other side has taken the connection's end in order; after anything else all of it is sent again.
 */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { connect } from 'node:tls';
import { hostError } from '../../ground/errors.ts';
import { failureCode } from '../../ground/failure.ts';
import type { Outgoing, SendBatch } from './sink.ts';

/** Facility 13, log audit; severities 2 critical, 4 warning, 6 informational. */
const facility = 13;
const severities = { high: 2, medium: 4, informational: 6 } as const;
const patienceMs = 20_000;

export type SyslogPlace = { host: string; port: number; caFile?: string | undefined };

export function syslogMessage({ seq, hash, time, severity, text }: Outgoing, host: string): string {
  const priority = facility * 8 + severities[severity];
  // `meta sequenceId` is RFC 5424's own: a collector sees by it what it lacks.
  const data = `[meta sequenceId="${seq}"][mislaid@32473 hash="${hash}"]`;
  // Without the mark of order that some put before it: the text is UTF-8 without control characters.
  return `<${priority}>1 ${time.toISOString()} ${host} mislaid - audit ${data} ${text}`;
}

export function syslogSink(place: SyslogPlace): SendBatch {
  return async (batch, signal) => {
    const ca = place.caFile === undefined ? undefined : await readFile(place.caFile);
    await new Promise<void>((resolve, reject) => {
      const socket = connect({
        host: place.host,
        port: place.port,
        servername: place.host,
        minVersion: 'TLSv1.2',
        ...(ca === undefined ? {} : { ca }),
      });
      let sent = false;
      let problem: unknown;
      const stop = (): void => void socket.destroy(new Error('stopped'));
      signal.addEventListener('abort', stop, { once: true });
      socket.setTimeout(patienceMs, () => socket.destroy(new Error('timed out')));
      socket.once('secureConnect', () => {
        const frames = batch.map((each) => {
          const message = Buffer.from(syslogMessage(each, safeHost()));
          return Buffer.concat([Buffer.from(`${message.length} `), message]);
        });
        socket.end(Buffer.concat(frames), () => {
          sent = true;
        });
      });
      socket.on('error', (error) => {
        problem = error;
      });
      socket.resume();
      socket.once('close', (hadError) => {
        signal.removeEventListener('abort', stop);
        if (sent && !hadError && problem === undefined) resolve();
        else reject(notSent(failureCode(problem)));
      });
    });
  };
}

function safeHost(): string {
  return hostname().replaceAll(/[^\x21-\x7e]/g, '') || '-';
}

function notSent(code: string) {
  return hostError({
    code: 'syslog-away',
    message: `the syslog server did not take the audit (${code}); it is sent again`,
  });
}
