/**
 * Third-party mail apps by the names they show. `claim` stands only where its maker said so at the cited address; about everything
 * else the bot says what the logs show (whose they are, since when, from how many addresses) and nothing more.
 */
export type KnownApp = {
  name: string;
  /** Lower case; found as a word of its own in device type, model, user agent or stray parameter. */
  marks: readonly string[];
  claim?: { text: string; source: string };
};

export const KNOWN_APPS: readonly KnownApp[] = [
  {
    name: 'CloudMagic (Newton)',
    marks: ['cloudmagic', 'newton'],
    claim: {
      text: 'Its privacy policy of April 2020 says that data and credentials of an account are on its servers until the account is deleted there.',
      source: 'https://cloudmagic.com/k/privacypolicy',
    },
  },
  {
    name: 'Spark',
    marks: ['spark', 'readdle'],
    claim: {
      text: "Its maker wrote in 2015 (and marks the page as outdated) that for Exchange accounts its server keeps the account's login and password.",
      source: 'https://readdle.com/blog/2015/06/how-we-handle-your-account-information-in-spark',
    },
  },
  { name: 'Edison Mail', marks: ['edison', 'edisonmail', 'easilydo'] },
  { name: 'BlueMail', marks: ['bluemail', 'typeapp'] },
  { name: 'myMail', marks: ['mymail'] },
  { name: 'Nine', marks: ['nine', 'nine-android'] },
];

/** The app that the strings of a client (type, model, agent, stray parameter) name, if we know it. */
export function knownApp(strings: readonly string[]): KnownApp | undefined {
  const words = new Set(strings.flatMap((text) => text.toLowerCase().split(/[^a-z-]+/)));
  return KNOWN_APPS.find(({ marks }) => marks.some((mark) => words.has(mark)));
}
