/** The whole bot, compiled, in processes of its own that are killed and started again; on the lab, with a chat platform of the caller's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type BotProcess = {
  /** Where chat platforms send to; empty for a worker: nobody speaks to it. */
  readonly url: string;
  readonly pid: number;
  log(): string;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  stop(): Promise<void>;
};

export type BotFolder = { readonly path: string; remove(): void };

/** A folder to run in, with this text as its policy.yaml. */
export function botFolder(policy: string): BotFolder {
  const path = mkdtempSync(join(tmpdir(), 'mislaid-bot-'));
  writeFileSync(join(path, 'policy.yaml'), policy);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Resolves when each of these messages was logged: `ready`, if none is named. Rejects with the log when the bot ends before. */
export async function startBotProcess(input: {
  script: string;
  folder: BotFolder;
  databaseUrl: string;
  env: Readonly<Record<string, string>>;
  logged?: readonly string[];
}): Promise<BotProcess> {
  const { logged = ['ready'] } = input;
  const child = spawn(process.execPath, [input.script], {
    cwd: input.folder.path,
    env: {
      PATH: process.env.PATH,
      MISLAID_DATA: join(input.folder.path, 'data'),
      MISLAID_EXCHANGE: 'lab',
      DATABASE_URL: input.databaseUrl,
      PORT: '0',
      ADMIN_PORT: '0',
      LAB_SPEED: '200',
      ...input.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const ended = once(child, 'exit');
  await new Promise<void>((resolve, reject) => {
    const read = (data: Buffer) => {
      log += data.toString('utf8');
      if (logged.every((message) => log.includes(`"msg":"${message}"`))) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    ended.then(() => reject(new Error(`the bot ended before it was ready:\n${log}`)), reject);
  });
  const port = /"port":(\d+),"msg":"chat webhooks are open"/.exec(log)?.[1];
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return {
    url: port === undefined ? '' : `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    log: () => log,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}
