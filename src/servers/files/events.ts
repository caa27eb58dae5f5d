/** Event 1040 from a folder of exported Application logs. */
import { type FileHandle, open, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Event1040, EventsRead } from '../port.ts';
import { evtxEvents, isEvtx } from './evtx.ts';
import type { DateOrder } from './export-dates.ts';
import { type ExportedEvents, eventsIn } from './exported-text.ts';
import { errorCode, unreadable } from './unreadable.ts';

/** Exports are small; of a larger file only the end is read, and said to be. */
const mostBytes = 64 << 20;

/** What may lie beside exports and is none. */
const isOther = /^\.|\.(?:log|config|bak|ini|db|ps1|cmd|bat|md)$|\.log[.-]/i;

type ExportFolder = {
  server: string;
  folder: string;
  /** The order of day and month where the exports do not tell it. */
  order: DateOrder | undefined;
  /** Where the machine stands that wrote them. */
  timeZone: string;
};

/** The events since `since`, and each file that could not be read, with the reason. Throws ServerUnreadable where the folder cannot. */
export async function exportedEvents(exports: ExportFolder, since: Date): Promise<EventsRead> {
  const { server, folder } = exports;
  const found = new Map<string, Event1040>();
  const unread: string[] = [];
  try {
    for await (const entry of await opendir(folder)) {
      if (entry.isDirectory() || isOther.test(entry.name)) continue;
      const { events, problems } = await readExport(exports, entry.name);
      for (const problem of problems) unread.push(`${entry.name}: ${problem}.`);
      // One event may stand in several exports.
      for (const event of events)
        if (event.at >= since)
          found.set(`${event.at.toISOString()} ${event.command ?? ''} ${event.averageSeconds}`, event);
    }
  } catch (error) {
    throw unreadable(server, 'The exported events', folder, error);
  }
  return { events: [...found.values()].sort((a, b) => a.at.getTime() - b.at.getTime()), unread: unread.sort() };
}

async function readExport({ server, folder, order, timeZone }: ExportFolder, name: string): Promise<ExportedEvents> {
  try {
    const handle = await open(join(folder, name), 'r');
    try {
      const { text, problem } = await textOf(handle);
      const read = eventsIn(server, text, { order, timeZone });
      return problem === undefined ? read : { ...read, problems: [...read.problems, problem] };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errorCode(error) === '') throw error;
    return { events: [], problems: [`it could not be opened (${errorCode(error)})`] };
  }
}

/** What the file says as text, and what of it could not be read. */
async function textOf(handle: FileHandle): Promise<{ text: string; problem?: string }> {
  const begin = Buffer.alloc(8);
  await handle.read(begin, 0, begin.length, 0);
  if (isEvtx(begin)) {
    const { xml, broken } = await evtxEvents(handle, 1040);
    const text = xml.join('\n');
    if (broken === 0) return { text };
    return { text, problem: `${broken === 1 ? '1 record' : `${broken} records`} could not be read` };
  }
  const { bytes, isWhole } = await readEnd(handle);
  const text = decode(bytes);
  return isWhole ? { text } : { text, problem: 'it is over 64 MB, and only its end was read' };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Windows PowerShell writes UTF-16 with a mark, PowerShell 7 UTF-8, and older programs the machine's code page. */
function decode(bytes: Buffer): string {
  const [first, second, third] = bytes;
  if (first === 0xff && second === 0xfe) return bytes.toString('utf16le', 2);
  if (first === 0xfe && second === 0xff)
    return Buffer.from(bytes.subarray(2, bytes.length & ~1))
      .swap16()
      .toString('utf16le');
  if (second === 0 && first !== 0) return bytes.toString('utf16le');
  try {
    return utf8.decode(first === 0xef && second === 0xbb && third === 0xbf ? bytes.subarray(3) : bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

async function readEnd(handle: FileHandle): Promise<{ bytes: Buffer; isWhole: boolean }> {
  const { size } = await handle.stat();
  const start = size <= mostBytes ? 0 : (size - mostBytes) & ~1;
  const bytes = Buffer.alloc(size - start);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
  const end = bytes.subarray(0, bytesRead);
  if (start === 0) return { bytes: end, isWhole: true };
  const mark = Buffer.alloc(2);
  await handle.read(mark, 0, 2, 0);
  const isWide = mark[0] === 0xff && mark[1] === 0xfe;
  return { bytes: isWide ? Buffer.concat([mark, end]) : end, isWhole: false };
}
