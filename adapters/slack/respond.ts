/**
 * Answers through the response_url of what was said: one small POST each, for which `fetch` would cost more than all else that
 * the adapter does with a command. Connections stay open between answers.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export type Responding = {
  /** Whether Slack took it; rejects when no answer came in time. Redirects are not followed: they count as refused. */
  respond(url: string, body: object): Promise<boolean>;
  close(): void;
};

/** Idle connections are ours to close, before Slack does it under a request. */
const idleMs = 4_000;
/** Of an answer's text; Slack says `ok` or a short JSON. */
const readAtMost = 4_096;

export function createResponding({ timeoutMs }: { timeoutMs: number }): Responding {
  const options = { keepAlive: true, timeout: idleMs, maxFreeSockets: 8 };
  const plain = new HttpAgent(options);
  const secure = new HttpsAgent(options);

  return {
    respond: (url, body) =>
      new Promise((resolve, reject) => {
        const text = JSON.stringify(body);
        const headers = {
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(text),
        };
        const sending = url.startsWith('https:')
          ? httpsRequest(url, { method: 'POST', agent: secure, headers })
          : httpRequest(url, { method: 'POST', agent: plain, headers });
        const timer = setTimeout(() => sending.destroy(new Error('no answer in time')), timeoutMs);
        const settle = (): void => clearTimeout(timer);
        sending.once('close', settle);
        sending.once('error', reject);
        sending.once('response', (response) => {
          response.once('error', reject);
          readShort(response, (said) => resolve(wasTaken(response.statusCode ?? 0, said)));
        });
        sending.end(text);
      }),
    close: () => {
      plain.destroy();
      secure.destroy();
    },
  };
}

function readShort(response: IncomingMessage, then: (text: string) => void): void {
  let said = '';
  response.setEncoding('utf8');
  response.on('data', (part: string) => {
    if (said.length < readAtMost) said += part;
  });
  response.once('end', () => then(said));
}

/** Some refusals come with 200 and a JSON `ok: false`. */
function wasTaken(status: number, said: string): boolean {
  return status >= 200 && status < 300 && !/"ok"\s*:\s*false/.test(said);
}
