/** Requests as Slack signs and sends them: to an HTTP endpoint, or with wrong signatures, times and bodies. */
import { createHmac } from 'node:crypto';

export type SignedRequest = { readonly headers: Readonly<Record<string, string>>; readonly body: string };

/** docs.slack.dev/authentication/verifying-requests-from-slack */
export function signed(
  secret: string,
  body: string,
  options: { contentType: string; at?: number; version?: string; headers?: Record<string, string> },
): SignedRequest {
  const at = options.at ?? Math.floor(Date.now() / 1_000);
  const version = options.version ?? 'v0';
  const signature = createHmac('sha256', secret).update(`${version}:${at}:${body}`).digest('hex');
  return {
    body,
    headers: {
      'content-type': options.contentType,
      'x-slack-request-timestamp': String(at),
      'x-slack-signature': `${version}=${signature}`,
      ...options.headers,
    },
  };
}

export const formType = 'application/x-www-form-urlencoded';
export const jsonType = 'application/json';

export function formBody(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString();
}

/** Interactive payloads travel as JSON in a form field. */
export function payloadBody(payload: unknown): string {
  return formBody({ payload: JSON.stringify(payload) });
}
