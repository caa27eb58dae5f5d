/**
 * Exchange's values as they come out of a session, parsed into ours. Deserialised objects lose their types: an enum or a
 * GUID may arrive as text, as a number or as a wrapped object, a date as ISO text or as `/Date(ms)/` (Windows PowerShell 5.1).
 */
import { z } from 'zod';

function unwrapped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date || Array.isArray(value)) return value;
  for (const key of ['Value', 'value', 'Name', 'name', 'Address', 'Guid']) {
    if (key in value) return Object.getOwnPropertyDescriptor(value, key)?.value;
  }
  return value;
}

/** Characters. No property of Exchange's is nearly as long, and an index of the database would refuse it, with every row beside it. */
const longestText = 1_000;

/** Text; null and absent are empty. */
export const textValue = z.unknown().transform((value, context): string => {
  const plain = unwrapped(value);
  if (plain === null || plain === undefined) return '';
  // PostgreSQL takes no null character.
  if (typeof plain === 'string' && plain.length <= longestText && !plain.includes('\0')) return plain;
  if (typeof plain === 'number' || typeof plain === 'boolean') return String(plain);
  context.addIssue({ code: 'custom', message: 'not text' });
  return z.NEVER;
});

/** Exchange and the systems before it write "never" as a smallest date, 0001-01-01 or 1601-01-01; there was no Exchange before 1990. */
const earliest = Date.UTC(1990, 0, 1);

/** Later is no time that anything happened at: the largest date of .NET, or a wrong clock. */
const latest = Date.UTC(2100, 0, 1);

/** A date with its time and zone; of any other form nobody knows what is the day and what the month. */
const isoForm = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/i;

/** An instant; null, absent, empty and a smallest date mean never. */
export const instantValue = z.unknown().transform((value, context): Date | null => {
  const plain = unwrapped(value);
  if (plain === null || plain === undefined || plain === '') return null;
  // A smallest date is never, whatever its zone.
  if (typeof plain === 'string' && /^(0001|1601)-01-01T/.test(plain)) return null;
  const date = plain instanceof Date ? plain : typeof plain === 'string' ? dateIn(plain) : undefined;
  if (date !== undefined && date.getTime() < latest) return date.getTime() < earliest ? null : date;
  context.addIssue({ code: 'custom', message: 'not an instant with its zone' });
  return z.NEVER;
});

function dateIn(text: string): Date | undefined {
  const milliseconds = /^\/Date\((-?\d+)(?:[+-]\d{4})?\)\/$/.exec(text)?.[1];
  if (milliseconds !== undefined) return new Date(Number(milliseconds));
  const day = isoForm.exec(text)?.[1];
  // Of a 31st of February JavaScript makes a day in March.
  return day !== undefined && new Date(`${day}Z`).toJSON()?.startsWith(day) ? new Date(text) : undefined;
}

/** true or false; null where Exchange did not say. */
export const flagValue = z.unknown().transform((value, context): boolean | null => {
  const plain = unwrapped(value);
  if (plain === null || plain === undefined || plain === '') return null;
  if (typeof plain === 'boolean') return plain;
  if (typeof plain === 'string' && /^(true|false)$/i.test(plain)) return plain.toLowerCase() === 'true';
  context.addIssue({ code: 'custom', message: 'not true or false' });
  return z.NEVER;
});

/** A whole number from zero on, as the database keeps it; null where Exchange did not say. */
export const countValue = z.unknown().transform((value, context): number | null => {
  const plain = unwrapped(value);
  if (plain === null || plain === undefined || plain === '') return null;
  const number = typeof plain === 'string' && /^\d+$/.test(plain) ? Number(plain) : plain;
  if (z.int32().nonnegative().safeParse(number).success) return Number(number);
  context.addIssue({ code: 'custom', message: 'not a whole number' });
  return z.NEVER;
});

