/** Which strings deny an app by its user agent and nobody else: only such as phones were seen to send. Pure. */
import type { Phone } from '../phones.ts';

export type DenyString = {
  string: string;
  /** Requests of the last days whose user agent holds it. */
  requests: number;
};

export type DenyChoice = {
  /** Those that stop most first. */
  strings: DenyString[];
  /** Requests whose user agent holds no string that others do not send as well. */
  left: number;
};

type Agent = { agent: string; requests: number };

/** Shorter ones stand in too many user agents by chance. */
const shortest = 4;

/** `all` are the phones of the whole organisation; of words that stop as much, those of the app's own name come first. */
export function chooseDenyStrings(name: string, phones: readonly Phone[], all: readonly Phone[]): DenyChoice {
  const isNamed = (string: string) => (holds(name, string) || holds(string, name) ? 0 : 1);
  const own = new Set(phones);
  const others = agentsOf(all.filter((phone) => !own.has(phone))).map(({ agent }) => agent.toLowerCase());
  const strings: DenyString[] = [];
  let left = agentsOf(phones);
  for (;;) {
    const [best] = candidates(left)
      .filter(({ string }) => !others.some((agent) => agent.includes(string.toLowerCase())))
      .sort(
        (a, b) =>
          b.agents - a.agents ||
          isNamed(a.string) - isNamed(b.string) ||
          b.requests - a.requests ||
          a.string.length - b.string.length,
      );
    if (best === undefined) break;
    strings.push({ string: best.string, requests: best.requests });
    left = left.filter(({ agent }) => !holds(agent, best.string));
  }
  return {
    strings: strings.sort((a, b) => b.requests - a.requests),
    left: left.reduce((sum, { requests }) => sum + requests, 0),
  };
}

function candidates(agents: readonly Agent[]): (DenyString & { agents: number })[] {
  const words = new Set(agents.flatMap(({ agent }) => wordsOf(agent)));
  return [...words].map((string) => {
    const stopped = agents.filter(({ agent }) => holds(agent, string));
    return { string, agents: stopped.length, requests: stopped.reduce((sum, { requests }) => sum + requests, 0) };
  });
}

/** Words with a letter, without what IIS writes for a space: `Nine` of `Nine-PT+PL/4.9.4a (Linux)`. */
function wordsOf(agent: string): string[] {
  const words = agent.split(/[\s+/();,:"'<>&]+/);
  return words.filter((word) => word.length >= shortest && /\p{L}{3}/u.test(word) && /^[\x20-\x7e]+$/.test(word));
}

function holds(agent: string, string: string): boolean {
  return agent.toLowerCase().includes(string.toLowerCase());
}

/** What phones send, by the logs and by Exchange's own list, with their requests: each is in several logs and counts in the fullest. */
function agentsOf(phones: readonly Phone[]): Agent[] {
  const agents = new Map<string, number>();
  const add = (agent: string, requests: number) => {
    if (agent.length > 1) agents.set(agent, (agents.get(agent) ?? 0) + requests);
  };
  for (const { device, clients } of phones) {
    add(device?.userAgent ?? '', 0);
    // Who did not log in may send any name.
    for (const { userAgent, rows } of clients.filter(({ anonymous }) => !anonymous)) {
      const kinds = new Map<string, number>();
      for (const { kind, requests } of rows) kinds.set(kind, (kinds.get(kind) ?? 0) + requests);
      add(userAgent, Math.max(0, ...kinds.values()));
    }
  }
  return [...agents].map(([agent, requests]) => ({ agent, requests }));
}
