/** Logs of what stands in front of Exchange, each line by its own format: one folder may hold several. */
import { parseCombined } from './combined.ts';
import { parseHaproxy } from './haproxy.ts';
import { hasLoggedIn, type LineParser, type Parsed } from './line.ts';
import { W3cParser } from './w3c.ts';

export class EdgeParser implements LineParser {
  /** Citrix ADC's web log client and IIS as a reverse proxy write W3C, with a header. */
  readonly #w3c = new W3cParser();
  #header = '';

  get header(): string {
    return this.#header;
  }

  set header(header: string) {
    this.#header = header;
    if (header !== '') this.#w3c.header = header;
  }

  parse(line: string): Parsed {
    if (/^#Fields:/i.test(line)) this.header = line.trim();
    if (line.startsWith('#')) return undefined;
    if (this.#header !== '' && /^\d{4}-\d\d-\d\d /.test(line)) return anonymised(this.#w3c.parse(line));
    const haproxy = parseHaproxy(line);
    return haproxy === undefined ? parseCombined(line) : haproxy.parsed;
  }
}

/**
 * What an edge writes of accounts is what the client said: only an answer that nobody gets without a login proves one. How long a
 * request took is left out, since IIS writes milliseconds and W3C's draft seconds.
 */
function anonymised(parsed: Parsed): Parsed {
  if (parsed === undefined || typeof parsed === 'string') return parsed;
  return { ...parsed, taken: -1, authenticated: hasLoggedIn(undefined, parsed.http), log: '' };
}
