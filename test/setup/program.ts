/** The product as a process of its own: compiled once, started with a data folder, spoken to through its console. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { DatabaseUser } from '../../src/store/embedded/database-user.ts';

const project = join(import.meta.dirname, '../..');

export type Program = {
  /** A folder with blanks in its path that everybody may enter; holds the program and what tests put there. */
  folder: string;
  script: string;
  remove(): void;
};

/** Compiles src/main.ts and what it imports into a path with blanks, outside the project. */
export function compileProgram(): Program {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mislaid program with blanks ')));
  chmodSync(folder, 0o777);
  const outDir = join(folder, 'dist');
  const config = join(folder, 'tsconfig.json');
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(project, 'tsconfig.json'),
      compilerOptions: { noEmit: false, noCheck: true, outDir, rootDir: project, types: [], declaration: false },
      include: [],
      files: [join(project, 'src/main.ts')],
    }),
  );
  execFileSync(process.execPath, [join(project, 'node_modules/typescript/bin/tsc'), '-p', config], { stdio: 'pipe' });
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  copyFileSync(join(project, 'policy.example.yaml'), join(folder, 'policy.example.yaml'));
  const assets = 'adapters/web/assets';
  cpSync(join(project, assets), join(folder, assets), { recursive: true });
  return {
    folder,
    script: join(outDir, 'src/main.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** As `npm start` starts it: what stands between `node` and the script. */
const nodeFlags = z
  .object({ scripts: z.object({ start: z.string() }) })
  .parse(JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8')))
  .scripts.start.split(' ')
  .filter((part) => part.startsWith('--'));

export type RunningProgram = {
  readonly child: ChildProcessWithoutNullStreams;
  readonly pid: number;
  /** Standard output and standard error so far. */
  out(): string;
  err(): string;
  say(line: string): void;
  /** The code, or the signal by which it ended. */
  readonly ended: Promise<number | string>;
  end(signal: NodeJS.Signals): Promise<number | string>;
};

export function startProgram(
  program: Program,
  options: { data: string; env?: Record<string, string>; args?: readonly string[]; as?: DatabaseUser | undefined },
): RunningProgram {
  const { data, as } = options;
  const child = spawn(process.execPath, [...nodeFlags, program.script, ...(options.args ?? [])], {
    ...(as === undefined ? {} : { uid: as.uid, gid: as.gid }),
    cwd: program.folder,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', MISLAID_DATA: data, ...options.env },
    // A process group of its own: Ctrl-C in the terminal that runs the tests is not meant for it.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  // A killed process takes no more input; what was written to it is lost, as it should be.
  child.stdin.on('error', () => {});
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'gone'));
  });
  return {
    child,
    pid: child.pid ?? 0,
    out: () => out,
    err: () => err,
    say: (line) => child.stdin.write(`${line}\n`),
    ended,
    end: async (signal) => {
      child.kill(signal);
      return await ended;
    },
  };
}

const LogLine = z.object({
  level: z.number(),
  msg: z.string(),
  time: z.string(),
  job: z.string().optional(),
  code: z.string().optional(),
  problem: z.string().optional(),
});

/** What a process wrote to its log while it had the console. */
export function logOf(data: string): z.infer<typeof LogLine>[] {
  const file = join(data, 'logs', 'mislaid.log');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => LogLine.parse(JSON.parse(line)));
}
