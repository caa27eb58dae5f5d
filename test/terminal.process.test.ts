/** The bot on a real terminal (a pty of Python's), whose window is closed. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { namedPostmaster, stopPostmaster } from '../src/store/embedded/postmaster.ts';
import { isAlive } from '../src/store/embedded/processes.ts';
import { eventually } from './setup/eventually.ts';
import { compileProgram, logOf, type Program } from './setup/program.ts';

/** Runs the program as the leader of a terminal, copies what it draws, and closes the terminal at SIGUSR1: as a window does. */
const inTerminal = `
import os, pty, select, signal, sys
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
closing = []
signal.signal(signal.SIGUSR1, lambda *_: closing.append(1))
while not closing:
    try:
        if select.select([master], [], [], 0.1)[0]:
            os.write(1, os.read(master, 65536))
    except (InterruptedError, OSError):
        pass
os.close(master)
_, status = os.waitpid(pid, 0)
print('exit', os.waitstatus_to_exitcode(status), flush=True)
`;

let program: Program;
let data: string;

beforeAll(() => {
  program = compileProgram();
  data = join(program.folder, 'data of a terminal');
});
afterAll(async () => {
  const left = serverOf();
  if (left !== undefined) await stopPostmaster(left);
  program.remove();
});

it('ends in order when its window is closed: the last line is written, and its PostgreSQL stopped', async () => {
  const helper = join(program.folder, 'terminal.py');
  writeFileSync(helper, inTerminal);
  const child = spawn('python3', [helper, process.execPath, program.script, '--no-web'], {
    cwd: program.folder,
    env: { PATH: process.env.PATH, HOME: program.folder, TERM: 'xterm', MISLAID_DATA: data, MISLAID_EXCHANGE: 'lab' },
  });
  let out = '';
  child.stdout.on('data', (text: Buffer) => {
    out += text.toString('utf8');
  });
  await eventually(() => expect(out).toContain('hana #helpdesk> '), { timeout: 180_000 });
  expect(serverOf()).toBeDefined();

  child.kill('SIGUSR1');

  await eventually(() => expect(out).toMatch(/exit -?\d+\n/));
  // By the signal itself, as programs end that do not take it; no abort, which may leave a core dump.
  expect(out).toMatch(/exit -1\n/);
  expect(serverOf()).toBeUndefined();
  expect(logOf(data).at(-1)?.msg).toBe('stopped');
});

function serverOf(): number | undefined {
  const named = namedPostmaster(join(data, 'postgres', 'data'));
  return named !== undefined && named.pid > 1 && isAlive(named.pid) ? named.pid : undefined;
}
