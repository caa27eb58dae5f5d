/**
 * The list of the forgotten, in the data folder: a database that is put back from a backup has them again, and the list says whom to
 * forget once more. It holds keys of people and instants, nothing else.
 */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { failureCode } from '../../ground/failure.ts';

const Forgotten = z.object({ person: z.string(), at: z.iso.datetime().transform((text) => new Date(text)) });
export type Forgotten = z.infer<typeof Forgotten>;

export type ForgottenList = {
  readonly file: string;
  /** On disk when this resolves. */
  add(person: string, at: Date): Promise<void>;
  /** Each person once, with the last time; a line that cannot be read is left out. */
  read(): Promise<readonly Forgotten[]>;
};

export function forgottenList(folder: string): ForgottenList {
  const file = join(folder, 'forgotten.jsonl');
  return {
    file,
    add: async (person, at) => {
      const handle = await open(file, 'a', 0o600);
      try {
        await handle.appendFile(`${JSON.stringify({ person, at: at.toISOString() })}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    read: async () => {
      const people = new Map<string, Forgotten>();
      for (const line of (await textOf(file)).split('\n')) {
        const parsed = Forgotten.safeParse(parseJson(line));
        if (parsed.success) people.set(parsed.data.person, parsed.data);
      }
      return [...people.values()];
    },
  };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (failureCode(error) === 'ENOENT') return '';
    throw error;
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
