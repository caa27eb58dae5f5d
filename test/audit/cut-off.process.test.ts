/** The product in a process of its own on a database that somebody else administers, who cuts off what it wrote. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isAlive } from '../../src/store/embedded/processes.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { eventually } from '../setup/eventually.ts';
import { compileProgram, type Program, type RunningProgram, startProgram } from '../setup/program.ts';

let program: Program;
let database: TestDatabase;
let data: string;
const started: RunningProgram[] = [];

beforeAll(async () => {
  [program, database] = [compileProgram(), await testDatabase()];
  data = join(program.folder, 'data');
});
afterAll(async () => {
  for (const each of started) if (isAlive(each.pid)) await each.end('SIGKILL');
  await database.close();
  program.remove();
});

function start(): RunningProgram {
  const running = startProgram(program, { data, env: { DATABASE_URL: database.url } });
  started.push(running);
  return running;
}

async function size(): Promise<number> {
  const { rows } = await sql<{ size: number }>`select coalesce(max(seq), 0) as size from audit`.execute(database.db);
  return Number(rows[0]?.size);
}

function remembered(): number {
  return z.object({ size: z.number() }).parse(JSON.parse(readFileSync(join(data, 'audit-end.json'), 'utf8'))).size;
}

describe('an administrator of the database who cuts off what a bot wrote just before it was killed', () => {
  it('is told of to security by the next start, and audit verify names the place', async () => {
    const first = start();
    first.say('lost device bob');
    await eventually(async () => {
      expect(await size()).toBeGreaterThan(2);
      expect(remembered()).toBe(await size());
    });
    await first.end('SIGKILL');
    const all = remembered();
    await sql`alter table audit disable trigger all`.execute(database.db);
    await sql`delete from audit where seq > 1`.execute(database.db);
    await sql`alter table audit enable trigger all`.execute(database.db);

    const second = start();
    await eventually(() => {
      expect(second.out()).toContain(`it had ${all} entries`);
    });
    second.say('sasha #security> audit verify');
    await eventually(() => {
      expect(second.out()).toMatch(/Entry \d+ (truncated|rewritten)/);
    });
    await second.end('SIGTERM');
  });
});
