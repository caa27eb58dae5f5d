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

/** Text; null and absent are empty. */
export const textValue = z.unknown().transform((value, context): string => {
  const plain = unwrapped(value);
  if (plain === null || plain === undefined) return '';
  if (typeof plain === 'string') return plain;
  if (typeof plain === 'number' || typeof plain === 'boolean') return String(plain);
  context.addIssue({ code: 'custom', message: 'not text' });
  return z.NEVER;
});

/** Exchange and the systems before it write "never" as a smallest date, 0001-01-01 or 1601-01-01; there was no Exchange before 1990. */
const earliest = Date.UTC(1990, 0, 1);

/** An instant; null, absent, empty and a smallest date mean never. */
export const instantValue = z.unknown().transform((value, context): Date | null => {
  const plain = unwrapped(value);
  if (plain === null || plain === undefined || plain === '') return null;
  if (plain instanceof Date) return fromDate(plain);
  if (typeof plain === 'string') {
    const milliseconds = /^\/Date\((-?\d+)(?:[+-]\d{4})?\)\/$/.exec(plain)?.[1];
    const date = milliseconds === undefined ? new Date(plain) : new Date(Number(milliseconds));
    // A time without a zone would be read in this machine's zone, which is not Exchange's.
    const zoned = milliseconds !== undefined || /(Z|[+-]\d{2}:\d{2})$/i.test(plain);
    // A smallest date is never, whatever its zone.
    if (/^(0001|1601)-01-01T/.test(plain)) return null;
    if (zoned && !Number.isNaN(date.getTime())) return fromDate(date);
  }
  context.addIssue({ code: 'custom', message: 'not an instant with its zone' });
  return z.NEVER;
});

function fromDate(date: Date): Date | null {
  return date.getTime() < earliest ? null : date;
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

/** A whole number; null where Exchange did not say. */
export const countValue = z.unknown().transform((value, context): number | null => {
  const plain = unwrapped(value);
  if (plain === null || plain === undefined || plain === '') return null;
  const number = typeof plain === 'string' ? Number(plain) : plain;
  if (typeof number === 'number' && Number.isInteger(number)) return number;
  context.addIssue({ code: 'custom', message: 'not a whole number' });
  return z.NEVER;
});

/** A GUID in lower case. */
export const guidValue = textValue.pipe(
  z
    .string()
    .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, 'not a GUID')
    .transform((value) => value.toLowerCase()),
);

/** A multi-valued property; null and absent are empty, one value alone is a list of one. */
export const textListValue = z.preprocess(
  (value) => (value === null || value === undefined || value === '' ? [] : Array.isArray(value) ? value : [value]),
  z.array(textValue),
);

/**
 * ActiveSync version times ten: Exchange prints `14.1` for EAS and `161` for REST and Outlook, and both mean the same scale.
 * null where the client did not say.
 */
export const easVersionValue = textValue.pipe(
  z.string().transform((value): number | null => {
    const digits = value.replaceAll('.', '');
    if (!/^\d+$/.test(digits)) return null;
    return value.includes('.') || digits.length > 2 ? Number(digits) : Number(digits) * 10;
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
) {
  const strict = z.object(shape);
  const select = Object.keys(shape);
  const absent = Object.fromEntries(select.map((name) => [name, null]));
  const row = z.record(z.string(), z.unknown()).transform((raw, context) => {
    const whole = strict.safeParse({ ...absent, ...raw });
    if (whole.success) return { ...rowFrom(whole.data), unreadable: none };
    const unreadable = [...new Set(whole.error.issues.map(({ path }) => String(path[0])))];
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
