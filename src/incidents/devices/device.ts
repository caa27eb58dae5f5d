/**
 * What is known of one device: one mobile device partnership of one mailbox, as Exchange last told it.
 * JSON-safe (instants as ISO 8601 text in UTC), because it is stored in `incident_device.facts` and frozen in proposals.
 */
import { z } from 'zod';
import { minute } from '../../ground/durations.ts';
import { Guid } from '../../ground/identifiers.ts';
import { longestLabel, shortened } from '../../message/words.ts';

const Instant = z.iso.datetime();

/** The three times that Exchange keeps of a wipe, and who asked (an SMTP address; null or empty for an account without a mailbox). */
export const WipeTimes = z.object({
  requested: Instant.nullable(),
  /** Handed to the device with its Provision answer. */
  sent: Instant.nullable(),
  /** The device promised to erase itself; it erases afterwards (MS-ASPROV 3.1.5.1.2.2). */
  acknowledged: Instant.nullable(),
  requestor: z.string().nullable(),
});
export type WipeTimes = z.infer<typeof WipeTimes>;

/** Exchange keeps the times of a full wipe and of an account-only wipe apart. */
export const DeviceWipe = z.object({ full: WipeTimes, accountOnly: WipeTimes });
export type DeviceWipe = z.infer<typeof DeviceWipe>;

/** `other`: a client type that we do not know; nothing is assumed of it. */
export const ClientKind = z.enum(['eas', 'outlook', 'owa', 'rest', 'other']);
export type ClientKind = z.infer<typeof ClientKind>;

export const DeviceFacts = z.object({
  /** The directory object's GUID: the only name under which a device is acted upon. */
  guid: Guid,
  /** The client's own id; it can change without notice and names nothing. */
  deviceId: z.string(),
  /** As people say it, see `deviceName`. */
  name: z.string(),
  os: z.string(),
  client: ClientKind,
  /** Protocol version without its dot (161 is EAS 16.1), because Exchange spells it both ways; null where it said none. */
  clientVersion: z.number().int().positive().nullable(),
  model: z.string(),
  type: z.string(),
  userAgent: z.string(),
  /** DeviceAccessState by name (Allowed, Blocked, Quarantined, …); unknown names stay as they are. */
  accessState: z.string(),
  accessReason: z.string(),
  firstSync: Instant.nullable(),
  lastSync: Instant.nullable(),
  lastAttempt: Instant.nullable(),
  /** LastPingHeartbeat in seconds: how long the phone lately asked to wait. */
  lastHeartbeatSeconds: z.number().int().nonnegative().nullable(),
  wipe: DeviceWipe,
  /** DeviceRemoteWipeStatus by name, as Exchange spelled it; it is computed by Exchange from the wipe times. */
  status: z.string(),
  /** false: Exchange would only block the device instead of wiping it; null: not known. */
  wipeSupported: z.boolean().nullable(),
  /** DevicePolicyApplicationStatus; null: not known. */
  policyApplied: z.enum(['full', 'partly', 'none']).nullable(),
  managedByMdm: z.boolean(),
  /** DevicePhoneNumber, which Exchange obfuscates; empty where it has none. */
  phoneHint: z.string(),
  /**
   * Which of Exchange's two lists has it: the directory (Get-MobileDevice), the mailbox (Get-MobileDeviceStatistics), or both. What only
   * the other one tells is not known.
   */
  knownTo: z.enum(['both', 'directory', 'mailbox']).default('both'),
  /** Properties that Exchange answered with and that could not be read: not known, which is not the same as absent. */
  unreadable: z.array(z.string()).default([]),
  /** Exchange answered with several rows of it that disagree about what it is or about its wipes: nothing is decided on it. */
  contradicted: z.boolean().default(false),
  /** Properties of which Exchange's two lists say different things: not known. */
  disagreeing: z.array(z.string()).default([]),
});
export type DeviceFacts = z.infer<typeof DeviceFacts>;

const wipeProperties: readonly string[] = [
  'DeviceWipeRequestTime',
  'DeviceWipeSentTime',
  'DeviceWipeAckTime',
  'AccountOnlyDeviceWipeRequestTime',
  'AccountOnlyDeviceWipeSentTime',
  'AccountOnlyDeviceWipeAckTime',
];

/** Whether what Exchange holds for this device, or that it holds nothing, is known: only then anything follows from it. */
export function wipeTimesKnown(facts: DeviceFacts): boolean {
  return facts.knownTo !== 'directory' && !facts.contradicted && wipeTimesRead(facts) && !statusUnexplained(facts);
}

/** Exchange computes the status from the wipe times: one that tells of a wipe, without a time of any, contradicts them. */
export function statusUnexplained({ status, wipe }: Pick<DeviceFacts, 'status' | 'wipe'>): boolean {
  return /Wipe(Pending|Succeeded)$/i.test(status) && !holdsRequest(wipe.full) && !holdsRequest(wipe.accountOnly);
}

/** Whether Exchange holds a request: a cancel that met the hand-over empties its request time, and the phone is told all the same. */
export function holdsRequest({ requested, sent, acknowledged }: WipeTimes): boolean {
  return (requested ?? sent ?? acknowledged) !== null;
}

/** Milliseconds: times from two machines are told apart only beyond this; of more `doctor` warns. */
export const clocksDiffer = minute;

/** Whether every wipe time of a row could be read. */
export function wipeTimesRead({ unreadable }: { readonly unreadable: readonly string[] }): boolean {
  return !unreadable.some((property) => wipeProperties.includes(property));
}

