/** The product as people start and stop it: a process of its own, from a path with blanks, on its own PostgreSQL. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { namedPostmaster, stopPostmaster } from '../src/store/embedded/postmaster.ts';
import { isAlive } from '../src/store/embedded/processes.ts';
import { eventually } from './setup/eventually.ts';
import { compileProgram, logOf, type Program, type RunningProgram, startProgram } from './setup/program.ts';
import { accounts, folderFor } from './store/embedded/owners.ts';

const users = await accounts();
const warning = 40;

let program: Program;
/** One data folder that a test hands to the next, so that PostgreSQL is made once. */
let data: string;
const started: RunningProgram[] = [];
const folders = new Set<string>();

beforeAll(() => {
  program = compileProgram();
  data = join(program.folder, 'data of all');
});

afterEach(async () => {
  for (const each of started.splice(0)) if (isAlive(each.pid)) await each.end('SIGKILL');
});

afterAll(async () => {
  for (const folder of folders) {
    const left = serverOf(folder);
    if (left !== undefined) await stopPostmaster(left);
  }
  program.remove();
});

function start(folder: string, more: Omit<Parameters<typeof startProgram>[1], 'data'> = {}): RunningProgram {
  folders.add(folder);
  const running = startProgram(program, { data: folder, ...more });
  started.push(running);
  return running;
}

/** Only looks: what clears a dead server's pid file away must not run beside one that is just starting. */
function serverOf(folder: string): number | undefined {
  const named = namedPostmaster(join(folder, 'postgres', 'data'));
  return named !== undefined && named.pid > 1 && isAlive(named.pid) ? named.pid : undefined;
}

async function says(running: RunningProgram, what: string): Promise<void> {
  await eventually(() => {
    expect(running.out()).toContain(what);
  });
}

/** What is told of a command that could not be stored within two seconds. */
const notInTime = 'I could not store that in time';

/** Says it, and says it again whenever it could not be stored in time, as it asks for; waits until it says `what`. */
async function asks(running: RunningProgram, line: string, what: string): Promise<void> {
  const refusals = () => running.out().split(notInTime).length;
  let before = refusals();
  running.say(line);
  await eventually(() => {
    if (refusals() > before) running.say(line);
    before = refusals();
    expect(running.out()).toContain(what);
  });
}

/**
 * Starts it with one line as its whole input and waits for its end, which comes when its work is done, however long that takes;
 * anew where that line could not be stored in time.
 */
async function script(
  folder: string,
  line: string,
  more: Parameters<typeof start>[1] = {},
): Promise<{ code: number | string; running: RunningProgram }> {
  for (;;) {
    const running = start(folder, { args: ['--wait', '200'], ...more });
    running.say(line);
    running.child.stdin.end();
    const code = await running.ended;
    if (!running.out().includes(notInTime)) return { code, running };
  }
}

/** What a machine that stands still for seconds does to a bot: it tries again, and nothing is wrong with it. */
const stalled: readonly (string | undefined)[] = ['TimeLimitError', 'lock-lost'];

/** What was logged as a problem since an instant. */
function problems(folder: string, since: Date): string[] {
  return logOf(folder)
    .filter((line) => line.level >= warning && new Date(line.time) >= since && !stalled.includes(line.code))
    .map((line) => [line.msg, line.job, line.code, line.problem].filter((part) => part !== undefined).join(' '));
}

describe.each(users)('as $name', ({ as }) => {
  it('starts on a bare folder, answers, and at the end of input leaves nothing running', async () => {
    const folder = as === undefined ? data : join(folderFor(join(program.folder, 'of another'), as), 'data');
    const { code, running } = await script(folder, 'hana #helpdesk> lost device alice.ng', { as });

    expect(code).toBe(0);
    expect(running.out()).toContain('INC-101 · Lost device · Alice Ng');
    expect(running.out()).toContain('1 · iPhone 15');
    expect(running.err()).toBe('');
    expect(serverOf(folder)).toBeUndefined();
    expect(problems(folder, new Date(0))).toEqual([]);
  });
});

