/** Generated logs of ten servers over seven days, in folders as policy.yaml would name them. */
import { closeSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Dialect,
  headOf,
  lineOf,
  otherLine,
  type Request,
  requests,
  seeded,
} from '../fixtures/activesync-logs.ts';

/** The first instant of the logs, in seconds since 1970. */
export const firstDay = Date.UTC(2026, 2, 2) / 1000;
const days = 7;
const daySeconds = 86_400;
/** Pings, Syncs and the rest, of one person and day. */
const requestsPerPerson = 150;

type Side = { dialect: Dialect; site: string; others: number };
/** `others`: lines that are none of ActiveSync, to one that is. */
const frontEnd: Side = { dialect: 'frontEnd', site: 'W3SVC1', others: 0.43 };
const backEnd: Side = { dialect: 'backEnd2016', site: 'W3SVC2', others: 0.11 };

export type LogServer = { name: string; frontEndLogs: string; backEndLogs: string };

/** `megabytes` of front-end logs and as many of back-end logs under `folder`. */
export function writeLogs(folder: string, megabytes: number): void {
  const names = Array.from({ length: 10 }, (_, n) => `EX${String(n + 1).padStart(2, '0')}`);
  for (const side of [frontEnd, backEnd]) {
    const folders = names.map((name) => join(folder, name, side.site));
    for (const each of folders) mkdirSync(each, { recursive: true });
    for (let day = 0; day < days; day += 1)
      writeDay(folders, side, firstDay + day * daySeconds, (megabytes * 1e6) / days);
  }
}

/** The servers whose logs lie there. */
export function serversIn(folder: string): LogServer[] {
  return readdirSync(folder).map((name) => ({
    name,
    frontEndLogs: join(folder, name, frontEnd.site),
    backEndLogs: join(folder, name, backEnd.site),
  }));
}

/** Every size has the same number of requests to an hour of a person: larger ones have more people. */
function writeDay(folders: readonly string[], { dialect, others }: Side, from: number, bytes: number): void {
  const [sample] = requests({ users: 1, count: 1, from, to: from + daySeconds, seed: 1 });
  if (sample === undefined) throw new TypeError('no request was made');
  const size = lineOf(dialect, sample, 0).length + others * otherLine(dialect, from, 0).length;
  const count = Math.floor(bytes / size);
  const random = seeded(from);
  const name = `u_ex${new Date(from * 1000).toISOString().slice(2, 10).replaceAll('-', '')}.log`;
  const files = folders.map((folder) => openFile(join(folder, name), headOf(dialect)));
  const users = Math.max(10, Math.ceil(count / requestsPerPerson));
  let serial = 0;
  for (const request of requests({ users, count, from, to: from + daySeconds, seed: from })) {
    serial += 1;
    const file = files[userOf(request) % files.length];
    file?.add(lineOf(dialect, request, serial));
    if (random() < others) file?.add(otherLine(dialect, request.end, serial));
  }
  for (const file of files) file.close();
}

/** A phone stays at one server: balancers keep it there, and its mailbox lies on one. */
function userOf({ account }: Request): number {
  return Number(account.slice('user'.length));
}

function openFile(path: string, head: string): { add(line: string): void; close(): void } {
  const file = openSync(path, 'w');
  let waiting = [head];
  const write = () => {
    writeSync(file, waiting.join(''));
    waiting = [];
  };
  return {
    add: (line) => {
      if (waiting.push(line) >= 4_000) write();
    },
    close: () => {
      write();
      closeSync(file);
    },
  };
}
