import type { Bot } from './bot.ts';
import type { Changes } from './sources.ts';

/** A job that reads logs takes longer than anybody who saved a file wants to wait. */
const restartPatienceMs = 500;
/** As long as the bot itself waits before it ends whatever is left. */
const endPatienceMs = 60_000;
/** Exit codes by which a bot ends that somebody wanted to end: `quit`, or an input that is over (3: with work left). */
const wanted: readonly number[] = [0, 3];

export type LoopParts = {
  /** A process that waits to be a bot. */
  openBot(): Bot;
  /** Problems of the files that were saved. */
  problemsIn(changes: Changes): Promise<readonly string[]>;
  /** Writes the JavaScript of what was saved, removes that of what is gone. Rejects when something does not parse. */
  compile(changes: Changes): Promise<void>;
  /** Looks at everything, in its own time; answers how to end that. */
  checkEverything(tell: (problems: string) => void): () => void;
  now(): number;
};

export type Loop = {
  changed(changes: Changes): void;
  /** The code of the bot when somebody ended it; 0 after `stop`. */
  readonly ended: Promise<number>;
  stop(): Promise<void>;
};

/** Runs a bot, and another one each time that sources without a problem were saved. */
export function createLoop(parts: LoopParts): Loop {
  let current = parts.openBot();
  let runs = false;
  /** Its libraries are loaded while nobody waits for it. */
  let next: Bot | undefined;
  let stopping = false;
  /** Saved and removed since the bot that runs was started. */
  const unseen = { changed: new Set<string>(), removed: new Set<string>() };
  let turn = Promise.resolve();
  let turnsWaiting = 0;
  let endCheck = (): void => {};
  let toldProblems = false;
  let end: (code: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });

  function say(text: string): void {
    if (runs) current.print(text);
    else process.stderr.write(`${text}\n`);
  }

  function run(bot: Bot, onReady: () => void): void {
    current = bot;
    runs = true;
    bot.go();
    void bot.ready.then(() => {
      if (current !== bot || stopping) return;
      onReady();
      next ??= parts.openBot();
      // One that was ready only after the next file was saved.
      endCheck();
      endCheck = parts.checkEverything(hearOfEverything);
    });
    void bot.ended.then((code) => {
      if (current !== bot || stopping || !runs) return;
      runs = false;
      if (wanted.includes(code)) end(code);
      else say('dev: the bot has ended; it is started again when a file was saved.');
    });
  }

  function hearOfEverything(problems: string): void {
    if (problems !== '') say(`${problems}\ndev: the bot runs all the same; these places are not right.`);
    else if (toldProblems) say('dev: all types are right again.');
    toldProblems = problems !== '';
  }

  async function take(changes: Changes, savedAt: number): Promise<void> {
    note(changes);
    // What was saved meanwhile is part of it, and has a turn of its own.
    if (stopping || turnsWaiting > 0) return;
    const all = { changed: [...unseen.changed], removed: [...unseen.removed] };
    const bot = next ?? parts.openBot();
    next = bot;
    const loading = parts.compile(all).then(() => bot.load());
    const problems = await parts.problemsIn(all);
    if (problems.length > 0 || turnsWaiting > 0) {
      await loading.catch(() => {});
      next = undefined;
      await bot.stop(restartPatienceMs);
      if (stopping) return;
      next = parts.openBot();
      if (problems.length > 0) say(`${problems.join('\n')}\ndev: the bot goes on as it was.`);
      return;
    }
    await loading;
    unseen.changed.clear();
    unseen.removed.clear();
    await replace(bot, () => {
      const seconds = ((parts.now() - savedAt) / 1000).toFixed(1);
      say(`dev: ${[...all.changed, ...all.removed].join(', ')}: started again, ready after ${seconds} s.`);
    });
  }

  function note({ changed, removed }: Changes): void {
    for (const path of changed) {
      unseen.changed.add(path);
      unseen.removed.delete(path);
    }
    for (const path of removed) {
      unseen.removed.add(path);
      unseen.changed.delete(path);
    }
  }

  async function replace(bot: Bot, onReady: () => void): Promise<void> {
    if (runs) {
      runs = false;
      await current.stop(restartPatienceMs);
    }
    if (stopping) return;
    next = undefined;
    run(bot, onReady);
  }

  run(current, () => {});
  return {
    changed: (changes) => {
      const savedAt = parts.now();
      endCheck();
      turnsWaiting += 1;
      turn = turn
        .then(() => {
          turnsWaiting -= 1;
          return take(changes, savedAt);
        })
        .catch((error: unknown) => say(`dev: ${error instanceof Error ? error.message : String(error)}`));
    },
    ended,
    stop: async () => {
      stopping = true;
      endCheck();
      await Promise.all([current.stop(endPatienceMs), next?.stop(endPatienceMs)]);
      await turn;
      end(0);
    },
  };
}
