import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Message } from '../../src/message/model.ts';
import type { Sample } from './samples/scene.ts';

const Recorded = z.array(z.object({ name: z.string(), now: z.coerce.date(), message: z.custom<Message>() }));

/** What the bot sent in a usual case, with the instant at which it is looked at; recorded.database.test.ts keeps it true. */
export const recorded: readonly (Sample & { now: Date })[] = Recorded.parse(
  JSON.parse(readFileSync(join(process.cwd(), 'test/gallery/recorded.json'), 'utf8')),
).map(({ name, ...sample }) => ({ name: `sent ${name}`, ...sample }));