/** A GUID in lower case; that of zeros is nobody's. */
export const guidValue = textValue.pipe(
  z
    .string()
    .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, 'not a GUID')
    .regex(/[1-9a-f]/i, 'the GUID of nobody')
    .transform((value) => value.toLowerCase()),
);

/** The same; undefined where there is none. */
export const optionalGuidValue = z.preprocess((value) => {
  const plain = unwrapped(value);
  return plain === null || plain === undefined || (typeof plain === 'string' && /^[0-]*$/.test(plain))
    ? undefined
    : plain;
}, guidValue.optional());

/** A multi-valued property; null and absent are empty, one value alone is a list of one. */
export const textListValue = z.preprocess(
  (value) => (value === null || value === undefined || value === '' ? [] : Array.isArray(value) ? value : [value]),
  z.array(textValue).transform((texts) => texts.filter((text) => text !== '')),
);

/** 16.1 is the newest there is; `161.0` must not pass for a newer one, which could wipe a mailbox alone. */
const highestVersion = 299;

/**
 * ActiveSync version times ten: Exchange prints `14.1` for EAS and `161` for REST and Outlook, and both mean the same scale.
 * null where the client did not say.
 */
export const easVersionValue = textValue.pipe(
  z.string().transform((value, context): number | null => {
    const digits = value.replaceAll('.', '');
    if (!/^\d+$/.test(digits)) return null;
    const version = value.includes('.') || digits.length > 2 ? Number(digits) : Number(digits) * 10;
    if (version <= highestVersion) return version;
    context.addIssue({ code: 'custom', message: 'not a version of ActiveSync' });
    return z.NEVER;
  }),
);

const statuses = [
  'DeviceOk',
  'DeviceBlocked',
  'DeviceWipePending',
  'DeviceWipeSucceeded',
  'AccountOnlyDeviceWipePending',
  'AccountOnlyDeviceWipeSucceeded',
] as const;

/** DeviceRemoteWipeStatus in one spelling (`DeviceOK` is seen as well); a value that is not known stays as it is. */
export const wipeStatusValue = textValue.pipe(
  z.string().transform((value) => statuses.find((known) => known.toLowerCase() === value.toLowerCase()) ?? value),
);

/**
 * The properties to ask for, and how one output object is read, property by property: one that is absent, empty, of another type or out of range never costs more than
 * itself. It is taken as absent and its name stands in `unreadable`, because absent means something ("never", "not blocked") and
 * unreadable does not. Without its `identity` a row is nobody's and fails.
 */
export function rowOf<Shape extends z.ZodRawShape, Row>(
  identity: readonly (keyof Shape & string)[],
  shape: Shape,
  rowFrom: (values: z.output<z.ZodObject<Shape>>) => Row,
  /** Properties that every object has, if only empty: one without them does not say "never". */
  always: readonly (keyof Shape & string)[] = [],
) {
  const strict = z.object(shape);
  const select = Object.keys(shape);
  const absent = Object.fromEntries(select.map((name) => [name, null]));
  const row = z.record(z.string(), z.unknown()).transform((raw, context) => {
    const missing = always.filter((name) => !Object.hasOwn(raw, name));
    const whole = strict.safeParse({ ...absent, ...raw });
    if (whole.success) return { ...rowFrom(whole.data), unreadable: missing.length === 0 ? none : missing };
    const unreadable = [...new Set([...missing, ...whole.error.issues.map(({ path }) => String(path[0]))])];
    const rest = strict.safeParse({ ...absent, ...raw, ...Object.fromEntries(unreadable.map((name) => [name, null])) });
    if (rest.success && !identity.some((name) => unreadable.includes(name)))
      return { ...rowFrom(rest.data), unreadable };
    for (const name of unreadable) context.addIssue({ code: 'custom', path: [name], message: 'cannot be read' });
    return z.NEVER;
  });
  return { select, row };
}

const none: readonly string[] = [];

/** What a cmdlet that answers nothing asks for, and gets. */
export const noRows = { select: none, row: z.never() };
