/**
 * Event 1040 in exported Application logs, as people export them: XML of `wevtutil` (raw or rendered) and of the event viewer,
 * Clixml, CSV and tab-separated text with messages over several lines, and plain text.
 */
import type { Event1040 } from '../port.ts';
import { type DateOrder, datesIn, exportedDate, orderIn } from './export-dates.ts';

export type ExportedEvents = {
  events: Event1040[];
  /** What stands in the text and could not be read, each without a full stop. */
  problems: string[];
};

/** One event of a log, with what its format tells of it. */
type RecordOfLog = {
  id?: number | undefined;
  source?: string | undefined;
  /** Dates in the order in which they count. */
  dates: readonly string[];
  message: string;
  /** The event's own values, where the format keeps them apart. */
  data?: readonly string[];
};

/** 2007 to 2013: `recent [513] heartbeat intervals … equal to [540]`; since 2013: `intervals [207] for request [Ping] … [540]`. */
const sentence =
  /average of the most recent (?:heartbeat intervals )?\[\d{1,6}\].{0,200}?less than or equal to \[\d{1,6}\]/is;

const isActiveSync = /activesync/i;

export function eventsIn(
  server: string,
  text: string,
  options: { order: DateOrder | undefined; timeZone: string },
): ExportedEvents {
  const records = recordsOf(text);
  if (records === undefined)
    return { events: [], problems: text.trim() === '' ? [] : ['it is no export of events that I know'] };
  const order = orderIn(records.flatMap(({ dates }) => dates)) ?? options.order;
  const events: Event1040[] = [];
  const undated: string[] = [];
  let unclear = 0;
  for (const record of records) {
    if (!is1040(record)) continue;
    const values = valuesOf(record);
    if (values === undefined) {
      unclear += 1;
      continue;
    }
    // Exchange 2003's event 3033 says the same of a sample count and of minutes: no threshold of seconds is that low.
    if (values.thresholdSeconds < 60) continue;
    const found = record.dates.map((date) => exportedDate(date, { order, timeZone: options.timeZone }));
    const at = found.find((date) => date instanceof Date);
    if (at instanceof Date) events.push({ server, at, ...values });
    else undated.push(found.includes('two ways') ? (record.dates[0] ?? '') : '');
  }
  const twoWays = undated.filter((date) => date !== '');
  const problems: string[] = [];
  if (twoWays.length > 0)
    problems.push(
      `${times(twoWays.length)} could be of two days (${twoWays[0]}): say exportedDates in policy.yaml, or export as XML`,
    );
  if (undated.length > twoWays.length)
    problems.push(`${times(undated.length - twoWays.length)} without a date that I can read`);
  if (unclear > 0) problems.push(`${times(unclear)} whose values I cannot read`);
  return { events, problems };
}

function times(count: number): string {
  return count === 1 ? '1 event 1040' : `${count} events 1040`;
}

/** Other sources have events 1040, too: where no source is told, only the sentence counts. */
function is1040({ id, source, message }: RecordOfLog): boolean {
  if (source !== undefined && source !== '' && !isActiveSync.test(source)) return false;
  return id === undefined || source === undefined || source === '' ? sentence.test(message) : id === 1040;
}

/** Average, threshold and command: from the event's own values, else from the brackets of its text, whatever its language. */
export function valuesOf({
  message,
  data = [],
}: Pick<RecordOfLog, 'message' | 'data'>):
  | Pick<Event1040, 'averageSeconds' | 'thresholdSeconds' | 'command'>
  | undefined {
  const brackets = [...message.matchAll(/\[(\w{1,32})\]/g)].map(([, value = '']) => value);
  for (const values of [data.map((value) => value.trim()), brackets]) {
    const numbers = values.filter((value) => /^\d{1,6}$/.test(value)).map(Number);
    const command = values.find((value) => /^[a-z]{1,32}$/i.test(value));
    const [average, threshold, ...others] = numbers;
    if (average === undefined || threshold === undefined || others.length > 0) continue;
    return { averageSeconds: average, thresholdSeconds: threshold, ...(command === undefined ? {} : { command }) };
  }
  return undefined;
}

