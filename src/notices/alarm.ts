/**
 * Alarms out of band: by e-mail and webhook, so that a chat platform that is away, or in a thief's hands, silences none. They name no
 * person: what happened, of what severity, and the number of the case.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createTransport } from 'nodemailer';
import { hostError } from '../ground/errors.ts';
import { failureCode } from '../ground/failure.ts';
import type { Policy } from '../policy.ts';
import { type NoticeKind, notices } from './table.ts';

export type Alarm = { kind: NoticeKind; incident: number | null; at: Date };

type Alarms = NonNullable<Policy['alarms']>;
type Mail = NonNullable<Alarms['email']>;

const patienceMs = 20_000;

/** Every address and webhook of the policy, named without repeating it: work rows are read by many. */
export function alarmTargets({ alarms }: Pick<Policy, 'alarms'>): string[] {
  return [...(alarms?.email?.to ?? []), ...(alarms?.webhooks ?? [])].map(targetOf);
}

export function targetOf(place: string): string {
  return createHash('sha256').update(place.toLowerCase()).digest('hex').slice(0, 16);
}

export function alarmText({ kind, incident, at }: Alarm): { subject: string; text: string } {
  const { when, severity } = notices[kind];
  const of = incident === null ? '' : ` (INC-${incident})`;
  return {
    subject: `Mislaid, ${severity}: ${when}${of}`,
    text: `${at.toISOString()}: ${when}${of}.\n\nThe security channel and the audit say more. If chat is silent about it, do not trust chat: look at the host.\nThis message names nobody on purpose.\n`,
  };
}

/** One mail to one address, over TLS alone. Rejects while the server has not taken it. */
export async function mailAlarm(alarm: Alarm, to: string, mail: Mail, password: string | undefined): Promise<void> {
  const ca = mail.caFile === undefined ? undefined : await readFile(mail.caFile);
  const transport = createTransport({
    host: mail.host,
    port: mail.port,
    secure: mail.port === 465,
    requireTLS: true,
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) },
    ...(mail.user === undefined ? {} : { auth: { user: mail.user, pass: password ?? '' } }),
  });
  try {
    await transport.sendMail({
      from: mail.from,
      to,
      ...alarmText(alarm),
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  } catch (error) {
    // The server's words may hold addresses.
    throw hostError({ code: 'mail-away', message: `the mail server did not take an alarm (${failureCode(error)})` });
  } finally {
    transport.close();
  }
}

/** One POST of JSON. Redirects are not followed. */
export function postAlarm(alarm: Alarm, url: string, ca?: Buffer): Promise<void> {
  const body = JSON.stringify({
    ...alarmText(alarm),
    kind: alarm.kind,
    severity: notices[alarm.kind].severity,
    incident: alarm.incident,
    at: alarm.at.toISOString(),
  });
  return new Promise((resolve, reject) => {
    const failed = (why: string): void =>
      reject(hostError({ code: 'webhook-away', message: `a webhook did not take an alarm (${why})` }));
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(
      url,
      { method: 'POST', signal: AbortSignal.timeout(patienceMs), headers, ...(ca === undefined ? {} : { ca }) },
      (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve();
        else failed(`HTTP ${status}`);
      },
    );
    outgoing.on('error', (error) => failed(failureCode(error)));
    outgoing.end(body);
  });
}
