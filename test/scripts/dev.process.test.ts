/** `npm run dev`, started for real on a copy of the sources. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namedPostmaster, stopPostmaster } from '../../src/store/embedded/postmaster.ts';
import { codeOf, isAlive } from '../../src/store/embedded/processes.ts';
import { top } from '../architecture/sources.ts';
import { eventually } from '../setup/eventually.ts';

const whoami = 'src/commands/me/whoami.ts';
const parts = ['src', 'adapters', 'jobs', 'scripts', 'package.json', 'policy.example.yaml'];
/** Compilers start on a machine that has much else to do. */
const patience = { interval: 500, timeout: 240_000 };

let folder = '';
let child: ChildProcess | undefined;
let out = '';
let err = '';

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'mislaid dev with blanks ')));
  chmodSync(folder, 0o755);
  for (const part of [...parts, 'tsconfig.json', 'tsconfig.build.json']) {
    cpSync(join(top, part), join(folder, part), { recursive: true });
  }
  // The look at everything, which the loop takes beside the new bot, is at a corner here: it costs this test a minute of the machine.
  const config: object = JSON.parse(readFileSync(join(folder, 'tsconfig.json'), 'utf8'));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, include: ['src/ground'] }));
  symlinkSync(join(top, 'node_modules'), join(folder, 'node_modules'));
});

afterAll(async () => {
  if (child?.pid !== undefined && groupLives(child.pid)) process.kill(-child.pid, 'SIGKILL');
  const left = server();
  if (left !== undefined) await stopPostmaster(left);
  rmSync(folder, { recursive: true, force: true });
});

function startDev(): ChildProcess {
  const running = spawn(process.execPath, ['scripts/dev.mjs'], {
    cwd: folder,
    env: { PATH: process.env.PATH, MISLAID_DATA: join(folder, '.mislaid') },
    // A group of its own, by which all its processes are known.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  // One that has ended takes no more lines; why it did stands in what it wrote.
  running.stdin.on('error', () => {});
  running.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return running;
}

function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
    throw error;
  }
}

function server(): number | undefined {
  const pid = namedPostmaster(join(folder, '.mislaid/postgres/data'))?.pid ?? 0;
  return pid > 1 && isAlive(pid) ? pid : undefined;
}

/** Says it again and again: a bot that is just being stopped hears nothing. */
async function says(line: string, what: string): Promise<void> {
  await eventually(() => {
    child?.stdin?.write(`${line}\n`);
    expect(out, err).toContain(what);
  }, patience);
}

function save(text: string): void {
  writeFileSync(join(folder, whoami), text);
}

describe('npm run dev', () => {
  it('answers with what was saved, keeps what the lab knows, goes on past a mistake, and leaves nothing running', async () => {
    const source = readFileSync(join(folder, whoami), 'utf8');
    expect(source).toContain('You hold');
    child = startDev();
    const ended = new Promise((resolve) => child?.once('exit', (code, signal) => resolve(code ?? signal)));
    await says('hana #helpdesk> lost device alice.ng', 'INC-101');
    const database = server();
    expect(database).toBeDefined();

    save(source.replace('You hold', 'You carry'));
    await says('hana> whoami', 'You carry');
    out = '';
    await says('hana> incidents', 'INC-101');

    save(`${source.replace('You hold', 'You bear')}\nexport const wrong: string = 7;\n`);
    await eventually(() => expect(err).toMatch(/whoami\.ts:\d+:14 error TS2322.*\n.*goes on as it was/), patience);
    out = '';
    await says('hana> whoami', 'You carry');

    save(source.replace('You hold', 'You bear'));
    await says('hana> whoami', 'You bear');
    expect(server()).toBe(database);

    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(server()).toBeUndefined();
    // Compilers that were just told to end.
    const group = child.pid ?? 0;
    await eventually(() => expect(groupLives(group)).toBe(false));
  });
});
