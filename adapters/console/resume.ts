/** Where a console that was stopped from outside goes on at its next start: who spoke, where, and the line being typed. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { namePattern, type Speaker } from './identity.ts';

const Resumed = z.object({
  name: z.string().regex(namePattern),
  place: z
    .string()
    .regex(/^console:#/)
    .optional(),
  // A line break would say it.
  line: z.string().regex(/^\P{Cc}*$/u),
});

export type Resumed = { readonly speaker: Speaker; readonly line: string };

/** Reads what was left, once. Nothing, or nothing that can be read: the console begins as ever. */
export function takeResumed(file: string): Resumed | undefined {
  try {
    const { name, place, line } = Resumed.parse(JSON.parse(readFileSync(file, 'utf8')));
    return { speaker: place === undefined ? { name } : { name, place }, line };
  } catch {
    return undefined;
  } finally {
    rmSync(file, { force: true });
  }
}

export function leaveResumed(file: string, { speaker, line }: Resumed): void {
  try {
    writeFileSync(file, JSON.stringify({ ...speaker, line }), { mode: 0o600 });
  } catch {
    // It is only a comfort.
  }
}
