/**
 * Answers through the response_url of what was said: one small POST each, for which `fetch` would cost more than all else that
 * the adapter does with a command. Connections stay open between answers.
 */
import { Agent, request } from 'undici';
import { neverLeft } from './failures.ts';

/** Idle connections are ours to close, before Slack does it under a request. */
const idleMs = 4_000;

export class ResponseUrls {
  readonly #agent = new Agent({ keepAliveTimeout: idleMs, keepAliveMaxTimeout: idleMs });
  readonly #timeoutMs: number;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Whether Slack took it: false where it surely did not. Rejects where that is not known (no answer in time, a gateway's error):
   * nobody can look whether it arrived. Redirects are not followed: they count as refused.
   */
  async respond(url: string, body: object): Promise<boolean> {
    const sent = await this.#post(url, body);
    if (sent === undefined) return false;
    const { statusCode, body: answer } = sent;
    const text = await answer.text();
    if (statusCode >= 500) throw new Error(`the response_url answered ${statusCode}`);
    // Some refusals come with 200 and a JSON `ok: false`.
    return statusCode >= 200 && statusCode < 300 && !/"ok"\s*:\s*false/.test(text);
  }

  /** undefined when no connection was made. */
  async #post(url: string, body: object) {
    try {
      return await request(url, {
        method: 'POST',
        dispatcher: this.#agent,
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
    } catch (error) {
      if (neverLeft(error)) return undefined;
      throw error;
    }
  }

  /** Ends the connections, those in flight too. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