describe('a started bot', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends in order at %s', async (signal) => {
    const since = new Date();
    const running = start(data);
    await asks(running, 'hana> incidents', 'INC-101');

    expect(await running.end(signal)).toBe(0);
    expect(serverOf(data)).toBeUndefined();
    expect(problems(data, since)).toEqual([]);
  });

  it('reads policy.yaml again at SIGHUP, tells security who changed what, and goes on with the old one when it is wrong', async () => {
    const file = join(program.folder, 'policy that changes.yaml');
    const example = readFileSync(join(program.folder, 'policy.example.yaml'), 'utf8');
    writeFileSync(file, example);
    const running = start(data, { env: { MISLAID_POLICY: file } });
    await asks(running, 'hana> status', 'Wipes are not locked');

    const since = new Date();
    const said = (text: string) => logOf(data).some((line) => line.msg === text && new Date(line.time) >= since);
    writeFileSync(file, example.replace('vip: [victoria@contoso.example]', 'vip: []'));
    running.child.kill('SIGHUP');
    await eventually(() => expect(said('the policy was read again')).toBe(true));
    await says(running, 'policy changed');

    writeFileSync(file, 'vip: 7');
    running.child.kill('SIGHUP');
    await eventually(() => expect(said('the policy file is not taken; the old policy goes on')).toBe(true));
    expect(await running.end('SIGTERM')).toBe(0);
  });

  it('keeps its incidents when it is killed, and the next start goes on from there', async () => {
    const first = start(data);
    await asks(first, 'hugo #helpdesk> stolen phone bob', 'INC-102 · Stolen device · Bob Tanaka');
    await first.end('SIGKILL');
    const left = serverOf(data);
    expect(left).toBeDefined();

    const second = start(data);
    // The card of INC-102 may be shown once more before the answer, which names both.
    await asks(second, 'hugo> incidents all', 'INC-101');
    expect(second.out()).toContain('INC-102');
    expect(serverOf(data)).toBe(left);
    expect(await second.end('SIGTERM')).toBe(0);
    expect(serverOf(data)).toBeUndefined();
  });

  it('survives the death of its PostgreSQL, and so does what it knows', async () => {
    const running = start(data);
    await asks(running, 'hana> status INC-102', 'Bob Tanaka');
    const server = serverOf(data);
    if (server === undefined) throw new Error('no PostgreSQL runs');
    process.kill(server, 'SIGKILL');
    await eventually(
      () => {
        const next = serverOf(data);
        expect(next !== undefined && next !== server).toBe(true);
      },
      // What it left must end and what it had written must be read first, on a busy machine too.
      { timeout: 180_000 },
    );
    await eventually(
      () => {
        running.say('hana> status INC-101');
        expect(running.out()).toContain('INC-101 · Lost device · Alice Ng');
      },
      // A line waits a minute for what the one before it set going, and that may have died with the database.
      { interval: 500, timeout: 120_000 },
    );
    expect(await running.end('SIGTERM')).toBe(0);

    const { code, running: next } = await script(data, 'hana> incidents all');
    expect(code).toBe(0);
    expect(next.out()).toContain('INC-101');
    expect(next.out()).toContain('INC-102');
  });

  it('keeps a second one off its data folder in one sentence', async () => {
    const first = start(data);
    await asks(first, 'hana> whoami', 'Hana');
    const second = start(data);

    expect(await second.ended).not.toBe(0);
    expect(second.err().trim().split('\n')).toHaveLength(1);
    expect(second.err()).toMatch(/Mislaid.*(already|running)/);
    expect(await first.end('SIGTERM')).toBe(0);
  });

  it('that is stopped while its PostgreSQL is being made stops that, too', async () => {
    const folder = join(program.folder, 'overtaken');
    const running = start(folder);
    await eventually(() => {
      expect(existsSync(join(folder, 'postgres'))).toBe(true);
    });

    expect(await running.end('SIGTERM')).toBe(0);
    expect(running.err()).toBe('');
    expect(serverOf(folder)).toBeUndefined();
  });
});

describe('what cannot start says why in one turn', () => {
  it('a data folder that cannot be used', async () => {
    const file = join(program.folder, 'a file');
    writeFileSync(file, '');
    const running = start(join(file, 'data'));

    expect(await running.ended).toBe(2);
    expect(running.err().trim().split('\n')).toHaveLength(1);
    expect(running.err()).toMatch(/data folder .* cannot be used.*MISLAID_DATA/);
  });

  // Only root's PostgreSQL runs as somebody else.
  if (process.getuid?.() === 0) {
    it('a data folder that the database user cannot reach', async () => {
      const closed = join(program.folder, 'closed');
      mkdirSync(closed);
      chmodSync(closed, 0o700);
      const running = start(join(closed, 'data'));

      expect(await running.ended).not.toBe(0);
      expect(running.err().trim().split('\n')).toHaveLength(1);
      expect(running.err()).toMatch(/cannot enter .*closed.*MISLAID_DATA/);
    });
  }

  it('settings: every problem at once, and no value', async () => {
    const running = start(join(program.folder, 'never made'), {
      env: {
        MISLAID_ROLE: 'chef-secret',
        ADMIN_PORT: 'ninety-secret',
        DATABASE_URL: 'mysql://root:hunter2-secret@db',
        LAB_SPEED: 'fast-secret',
      },
    });

    expect(await running.ended).toBe(2);
    for (const name of ['MISLAID_ROLE', 'ADMIN_PORT', 'DATABASE_URL', 'LAB_SPEED'])
      expect(running.err()).toContain(name);
    expect(running.err()).not.toContain('secret');
    expect(existsSync(join(program.folder, 'never made'))).toBe(false);
  });

  it('a policy: every problem at once, and no value', async () => {
    const policy = join(program.folder, 'policy of tests.yaml');
    writeFileSync(
      policy,
      [
        'people:',
        '  - name: Hana',
        '    mailbox: hana-secret',
        '    identities: [fax-secret]',
        '    roles: [king-secret]',
        'holdMaxHours: soon-secret',
        'colour-of-the-bike-shed: red-secret',
      ].join('\n'),
    );
    const running = start(join(program.folder, 'policy data'), { env: { MISLAID_POLICY: policy } });

    expect(await running.ended).not.toBe(0);
    for (const where of ['roles', 'identities', 'holdMaxHours', 'colour-of-the-bike-shed'])
      expect(running.err()).toContain(where);
    expect(running.err()).not.toContain('-secret');
    expect(serverOf(join(program.folder, 'policy data'))).toBeUndefined();
  });
});
