/**
 * Answers through the response_url of what was said: one small POST each, for which `fetch` would cost more than all else that
 * the adapter does with a command. Connections stay open between answers.
 */
import { Agent, request } from 'undici';

export type ResponseUrls = {
  /** Whether Slack took it; rejects when no answer came in time. Redirects are not followed: they count as refused. */
  respond(url: string, body: object): Promise<boolean>;
  /** Ends the connections, those under way too. */
  close(): Promise<void>;
};

/** Idle connections are ours to close, before Slack does it under a request. */
const idleMs = 4_000;

export function createResponseUrls({ timeoutMs }: { timeoutMs: number }): ResponseUrls {
  const agent = new Agent({ keepAliveTimeout: idleMs, keepAliveMaxTimeout: idleMs });

  return {
    respond: async (url, body) => {
      const { statusCode, body: answer } = await request(url, {
        method: 'POST',
        dispatcher: agent,
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const said = await answer.text();
      // Some refusals come with 200 and a JSON `ok: false`.
      return statusCode >= 200 && statusCode < 300 && !/"ok"\s*:\s*false/.test(said);
    },
    close: () => agent.destroy(),
  };
}
