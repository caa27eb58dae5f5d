/**
 * Two looks at the types. The first is at the saved files alone, from a compiler that keeps the program in memory: it takes
 * a second at most, and the bot is not started again with what it finds. The second is at everything (tests, too), beside the new bot.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join, relative } from 'node:path';
import { API, type Diagnostic } from 'typescript/unstable/async';
import { compiler } from './compile.ts';
import type { Changes } from './sources.ts';

export type Checker = {
  /** One text for each problem in the files that were saved, with its place. */
  problemsIn(changes: Changes): Promise<string[]>;
  close(): Promise<void>;
};

export async function openChecker(top: string): Promise<Checker> {
  const project = join(top, 'tsconfig.build.json');
  const api = new API({ cwd: top });
  let snapshot = await api.updateSnapshot({ openProjects: [project] });

  return {
    problemsIn: async ({ changed, removed }) => {
      const absolute = (paths: readonly string[]) => paths.map((path) => join(top, path));
      const next = await api.updateSnapshot({
        fileChanges: { changed: absolute(changed), deleted: absolute(removed) },
      });
      await snapshot.dispose();
      snapshot = next;
      const program = snapshot.getProject(project)?.program;
      if (program === undefined) return [`${project} cannot be read`];
      const found: string[] = [];
      for (const file of absolute(changed)) {
        const syntax = await program.getSyntacticDiagnostics(file);
        const problems = syntax.length > 0 ? syntax : await program.getSemanticDiagnostics(file);
        found.push(...problems.map((problem) => told(top, problem)));
      }
      return found;
    },
    close: () => api.close(),
  };
}

function told(top: string, { fileName, pos, code, ...problem }: Diagnostic): string {
  const text = textOf(problem).join('\n  ');
  if (fileName === undefined) return `error TS${code}: ${text}`;
  const before = readFileSync(fileName, 'utf8').slice(0, pos).split('\n');
  return `${relative(top, fileName)}:${before.length}:${(before.at(-1)?.length ?? 0) + 1} error TS${code}: ${text}`;
}

function textOf({ text, messageChain = [] }: Pick<Diagnostic, 'text' | 'messageChain'>): string[] {
  return [text, ...messageChain.flatMap(textOf)];
}

/** Checks everything at the lowest priority; `tell` gets what the compiler said, empty when all is well. Answers how to end it early. */
export function checkEverything(top: string, tell: (problems: string) => void): () => void {
  const options = ['--incremental', '--tsBuildInfoFile', join(top, '.dev/everything.tsbuildinfo'), '--pretty', 'false'];
  const child = spawn(compiler(), ['-p', join(top, 'tsconfig.json'), ...options], {
    cwd: top,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.on('error', () => {});
  child.on('close', (code) => {
    if (code !== null) tell(said.trim());
  });
  return () => child.kill();
}