const kindProperties: readonly string[] = ['ClientType', 'ClientVersion', 'DeviceType', 'IsRemoteWipeSupported'];

/** Whether it is known what a wipe does on this device: nothing milder than a factory reset is promised where it is not. */
export function clientKnown(facts: DeviceFacts): boolean {
  const { contradicted, disagreeing, type, unreadable } = facts;
  const told = type !== '' && disagreeing.length === 0 && !unreadable.some((one) => kindProperties.includes(one));
  return told && !contradicted;
}

/** Longest name that is shown and typed; a device chooses its own friendly name, so it is bounded. */
const longestName = 60;

/** The name as people say it: friendly name, else model, else type, without characters that cannot be seen or typed. */
export function deviceDisplayName(parts: { friendlyName: string; model: string; type: string }): string {
  const candidates = [parts.friendlyName, parts.model, parts.type].map(printable);
  return candidates.find((candidate) => candidate !== '') ?? 'Unnamed device';
}

/** `16.1` and `161` are one version; null for anything that is not a version. */
export function normaliseClientVersion(text: string): number | null {
  const digits = text.trim().replaceAll('.', '');
  if (!/^[1-9]\d{0,4}$/.test(digits)) return null;
  return Number(digits);
}

/** Get-MobileDevice's ClientType by name, in any case. */
export function clientKind(clientType: string): ClientKind {
  const kind = clientType.trim().toLowerCase();
  if (kind === 'eas' || kind === 'outlook' || kind === 'rest') return kind;
  if (kind === 'owa' || kind === 'mowa') return 'owa';
  return 'other';
}

/** Outlook mobile, through whichever protocol: one association per person, and a wipe empties the app everywhere. */
export function isOutlookApp(facts: Pick<DeviceFacts, 'client' | 'type'>): boolean {
  return facts.client === 'outlook' || /^outlook(service)?$/i.test(facts.type.trim());
}

/** The last four characters of the device's own id, as shown and as typed. */
export function idEnding(facts: Pick<DeviceFacts, 'deviceId'>): string {
  return printable(facts.deviceId).slice(-4);
}

/** One line for cards: `iPhone 15 (iOS 18.1, native mail, EAS 16.1)`. */
export function deviceLabel(facts: DeviceFacts): string {
  const details = [osWords(facts.os), clientWords(facts)].filter((part) => part !== '' && part !== facts.name);
  return details.length === 0 ? facts.name : `${facts.name} (${details.join(', ')})`;
}

/** What a person types to confirm a full wipe: the name and the last four characters of the id. */
export function typedConfirmation(facts: Pick<DeviceFacts, 'name' | 'deviceId'>): string {
  return `${facts.name} ${idEnding(facts)}`.trim();
}

/** `iPhone 15 …9F3A`: which of two phones of one name is meant; a long name is cut, the ending never. */
export function phoneName(facts: Pick<DeviceFacts, 'name' | 'deviceId'>, most = longestName + 6): string {
  const ending = ` …${idEnding(facts)}`;
  return `${shortened(facts.name, Math.max(8, most - ending.length))}${ending}`;
}

/**
 * What is asked for of one phone, in one line that fits a button everywhere: `Alice Ng · wipe iPhone 15 …9F3A · account-only`. Only
 * the names are cut, so that two requests never read alike.
 */
export function aboutPhone(
  owner: string,
  does: string,
  facts: Pick<DeviceFacts, 'name' | 'deviceId'>,
  scope = '',
): string {
  const [before, after] = [`${shortened(owner, 24)} · ${does} `, scope === '' ? '' : ` · ${scope}`];
  return `${before}${phoneName(facts, longestLabel - before.length - after.length)}${after}`;
}

/** Whether somebody typed the confirmation. Case, kinds of quotes and runs of blanks do not tell two phones apart; all else does. */
export function confirmsTyped(shown: string, typed: string): boolean {
  return comparable(typed) === comparable(shown);
}

/** `16.1` of 161. */
export function versionText(clientVersion: number): string {
  const digits = String(clientVersion);
  return digits.length < 2 ? digits : `${digits.slice(0, -1)}.${digits.slice(-1)}`;
}

/** `iOS 18.1`: the build (`22B83`) tells people nothing. */
function osWords(os: string): string {
  return printable(os).replace(/ \d+[A-Z]\w*$/, '');
}

function clientWords(facts: DeviceFacts): string {
  if (isOutlookApp(facts)) return 'Outlook app';
  if (facts.client === 'owa') return 'OWA app';
  if (facts.client === 'rest') return 'REST app';
  if (facts.client === 'other') return '';
  const app = /^(apple-|android)/i.test(facts.userAgent) ? 'native mail' : 'ActiveSync app';
  return facts.clientVersion === null ? app : `${app}, EAS ${versionText(facts.clientVersion)}`;
}

/** Control and format characters go (a right-to-left mark would let one phone look like another), blanks become one. */
function printable(text: string): string {
  const seen = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}]/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
  const characters = [...seen];
  return characters.length <= longestName
    ? seen
    : `${characters
        .slice(0, longestName - 1)
        .join('')
        .trimEnd()}…`;
}

function comparable(text: string): string {
  return printable(
    text
      .replace(/[‘’‛`´]/g, "'")
      .replace(/[“”„]/g, '"')
      .normalize('NFKC'),
  ).toLowerCase();
}
