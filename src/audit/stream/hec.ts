/** An HTTPS collector of Splunk's shape (HTTP Event Collector): events one behind the other, answered once all are taken. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { z } from 'zod';
import { hostError } from '../../ground/errors.ts';
import { failureCode } from '../../ground/failure.ts';
import type { SendBatch } from './sink.ts';

const patienceMs = 20_000;
const longestAnswer = 65_536;

/** `code` 0: all events of the request were taken. */
const Answer = z.object({ code: z.literal(0) });

export function hecSink(place: {
  url: string;
  caFile?: string | undefined;
  token: string | undefined;
  cef: boolean;
}): SendBatch {
  return async (batch, signal) => {
    if (place.token === undefined) {
      throw hostError({
        code: 'siem-token-missing',
        message: 'MISLAID_SIEM_TOKEN is not set: the collector is not asked without it',
      });
    }
    const ca = place.caFile === undefined ? undefined : await readFile(place.caFile);
    const body = batch
      .map(({ time, text, seq, hash }) =>
        JSON.stringify({
          time: time.getTime() / 1000,
          source: 'mislaid',
          sourcetype: place.cef ? 'cef' : 'ocsf:json',
          event: place.cef ? text : JSON.parse(text),
          fields: { sequence: seq, hash },
        }),
      )
      .join('\n');
    const answer = await post(place.url, { body, token: place.token, ...(ca === undefined ? {} : { ca }) }, signal);
    if (answer.status !== 200 || !Answer.safeParse(jsonOf(answer.text)).success)
      throw hostError({
        code: 'collector-refused',
        message: `the collector did not take the audit (HTTP ${answer.status}); it is sent again`,
      });
  };
}

/** Redirects are not followed: the token would go along. */
function post(
  url: string,
  { body, token, ca }: { body: string; token: string; ca?: Buffer },
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const away = (error: unknown): void =>
      reject(
        hostError({
          code: 'collector-away',
          message: `the collector cannot be reached (${failureCode(error)}); it is sent again`,
        }),
      );
    const outgoing = request(
      url,
      {
        method: 'POST',
        signal,
        timeout: patienceMs,
        minVersion: 'TLSv1.2',
        headers: {
          authorization: `Splunk ${token}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
        ...(ca === undefined ? {} : { ca }),
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (text.length < longestAnswer) text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', away);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('timed out')));
    outgoing.on('error', away);
    outgoing.end(body);
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
