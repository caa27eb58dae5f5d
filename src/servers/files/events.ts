/**
 * Event 1040 from exported Application logs. `.evtx` is a binary format that only Windows reads well; administrators export to
 * XML (`wevtutil qe … /f:xml`, "Save as XML"), CSV (`Export-Csv`, "Save as CSV") or text (`/f:text`), and both wordings occur.
 */
import { open, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Event1040 } from '../port.ts';
import { unreadable } from './unreadable.ts';

/** Exports are small; a larger file is not one of them, and only its end is read. */
const mostBytes = 64 << 20;

/** 2007 to 2013: `recent [513] heartbeat intervals … equal to [540]`; since 2013: `intervals [207] for request [Ping] … [540]`. */
const wordings =
  /average of the most recent (?:\[(\d{1,6})\] heartbeat intervals|heartbeat intervals \[(\d{1,6})\](?: for request \[(\w{1,32})\])?) used by clients is less than or equal to \[(\d{1,6})\]/i;

/** The times that exports write, most exact first: ISO (XML, Export-Csv with a round-trip format), then US and ISO-like local times. */
const timeFormats = [
  /SystemTime=['"](\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?)['"]/g,
  /\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)/g,
  /\b(\d{4}-\d\d-\d\d[ ,]+\d\d:\d\d:\d\d)\b/g,
  /\b(\d{1,2}\/\d{1,2}\/\d{4},?\s+\d{1,2}:\d\d(?::\d\d)?(?:\s*[AP]M)?)/gi,
] as const;

export async function exportedEvents(server: string, folder: string, since: Date): Promise<Event1040[]> {
  const found = new Map<string, Event1040>();
  try {
    for await (const entry of await opendir(folder)) {
      if (!/\.(?:xml|csv|txt)$/i.test(entry.name) || entry.isDirectory()) continue;
      const text = decode(await readEnd(join(folder, entry.name)));
      // One event may stand in several exports.
      for (const event of eventsIn(server, text)) {
        if (event.at >= since)
          found.set(`${event.at.toISOString()} ${event.command ?? ''} ${event.averageSeconds}`, event);
      }
    }
  } catch (error) {
    throw unreadable(server, 'The exported events', folder, error);
  }
  return [...found.values()].sort((a, b) => a.at.getTime() - b.at.getTime());
}

/** Every event 1040 whose text and time stand in one export, in its order. Local times are read as UTC where no zone is written. */
export function eventsIn(server: string, text: string): Event1040[] {
  const events: Event1040[] = [];
  for (const record of recordsOf(text)) {
    const wording = wordings.exec(record.replaceAll(/\s+/g, ' '));
    if (wording === null) continue;
    const [, older, newer, command, threshold] = wording;
    // Exchange 2003's event 3033 says the same of a sample count and of minutes: no threshold of seconds is that low.
    if (Number(threshold) < 60) continue;
    const at = timeIn(record);
    if (at === undefined) continue;
    events.push({
      server,
      at,
      averageSeconds: Number(older ?? newer),
      thresholdSeconds: Number(threshold),
      ...(command === undefined ? {} : { command }),
    });
  }
  return events;
}

/** One text per event: XML by `<Event`, wevtutil's text by `Event[n]`, CSV and event-viewer text by where a line starts with a new event. */
function recordsOf(text: string): string[] {
  if (/<Event[\s>]/.test(text)) return text.split(/(?=<Event[\s>])/);
  if (/^Event\[\d+\]/m.test(text)) return text.split(/^(?=Event\[\d+\])/m);
  const records: string[] = [];
  let start = 0;
  // Each event has one sentence; its time stands before it in its own record, or behind it in CSVs that put the message first.
  for (const match of text.matchAll(/less than or equal to \[\d{1,6}\][^\n]*(?:\n|$)/gi)) {
    const end = match.index + match[0].length;
    records.push(text.slice(Math.max(start, end - 8_000), end));
    start = end;
  }
  return records;
}

function timeIn(record: string): Date | undefined {
  const sentence = record.search(/average of the most recent/i);
  for (const pattern of timeFormats) {
    const times = [...record.matchAll(pattern)];
    const before = times.filter(({ index }) => index < sentence).at(-1) ?? times[0];
    const at = before?.[1] === undefined ? undefined : parseTime(before[1]);
    if (at !== undefined) return at;
  }
  return undefined;
}

function parseTime(text: string): Date | undefined {
  const iso = /^(\d{4}-\d\d-\d\d)[T ,]+(\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d*(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (iso !== null) return valid(new Date(`${iso[1]}T${iso[2]}${iso[3] ?? 'Z'}`));
  return valid(new Date(`${text.replace(',', '')} UTC`));
}

function valid(date: Date): Date | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Windows PowerShell writes UTF-16 with a mark; the rest is UTF-8. */
function decode(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  return bytes.toString('utf8');
}

async function readEnd(path: string): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    if (size <= mostBytes) return await handle.readFile();
    const mark = Buffer.alloc(2);
    await handle.read(mark, 0, 2, 0);
    const wide = mark[0] === 0xff && mark[1] === 0xfe;
    const start = (size - mostBytes) & ~1;
    const bytes = Buffer.alloc(size - start);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
    return wide ? Buffer.concat([mark, bytes.subarray(0, bytesRead)]) : bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
