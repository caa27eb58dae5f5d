/** Fields of one CSV line as places in the chunk: quoted fields may hold commas and doubled quotes, never a line end here. */
export function csvFields(
  bytes: Uint8Array,
  from: number,
  end: number,
  roles: Uint8Array,
  starts: Int32Array,
  ends: Int32Array,
): number {
  let at = from;
  let field = 0;
  while (field < roles.length) {
    let start = at;
    let stop: number;
    if (bytes[at] === 34) {
      start = at + 1;
      at = start;
      while (at < end && (bytes[at] !== 34 || bytes[at + 1] === 34)) at += bytes[at] === 34 ? 2 : 1;
      stop = Math.min(at, end);
      while (at < end && bytes[at] !== 44) at += 1;
    } else {
      while (at < end && bytes[at] !== 44) at += 1;
      stop = at;
    }
    const role = roles[field] ?? 0;
    starts[role] = start;
    ends[role] = stop;
    field += 1;
    if (at >= end) break;
    at += 1;
  }
  return field;
}
