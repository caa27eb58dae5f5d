/**
 * Rows that wait until all of them are there, as text outside of the heap: tens of thousands of objects would be gone through at each
 * collection of garbage. Only what JSON can hold; a row comes back as it was added, in its order, `atOnce` rows to a page.
 */
export type PackedRows<Row> = {
  readonly size: number;
  add(rows: readonly Row[]): void;
  clear(): void;
  pages(): Iterable<Row[]>;
};

type Json = string | number | boolean | null | readonly Json[];

export function packedRows<Row extends { readonly [name: string]: Json }>(atOnce: number): PackedRows<Row> {
  let packed: Buffer[] = [];
  let loose: Row[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    add: (rows) => {
      size += rows.length;
      loose.push(...rows);
      while (loose.length >= atOnce) packed.push(Buffer.from(JSON.stringify(loose.splice(0, atOnce))));
    },
    clear: () => {
      packed = [];
      loose = [];
      size = 0;
    },
    *pages() {
      for (const page of packed) {
        const rows: Row[] = JSON.parse(page.toString());
        yield rows;
      }
      if (loose.length > 0) yield [...loose];
    },
  };
}
