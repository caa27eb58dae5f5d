import { distance } from 'fastest-levenshtein';
import type { Kysely, Selectable } from 'kysely';
import type { Organisation } from '../../directory/person.ts';
import type { Database } from '../../store/schema.ts';
import type { LogOddityTable, LogReadingTable } from '../tables.ts';

/** What was dropped or looked odd, by server and kind of log, most first. */
export async function oddities(
  db: Kysely<Database>,
  organisation: Organisation,
): Promise<Selectable<LogOddityTable>[]> {
  return db
    .selectFrom('logOddity')
    .selectAll()
    .where('organisation', '=', organisation)
    .orderBy('requests', 'desc')
    .execute();
}

/** How the readings of the servers stand: progress, last end, problem. */
export async function readings(
  db: Kysely<Database>,
  organisation: Organisation,
): Promise<Selectable<LogReadingTable>[]> {
  return db
    .selectFrom('logReading')
    .selectAll()
    .where('organisation', '=', organisation)
    .orderBy('server')
    .orderBy('kind')
    .execute();
}

/** Device types that common clients send. */
const COMMON_TYPES = [
  'iPhone',
  'iPad',
  'iPod',
  'Android',
  'SamsungDevice',
  'Outlook',
  'OutlookService',
  'WindowsMail',
  'WindowsPhone',
  'PocketPC',
  'SmartPhone',
  'BlackBerry',
] as const;

/** The common type that a type is probably a misspelling of (`Andriod` → `Android`). */
export function misspeltType(deviceType: string): string | undefined {
  const lower = deviceType.toLowerCase();
  if (lower.length < 5) return undefined;
  const exact = COMMON_TYPES.find((type) => type.toLowerCase() === lower);
  if (exact !== undefined) return undefined;
  // Two letters in the wrong order are two edits; short words are near too many others for that, unless the letters are the same.
  return COMMON_TYPES.find((type) => {
    if (type.length < 6) return false;
    const edits = distance(type.toLowerCase(), lower);
    return edits <= (type.length >= 7 || lettersOf(type.toLowerCase()) === lettersOf(lower) ? 2 : 1);
  });
}

function lettersOf(word: string): string {
  return [...word].sort().join('');
}
