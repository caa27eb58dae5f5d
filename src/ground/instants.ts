type Instants = readonly (Date | null | undefined)[];

/** The first of these instants; null where none is known. */
export function earliest(instants: Instants): Date | null {
  return instants.reduce<Date | null>((first, at) => (at && (first === null || at < first) ? at : first), null);
}

/** The last of these instants; null where none is known. */
export function latest(instants: Instants): Date | null {
  return instants.reduce<Date | null>((last, at) => (at && (last === null || at > last) ? at : last), null);
}
