import type { Unreadable } from './port.ts';

/** Logs each property that cannot be read once, and not at each of the readings that come every minute. */
export function logOnce(log: { warn(fields: object, message: string): void }): (unreadable: Unreadable) => void {
  const logged = new Set<string>();
  return ({ cmdlet, properties, rowLost }) => {
    for (const property of properties) {
      const key = `${cmdlet} ${property} ${rowLost}`;
      if (logged.has(key)) continue;
      logged.add(key);
      log.warn(
        { cmdlet, property, rowLost },
        'Exchange answers with something that cannot be read; it counts as not known',
      );
    }
  };
}
