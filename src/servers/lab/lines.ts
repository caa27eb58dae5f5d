/**
 * Log lines of the lab's servers, one kind per function, written from the contacts of its phones. Their shapes are those of
 * IIS (W3C extended), of Exchange's HttpProxy log (CSV) and of an access log in the combined format with a duration behind.
 */
import type { Selectable } from 'kysely';
import type { LabContactTable } from '../../store/tables/lab.ts';

export type Contact = Selectable<LabContactTable>;

/** What a line says of the server that wrote it. */
export type LogServer = { server: string; ip: string };

const domain = 'contoso.example';
const host = `mail.${domain}`;

const w3cFields =
  'date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken';

/** IIS begins each file so; the date is the one of its first line. */
export function w3cHeader(day: string): string[] {
  return [
    '#Software: Microsoft Internet Information Services 10.0',
    '#Version: 1.0',
    `#Date: ${day} 00:00:00`,
    `#Fields: ${w3cFields}`,
  ];
}

/** Default Web Site: no heartbeat, no `Log=`, but the request id of the HttpProxy log. */
export function frontEndLine(contact: Contact, place: LogServer): string {
  const query = `${easQuery(contact)}&CorrelationID=<empty>;&cafeReqId=${contact.requestId};`;
  const user = contact.httpStatus === 401 ? '-' : contact.upn;
  return w3cLine(contact, {
    serverIp: place.ip,
    stem: '/Microsoft-Server-ActiveSync/default.eas',
    query,
    port: 443,
    user,
    clientIp: contact.ip,
    milliseconds: contact.durationMs + 6,
  });
}

/** Exchange Back End: who was turned away at the door (401) never comes here. */
export function backEndLine(contact: Contact, place: LogServer): string | undefined {
  if (contact.httpStatus === 401) return undefined;
  return w3cLine(contact, {
    serverIp: place.ip,
    stem: '/Microsoft-Server-ActiveSync/Proxy/default.eas',
    query: `${easQuery(contact)}&Log=${logTokens(contact, place)}`,
    port: 444,
    user: `CONTOSO\\${contact.smtp.split('@')[0] ?? ''}`,
    clientIp: place.ip,
    milliseconds: contact.durationMs + 2,
  });
}

type W3cParts = Record<'serverIp' | 'stem' | 'query' | 'user' | 'clientIp', string> &
  Record<'port' | 'milliseconds', number>;

function w3cLine(
  { at, userAgent, httpStatus, win32Status }: Contact,
  { serverIp, stem, query, port, user, clientIp, milliseconds }: W3cParts,
): string {
  const [date = '', time = ''] = at.toISOString().slice(0, 19).split('T');
  const agent = userAgent.replaceAll(' ', '+') || '-';
  return `${date} ${time} ${serverIp} POST ${stem} ${query} ${port} ${user} ${clientIp} ${agent} - ${httpStatus} 0 ${win32Status} ${milliseconds}`;
}

/** Phones send the parameters in orders of their own: Apple's begin with the user, most others with the command. */
function easQuery(contact: Contact): string {
  const user = `User=${encodeURIComponent(contact.upn)}`;
  const device = `DeviceId=${contact.deviceId}&DeviceType=${contact.deviceType}`;
  const command = `Cmd=${contact.command}`;
  return /^iP/.test(contact.deviceType) ? `${user}&${device}&${command}` : `${command}&${user}&${device}`;
}

/** The dialect of 2016 and later: every value after a colon, some tokens numbered, `_` between tokens. */
function logTokens(contact: Contact, place: LogServer): string {
  const time = (at: Date) => at.toISOString().slice(11, 23);
  const began = new Date(contact.at.getTime() - contact.durationMs);
  const elapsed = contact.heartbeat !== null && contact.durationMs >= contact.heartbeat * 1000;
  const tokens: (string | undefined)[] = [
    contact.easStatus === null ? undefined : `SC1:${contact.easStatus}`,
    `PrxFrom:${place.ip}`,
    `Ver1:${contact.version}`,
    `HH:${host}`,
    `SmtpAdrs:${tokenValue(contact.smtp)}`,
    contact.heartbeat === null ? undefined : `Hb:${contact.heartbeat}`,
    elapsed ? 'Rto:1' : undefined,
    contact.command === 'Sync' && contact.easStatus === 1 ? 'Ty:Em_St:S_Filter1:5_Srv:0a0c0d0s0e0r0A0sd' : undefined,
    `Cpo:${10 + (contact.id % 40)}`,
    `Fet:${contact.durationMs}`,
    contact.deviceOs === '' ? undefined : `DevOS:${tokenValue(contact.deviceOs)}`,
    contact.error === null ? undefined : `Error:${contact.error}`,
    `As:${contact.access}`,
    `Mbx:${place.server}.${domain}`,
    `Cafe:${place.server}.${domain}`,
    `Dc:DC01.${domain}`,
    'Throttle:0',
    `TmRcv:${time(began)}`,
    `TmCmpl:${time(contact.at)}`,
    `Budget:${tokenValue(`(D)Owner:${contact.deviceId}_${contact.deviceType},Conn:0,MaxConn:10,Cutoff:600000`)}`,
  ];
  return `${tokens.filter((token) => token !== undefined).join('_')}_`;
}

