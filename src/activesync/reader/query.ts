/**
 * The ActiveSync part of a URL query, plain (`Cmd=Ping&User=…`) or base64 (MS-ASHTTP 2.2.1.1.1.1). Names come in any order
 * and case. This runs once per distinct query; the byte loop knows the repeated ones by their hash.
 */

/** MS-ASHTTP's command codes; 23 (Find) came with 16.1. */
const commandCodes = new Map([
  ...numbered(0, 'Sync SendMail SmartForward SmartReply GetAttachment'),
  ...numbered(9, 'FolderSync FolderCreate FolderDelete FolderUpdate MoveItems GetItemEstimate MeetingResponse Search'),
  ...numbered(17, 'Settings Ping ItemOperations Provision ResolveRecipients ValidateCert Find'),
]);

function numbered(first: number, names: string): [number, string][] {
  return names.split(' ').map((name, index) => [first + index, name]);
}

const commands = new Map(
  [...commandCodes.values(), 'OPTIONS', 'GetHierarchy', 'CreateCollection', 'DeleteCollection', 'MoveCollection'].map(
    (name) => [name.toLowerCase(), name],
  ),
);

/** What the protocol and Exchange themselves put into the query; any other name is a stray one. */
const parameters = new Set(
  'cmd user deviceid devicetype attachmentname collectionid itemid longid occurrence saveinsent options acceptmultipart log correlationid clientid cafereqid x-msc'.split(
    ' ',
  ),
);

/** What reverse proxies append (Application Request Routing: `X-ARR-CACHE-HIT`, `SERVER-STATUS`). */
const ofProxies = /^(?:x-|server-(?:status|routed)$)/;

export type EasQuery = {
  /** As the protocol spells it; what it does not know stands as it was sent, `''` where there is none. */
  command: string;
  /** Lower case and decoded, in the form it was sent (`contoso\alice`, `alice@contoso.example`, `alice`); `''` in queries in base64. */
  user: string;
  deviceId: string;
  deviceType: string;
  /** A stray parameter, `Cm=CloudMagic`: what some apps sign themselves with. */
  stray: string;
};

const longest = { command: 24, user: 256, deviceId: 128, deviceType: 64, stray: 48 } as const;

/** Undefined: the text is no ActiveSync query. */
export function parseEasQuery(text: string): EasQuery | undefined {
  const query = text.startsWith('?') ? text.slice(1) : text;
  if (query === '' || query === '-') return undefined;
  return /(?:^|&)(?:cmd|user|deviceid|devicetype)=/i.test(query) ? parsePlain(query) : parseBase64(query);
}

/** A query, or a part of one between ampersands, that is known to be plain. */
function parsePlain(query: string): EasQuery {
  const parsed: EasQuery = { command: '', user: '', deviceId: '', deviceType: '', stray: '' };
  for (const pair of query.split('&', 64)) {
    const split = pair.indexOf('=');
    const name = (split < 0 ? pair : pair.slice(0, split)).toLowerCase();
    const value = split < 0 ? '' : decode(pair.slice(split + 1));
    if (name === 'cmd') parsed.command ||= commandOf(value);
    else if (name === 'user') parsed.user ||= accountOf(value);
    else if (name === 'deviceid') parsed.deviceId ||= cut(value, longest.deviceId);
    else if (name === 'devicetype') parsed.deviceType ||= cut(value, longest.deviceType);
    else if (name !== '' && !parameters.has(name) && !ofProxies.test(name))
      parsed.stray ||= strayOf(decode(name), pair.slice(0, Math.max(split, 0)), value);
  }
  return parsed;
}

/** Account names compare without case; the domain part stays, because two domains may have an `alice` each. */
export function accountOf(value: string): string {
  return cut(value.trim().toLowerCase(), longest.user);
}

function commandOf(value: string): string {
  const known = commands.get(value.toLowerCase());
  if (known !== undefined) return known;
  return /^[A-Za-z]+$/.test(value) ? cut(value, longest.command) : '(unreadable)';
}

/** A name and its value; a value that looks like a number or an id would make every request a client of its own. */
function strayOf(lower: string, asSent: string, value: string): string {
  const name = asSent === '' ? lower : decode(asSent);
  if (value === '') return cut(name, longest.stray);
  const telling = /^[A-Za-z][A-Za-z .'-]{1,31}[0-9.]{0,6}$/.test(value);
  return cut(telling ? `${name}=${value}` : `${name}=…`, longest.stray);
}

function parseBase64(query: string): EasQuery | undefined {
  const end = query.indexOf('&');
  const packed = decode(end < 0 ? query : query.slice(0, end), false).replaceAll(' ', '+');
  if (packed.length < 8 || packed.length > 4096 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(packed)) return undefined;
  const bytes = Buffer.from(packed, 'base64');
  const version = bytes[0] ?? 0;
  if (version < 120 || version > 200) return undefined;
  const command = commandCodes.get(bytes[1] ?? -1);
  const deviceId = counted(bytes, 4);
  if (command === undefined || deviceId === undefined || deviceId.bytes.length === 0) return undefined;
  const policyKey = counted(bytes, deviceId.next);
  if (policyKey === undefined) return undefined;
  const deviceType = counted(bytes, policyKey.next);
  if (deviceType === undefined) return undefined;
  return {
    command,
    user: userOf(bytes, deviceType.next),
    deviceId: cut(idOf(deviceId.bytes), longest.deviceId),
    deviceType: cut(deviceType.bytes.toString('latin1'), longest.deviceType),
    stray: '',
  };
}

/** Tag 8 of the parameters: the user, which only some clients send. */
function userOf(bytes: Buffer, from: number): string {
  let at = from;
  while (at + 1 < bytes.length) {
    const value = counted(bytes, at + 1);
    if (value === undefined) return '';
    if (bytes[at] === 8) return accountOf(value.bytes.toString('utf8'));
    at = value.next;
  }
  return '';
}

/** A text id is printable; anything else of 16 bytes is a GUID and is written as hex. */
function idOf(bytes: Buffer): string {
  const printable = bytes.every((byte) => byte > 0x20 && byte < 0x7f);
  return printable ? bytes.toString('latin1') : bytes.toString('hex');
}

function counted(bytes: Buffer, at: number): { bytes: Buffer; next: number } | undefined {
  const length = bytes[at];
  if (length === undefined || at + 1 + length > bytes.length) return undefined;
  return { bytes: bytes.subarray(at + 1, at + 1 + length), next: at + 1 + length };
}

function decode(text: string, plusIsSpace = true): string {
  const spaced = plusIsSpace && text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}

/** At most `length` UTF-16 units, never half a surrogate pair. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}
