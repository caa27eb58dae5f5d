/**
 * `npm run setup -- compose`: makes what compose.yaml needs and no repository holds: passwords, as files that only their owner reads, and
 * from the examples .env and policy.yaml. What is there already stays as it is.
 */
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Into `top`, the folder of compose.yaml; `say` is told what was made and what was kept, never what is in it. */
export function setupCompose(top: string, say: (line: string) => void): void {
  const folder = join(top, 'secrets');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const postgres = password();
  const redis = password();
  // Each password lies in two files: where one of them is there, the other must fit it, so neither is made anew.
  keep(folder, say, {
    'postgres-password': postgres,
    'database-url': `postgresql://mislaid:${postgres}@postgres:5432/mislaid`,
  });
  keep(folder, say, { 'redis-settings': `requirepass ${redis}\n`, 'redis-url': `redis://:${redis}@redis:6379` });
  for (const [example, file] of [
    ['.env.example', '.env'],
    ['policy.example.yaml', 'policy.yaml'],
  ] as const) {
    if (existsSync(join(top, file))) continue;
    copyFileSync(join(top, example), join(top, file));
    say(`${file} is a copy of ${example}: fill it in.`);
  }
}

/** Letters and digits alone, because it stands in addresses and settings. */
function password(): string {
  return randomBytes(24).toString('hex');
}

function keep(folder: string, say: (line: string) => void, files: Readonly<Record<string, string>>): void {
  const there = Object.keys(files).filter((name) => existsSync(join(folder, name)));
  if (there.length > 0) {
    say(`${there.join(' and ')}: kept.`);
    return;
  }
  for (const [name, content] of Object.entries(files)) {
    // In a container another user reads it, as its group's or through the engine; on this machine the folder keeps others out.
    writeFileSync(join(folder, name), content, { mode: 0o644, flag: 'wx' });
    say(`secrets/${name} is made.`);
  }
}

if (process.argv[1]?.endsWith('setup.js') === true) {
  const [what, ...others] = process.argv.slice(2);
  if (what === 'compose' && others.length === 0) setupCompose('.', (line) => console.log(line));
  else {
    console.error('Say: npm run setup -- compose');
    process.exitCode = 1;
  }
}
