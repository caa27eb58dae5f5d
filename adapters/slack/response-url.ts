/**
 * Answers through the response_url of what was said: one small POST each, for which `fetch` would cost more than all else that
 * the adapter does with a command. Connections stay open between answers.
 */
import { Agent, request } from 'undici';

/** Idle connections are ours to close, before Slack does it under a request. */
const idleMs = 4_000;

export class ResponseUrls {
  readonly #agent = new Agent({ keepAliveTimeout: idleMs, keepAliveMaxTimeout: idleMs });
  readonly #timeoutMs: number;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Whether Slack took it; rejects when no answer came in time. Redirects are not followed: they count as refused. */
  async respond(url: string, body: object): Promise<boolean> {
    const { statusCode, body: answer } = await request(url, {
      method: 'POST',
      dispatcher: this.#agent,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
    const text = await answer.text();
    // Some refusals come with 200 and a JSON `ok: false`.
    return statusCode >= 200 && statusCode < 300 && !/"ok"\s*:\s*false/.test(text);
  }

  /** Ends the connections, those in flight too. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
