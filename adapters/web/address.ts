/** Where the room stood last, and by which token it is entered: kept, so that an open page goes on after a restart. */
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const Kept = z.object({ token: z.string().regex(/^[\w-]{22,}$/), port: z.number().int().min(0).max(65_535) });

export type KeptAddress = z.infer<typeof Kept>;

/** Nothing, or nothing that can be read: another token, which shuts out whoever had the old one. */
export function readAddress(file: string, otherwise: KeptAddress): KeptAddress {
  try {
    return Kept.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return otherwise;
  }
}

export function keepAddress(file: string, address: KeptAddress): void {
  try {
    writeFileSync(file, JSON.stringify(address), { mode: 0o600 });
  } catch {
    // It is only a comfort.
  }
}