/** undefined: a text of no format that is known. */
function recordsOf(text: string): RecordOfLog[] | undefined {
  const begin = text.slice(0, 4096);
  if (/^\s*(?:#< CLIXML|<Objs\b)/.test(begin)) return clixmlRecords(text);
  if (/<(?:\w+:)?Events?[\s>]/.test(begin)) return xmlRecords(text);
  if (/^Event\[\d+\]/m.test(begin)) return text.split(/^(?=Event\[\d+\])/m).map(listRecord);
  return tableRecords(text) ?? listRecords(text);
}

function xmlRecords(text: string): RecordOfLog[] {
  return text
    .split(/(?=<Event[\s>])/)
    .filter((part) => /^<Event[\s>]/.test(part))
    .map((part) => ({
      id: numberIn(/<EventID[^>]*>\s*(\d+)\s*</i.exec(part)?.[1]),
      source: decoded(/<Provider\b[^>]*\bName=["']([^"']*)/i.exec(part)?.[1] ?? ''),
      dates: [/<TimeCreated\b[^>]*\bSystemTime=["']([^"']*)/i.exec(part)?.[1] ?? ''].map(utc),
      message: decoded(/<Message>([^<]*)/i.exec(part)?.[1] ?? ''),
      data: [...part.matchAll(/<Data\b[^>]*>([^<]*)</gi)].map(([, value = '']) => decoded(value)),
    }));
}

/** SystemTime is UTC, whether it says so or not. */
function utc(date: string): string {
  return /^[\d-]+T[\d:.]+$/.test(date) ? `${date}Z` : date;
}

/** Objects that `Export-Clixml` wrote: each `<Obj>` that stands in no other. */
function clixmlRecords(text: string): RecordOfLog[] {
  const records: RecordOfLog[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: tag, index } of text.matchAll(/<Obj\b[^>]*?(\/?)>|<\/Obj>/g)) {
    if (tag.startsWith('</')) depth -= 1;
    else if (!tag.endsWith('/>')) {
      if (depth === 0) start = index;
      depth += 1;
    }
    if (depth !== 0 || !tag.startsWith('</')) continue;
    const part = text.slice(start, index);
    const field = (...names: readonly string[]) => {
      for (const name of names) {
        const value = new RegExp(`N="${name}">([^<]*)<`).exec(part)?.[1];
        if (value !== undefined) return decoded(value);
      }
      return undefined;
    };
    const strings = /N="ReplacementStrings"[^>]*>.*?<\/LST>/s.exec(part)?.[0] ?? '';
    records.push({
      id: numberIn(field('Id', 'EventID')),
      source: field('ProviderName', 'Source'),
      dates: [field('TimeCreated', 'TimeGenerated', 'TimeWritten') ?? ''],
      message: field('Message') ?? '',
      data: [...strings.matchAll(/<S>([^<]*)</g)].map(([, value = '']) => decoded(value)),
    });
  }
  return records;
}

const columns = {
  id: /^(?:id|event ?id|ereignis-id|id de l.événement|id\. evento|id de evento)$/i,
  source: /^(?:providername|source|quelle|origen|origine)$/i,
  date: /^(?:timecreated|timegenerated|timewritten|date and time|date|datum und uhrzeit|date et heure|fecha y hora|data e ora)$/i,
  message: /^message$/i,
} as const;

/** CSV (`Export-Csv`, the event viewer) and tab-separated text, by the names of its columns; undefined where no line names any. */
function tableRecords(text: string): RecordOfLog[] | undefined {
  const body = text.replace(/^#TYPE [^\n]*\n/, '');
  const [head = ''] = body.split('\n', 1);
  for (const separator of [',', ';', '\t']) {
    const [names = [], ...rows] = cells(body, separator, head.includes(separator) ? undefined : 0);
    const place = (role: keyof typeof columns) => names.findIndex((name) => columns[role].test(name.trim()));
    const [id, source, date, message] = [place('id'), place('source'), place('date'), place('message')];
    // Headers are in the language of the machine: where it is not known, an event shows itself by its source.
    if (date < 0 && id < 0 && message < 0 && !rows.some((row) => row.some(isSource))) continue;
    return rows.map((row) => ({
      id: id >= 0 ? numberIn(row[id]) : row.map(numberIn).find((number) => number === 1040),
      source: source >= 0 ? row[source] : row.find(isSource),
      // A language whose names are not known: the one field that is a date.
      dates: date >= 0 ? [row[date] ?? ''] : row.filter((cell) => datesIn(cell)[0]?.text === cell.trim()),
      // The event viewer gives the message a column without a name.
      message: message >= 0 ? (row[message] ?? '') : row.join(' '),
    }));
  }
  return undefined;
}

function isSource(cell: string): boolean {
  return /^\s*MSExchange ActiveSync\s*$/i.test(cell);
}

/** Rows of cells, quotes around those that hold separators or line ends and doubled inside. `most`: no more rows. */
function cells(text: string, separator: string, most = Number.POSITIVE_INFINITY): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|([^${separator}\\r\\n]*))(${separator}|\\r?\\n|$)`, 'y');
  while (cell.lastIndex < text.length && rows.length < most) {
    const found = cell.exec(text);
    if (found === null) break;
    row.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (found[3] === separator) continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}

/** Text of `wevtutil /f:text`, `Format-List` and the like: one record for each sentence, with what stands before it. */
function listRecords(text: string): RecordOfLog[] | undefined {
  const records: RecordOfLog[] = [];
  let start = 0;
  for (const { 0: found, index } of text.matchAll(new RegExp(sentence, 'gis'))) {
    const end = index + found.length;
    // Its date stands before it in its own record, or on its line where the message comes first.
    const line = text.indexOf('\n', end);
    const whole = text.slice(Math.max(start, end - 8_000), line < 0 ? text.length : line);
    start = line < 0 ? text.length : line;
    records.push(listRecord(whole));
  }
  if (records.length > 0) return records;
  return /^\s*(?:TimeCreated|Log Name|ProviderName|EventID|Index)\s*:/m.test(text) ? [] : undefined;
}

function listRecord(part: string): RecordOfLog {
  const place = part.search(sentence);
  const dates = datesIn(part);
  const before = dates.filter(({ index }) => index < place).at(-1);
  return {
    id: numberIn(/^\s*(?:Event ID|EventID|Id)\s*:\s*(\d+)\s*$/m.exec(part)?.[1]),
    source: /^\s*(?:Source|ProviderName)\s*:\s*(.+?)\s*$/m.exec(part)?.[1],
    dates: [before, ...dates].flatMap((date) => date?.text ?? []),
    message: place < 0 ? part : part.slice(place),
  };
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : undefined;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** XML's own entities, and `_x000D_` as Clixml writes what XML has none for. */
function decoded(text: string): string {
  return text
    .replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|amp|quot|apos));/gi, (whole, hex, decimal, name) => {
      if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
    })
    .replaceAll(/_x([0-9A-F]{4})_/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
