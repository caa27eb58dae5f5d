/**
 * A column is one person looking at one place, at their private messages, or at one thread; a window is a row of them, and its
 * address says which: `?c=hana~helpdesk&c=otto~approvals&c=alice.ng~`.
 */
import type { Place } from '../../src/ground/addresses.ts';
import { identityOf, placeName } from '../console/identity.ts';
import { usualPersona, type WebPersona } from './identity.ts';
import { mostColumns } from './limits.ts';
import type { Change, Entry } from './send.ts';

export type Column = {
  /** As the address says it. */
  readonly code: string;
  readonly who: WebPersona;
  /** Absent: their private messages. */
  readonly place: Place | undefined;
  /** The entry whose thread it shows. */
  readonly thread: string | undefined;
};

export type Cast = { readonly personas: readonly WebPersona[]; places(): readonly Place[] };

export function columnOf(code: unknown, { personas, places }: Cast): Column | undefined {
  if (typeof code !== 'string') return undefined;
  const [name, channel, thread] = code.split('~');
  const who = personas.find((persona) => persona.name === name);
  const place = places().find((each) => placeName(each) === `#${channel}`);
  if (who === undefined || (channel !== '' && place === undefined)) return undefined;
  return codeColumn(who, place, place === undefined ? undefined : thread);
}

export function codeColumn(who: WebPersona, place: Place | undefined, thread?: string): Column {
  const channel = place === undefined ? '' : placeName(place).slice(1);
  const code = [who.name, channel, ...(thread === undefined || thread === '' ? [] : [thread])].join('~');
  return { code, who, place, thread: thread === '' ? undefined : thread };
}

/** The columns of a window; without any, the room as it is first seen. */
export function columnsOf(codes: unknown, cast: Cast): Column[] {
  const wanted = (Array.isArray(codes) ? codes : [codes]).flatMap((code) => columnOf(code, cast) ?? []);
  const unique = wanted.filter((column, index) => wanted.findIndex(({ code }) => code === column.code) === index);
  return unique.length > 0 ? unique.slice(0, mostColumns) : firstColumns(cast);
}

function firstColumns({ personas, places }: Cast): Column[] {
  const columns = places()
    .slice(0, 3)
    .flatMap((place) => {
      const who = personas.find(({ name }) => name === usualPersona(personas, placeName(place)));
      return who === undefined ? [] : [codeColumn(who, place)];
    });
  const user = personas.find(({ name }) => name.startsWith('alice')) ?? personas.at(-1);
  return user === undefined ? columns : [...columns, codeColumn(user, undefined)];
}

/** The address of a window with these columns. */
export function addressOf(columns: readonly Pick<Column, 'code'>[]): string {
  return `/?${columns.map(({ code }) => `c=${encodeURIComponent(code)}`).join('&')}`;
}

/** With one more column, beside what it belongs to; one too many takes the place of the last. */
export function withColumn(columns: readonly Column[], column: Column): Column[] {
  if (columns.some(({ code }) => code === column.code)) return [...columns];
  const beside = columns.findIndex(({ who, place }) => who.name === column.who.name && place === column.place);
  const room = columns.slice(0, mostColumns - 1);
  const at = beside === -1 ? room.length : Math.min(beside + 1, room.length);
  return [...room.slice(0, at), column, ...room.slice(at)];
}

/** What a column shows: what everybody there sees, and what this person alone is answered there. */
export function targetsOf({ who, place }: Pick<Column, 'who' | 'place'>): string[] {
  return place === undefined ? [identityOf(who.name)] : [place, ownTarget(who.name, place)];
}

/** Where somebody's answers stand that nobody else sees. */
export function ownTarget(name: string, place: Place | undefined): string {
  return place === undefined ? identityOf(name) : `${identityOf(name)} @ ${place}`;
}

export function shows(column: Column, { id, target, under }: Pick<Change | Entry, 'id' | 'target' | 'under'>): boolean {
  const inLine = column.thread === undefined ? under === undefined : under === column.thread || id === column.thread;
  return inLine && targetsOf(column).includes(target);
}

export function columnTitle({ place, thread }: Pick<Column, 'place' | 'thread'>): string {
  if (place === undefined) return 'Private messages';
  return thread === undefined ? placeName(place) : `Thread in ${placeName(place)}`;
}
