/** Rows that arrive in one turn of the event loop. */
const pageRows = 1000;

/** By GUID, page after page: a large organisation's rows in one answer would hold up the event loop. */
export async function* pagesOf<Row extends { guid: string }>(
  read: (after: string, most: number) => Promise<Row[]>,
): AsyncGenerator<Row[]> {
  for (let last = '', more = true; more; ) {
    const rows = await read(last, pageRows);
    yield rows;
    more = rows.length === pageRows;
    last = rows.at(-1)?.guid ?? last;
  }
}
