/** The example of CONTRIBUTING.md, done as it says: two files written, two lines in the registries; it type checks, and it greets. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, parse, relative, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { jobs as Jobs } from '../jobs/index.ts';
import type { commands as Commands } from '../src/commands/index.ts';
import { textOf, top } from './architecture/sources.ts';
import { testBot } from './setup/bot.ts';

/** Stands over the project: what is not here is the project's own file. */
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mislaid-example-')));
symlinkSync(join(top, 'node_modules'), join(folder, 'node_modules'), 'junction');
writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const blocks = [...textOf('CONTRIBUTING.md').matchAll(/^```ts (\S+)\n([\s\S]*?)^```$/gm)];
const files = new Map(blocks.map(([, path = '', text = '']) => [path, text]));
register('src/commands/index.ts', "import { greetCommand } from './me/greet.ts';", 'commands', 'greetCommand');
register('jobs/index.ts', "import { sendGreetingJob } from './send-greeting.ts';", 'jobs', 'sendGreetingJob');

function register(registry: string, line: string, list: string, name: string): void {
  const start = new RegExp(`^export const ${list}\\b.*= \\[$`, 'm');
  expect(textOf(registry)).toMatch(start);
  files.set(registry, `${line}\n${textOf(registry).replace(start, `$&\n  ${name},`)}`);
}

function write(below: string, text: (path: string, written: string) => string): void {
  for (const [path, written] of files) {
    mkdirSync(dirname(join(below, path)), { recursive: true });
    writeFileSync(join(below, path), text(path, written));
  }
}

it('type checks', () => {
  write(folder, (_path, written) => written);
  const compilerOptions = {
    rootDir: parse(top).root, // above both, wherever the checkout lies
    rootDirs: [top, folder],
    incremental: false,
    tsBuildInfoFile: null,
  };
  const config = { extends: join(top, 'tsconfig.json'), compilerOptions, include: [], files: [...files.keys()] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { stdout } = spawnSync(process.execPath, [join(top, 'node_modules/typescript/bin/tsc'), '-p', folder], {
    encoding: 'utf8',
  });

  expect(stdout).toBe('');
});

it('greets at once, and then from the job', async () => {
  const run = join(folder, 'run');
  write(run, (path, written) =>
    written.replaceAll(/ from '(\.[^']*)'/g, (_all, target: string) => {
      const to = relative(run, resolve(run, dirname(path), target));
      return ` from '${join(files.has(to) ? run : top, to)}'`;
    }),
  );
  const { commands }: { commands: typeof Commands } = await import(join(run, 'src/commands/index.ts'));
  const { jobs }: { jobs: typeof Jobs } = await import(join(run, 'jobs/index.ts'));
  const bot = await testBot({ commands, jobs });

  const { text } = await bot.type('bob', undefined, 'greet me');

  expect(text).toContain('A greeting is on its way.');
  expect(bot.find('console:bob', 'Good day to you.')).toContain('Good day to you.');
  await bot.close();
});
