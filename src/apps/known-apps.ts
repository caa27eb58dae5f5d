/**
 * Mail apps that are known by the names they give themselves to ActiveSync. A claim about how an app treats mail or passwords
 * stands here only with its source; an app without one is only named. Nothing here decides anything: rules are made from the
 * exact strings that the inventory holds.
 */

export type AppKind =
  /** The phone maker's own mail app. */
  | 'native'
  /** Outlook mobile. */
  | 'outlook'
  /** A mail app of somebody else. */
  | 'third-party'
  /** Not known: named by its device type. */
  | 'unknown';

export type Claim = { says: string; source: string };

export type KnownApp = {
  /** Lower case, stable. */
  key: string;
  name: string;
  kind: Exclude<AppKind, 'unknown'>;
  /** Tried on device type, model, user agent and stray parameter, each whole. */
  matches: RegExp;
  /** What the maker or a named page says of it. */
  claims?: readonly Claim[];
};

export const knownApps: readonly KnownApp[] = [
  {
    key: 'cloudmagic',
    name: 'CloudMagic',
    kind: 'third-party',
    matches: /cloud\s?magic|newton\s?mail/i,
    claims: [
      {
        says: 'its maker writes that it may be given the address and password of the mail account (Newton is its later name)',
        source: 'https://newtonhq.com/k/privacypolicy',
      },
      {
        says: 'its requests carry its name in the URL',
        source:
          'https://ezcloudinfo.com/2015/07/06/restrict-end-users-from-using-third-party-active-sync-enabled-applications/',
      },
    ],
  },
  {
    key: 'spark',
    name: 'Spark',
    kind: 'third-party',
    matches: /\bspark(?:mail)?\b|readdle/i,
    claims: [
      {
        says: 'its maker wrote in 2015 that for Exchange accounts it keeps login and password on its servers',
        source: 'https://readdle.com/blog/2015/06/how-we-handle-your-account-information-in-spark',
      },
    ],
  },
  {
    key: 'edison',
    name: 'Edison Mail',
    kind: 'third-party',
    matches: /edison\s?(?:mail|software)?\b|easilydo/i,
    claims: [
      {
        says: 'its maker writes that the app talks to the mail server directly',
        source: 'https://www.edisonmail.com/privacy-policy-12-21-21',
      },
    ],
  },
  { key: 'bluemail', name: 'BlueMail', kind: 'third-party', matches: /blue\s?mail|type\s?app/i },
  { key: 'nine', name: 'Nine', kind: 'third-party', matches: /^nine\b|9folders|ninefolders/i },
  { key: 'mymail', name: 'myMail', kind: 'third-party', matches: /\bmymail\b/i },
  { key: 'aquamail', name: 'Aqua Mail', kind: 'third-party', matches: /aqua\s?mail/i },
  { key: 'boxer', name: 'Boxer', kind: 'third-party', matches: /\bboxer\b/i },
  { key: 'touchdown', name: 'TouchDown', kind: 'third-party', matches: /touch\s?down/i },
  { key: 'canary', name: 'Canary Mail', kind: 'third-party', matches: /canary\s?mail/i },
  { key: 'airmail', name: 'Airmail', kind: 'third-party', matches: /\bairmail\b/i },
  {
    key: 'outlook',
    name: 'Outlook mobile',
    kind: 'outlook',
    matches: /^outlook(?:service)?$|^outlook[- ](?:ios|android)|^outlook for (?:ios|android)/i,
  },
  {
    key: 'apple-mail',
    name: 'Apple Mail',
    kind: 'native',
    matches: /^(?:iphone|ipad|ipod)|^apple-(?:iphone|ipad|ipod)/i,
  },
  { key: 'samsung-mail', name: 'Samsung Email', kind: 'native', matches: /^samsung/i },
  {
    key: 'windows-mail',
    name: 'Windows Mail',
    kind: 'native',
    matches: /^windows(?:mail|outlook15|phone)?$|^wp8?$|^msft-wi/i,
  },
  { key: 'android-mail', name: 'Android mail', kind: 'native', matches: /^android/i },
];