/** Values are URL-encoded, and `_`, which separates tokens, is as well. */
function tokenValue(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+').replaceAll('_', '%5F');
}

/** Columns of Exchange 2016 and 2019; most stay empty. */
const proxyColumns = [
  ...['DateTime', 'RequestId', 'MajorVersion', 'MinorVersion', 'BuildVersion', 'RevisionVersion', 'ClientRequestId'],
  ...['Protocol', 'UrlHost', 'UrlStem', 'ProtocolAction', 'AuthenticationType', 'IsAuthenticated', 'AuthenticatedUser'],
  ...['Organization', 'AnchorMailbox', 'UserAgent', 'ClientIpAddress', 'ServerHostName', 'HttpStatus', 'BackEndStatus'],
  ...['ErrorCode', 'Method', 'ProxyAction', 'TargetServer', 'TargetServerVersion', 'RoutingType', 'RoutingHint'],
  ...['RequestBytes', 'ResponseBytes', 'TargetOutstandingRequests', 'ProxyTime', 'CoreLatency', 'TotalRequestTime'],
  ...['UrlQuery', 'BackEndGenericInfo', 'GenericInfo', 'GenericErrors'],
] as const;

export function httpProxyHeader(hour: string): string[] {
  return [
    proxyColumns.join(','),
    '#Software: Microsoft Exchange Server',
    '#Version: 15.02.1544.004',
    '#Log-type: HttpProxy Logs',
    `#Date: ${hour}:00:00.000Z`,
    `#Fields: ${proxyColumns.join(',')}`,
  ];
}

export function httpProxyLine(contact: Contact, place: LogServer): string {
  const known = contact.httpStatus !== 401;
  const cells: Partial<Record<(typeof proxyColumns)[number], string | number>> = {
    DateTime: contact.at.toISOString(),
    RequestId: contact.requestId,
    MajorVersion: 15,
    MinorVersion: 2,
    BuildVersion: 1544,
    RevisionVersion: 4,
    Protocol: 'Eas',
    UrlHost: host,
    UrlStem: '/Microsoft-Server-ActiveSync/default.eas',
    AuthenticationType: known ? 'Basic' : '',
    IsAuthenticated: known ? 'True' : 'False',
    AuthenticatedUser: known ? contact.upn : '',
    AnchorMailbox: known ? `Smtp~${contact.smtp}` : '',
    UserAgent: contact.userAgent,
    ClientIpAddress: contact.ip,
    ServerHostName: place.server,
    HttpStatus: contact.httpStatus,
    BackEndStatus: known ? contact.httpStatus : '',
    ErrorCode: contact.win32Status === 64 || contact.win32Status === 995 ? 'ClientDisconnected' : '',
    Method: 'POST',
    ProxyAction: known ? 'Proxy' : '',
    TargetServer: known ? `${place.server.toLowerCase()}.${domain}` : '',
    TargetServerVersion: known ? '15.02.1544.000' : '',
    ProxyTime: known ? contact.durationMs : '',
    TotalRequestTime: contact.durationMs + 4,
    UrlQuery: `?${easQuery(contact)}`,
  };
  return proxyColumns.map((column) => csvCell(String(cells[column] ?? ''))).join(',');
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** What the edge saw; undefined for a contact that did not pass it. A connection that it closed itself is a 504 to it. */
export function edgeLine(contact: Contact): string | undefined {
  if (contact.edge === null) return undefined;
  const [date = '', time = ''] = contact.at.toISOString().slice(0, 19).split('T');
  const [year, month, day] = date.split('-');
  const stamp = `${day}/${months[Number(month) - 1]}/${year}:${time} +0000`;
  const status = contact.win32Status === 64 ? 504 : contact.httpStatus;
  const bytes = contact.command === 'Ping' ? 7 : 120 + (contact.id % 900);
  const seconds = (contact.durationMs / 1000).toFixed(3);
  return `${contact.ip} - - [${stamp}] "POST /Microsoft-Server-ActiveSync?${easQuery(contact)} HTTP/1.1" ${status} ${bytes} "-" "${contact.userAgent}" ${seconds}`;
}
