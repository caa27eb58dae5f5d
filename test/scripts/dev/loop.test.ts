import { describe, expect, it } from 'vitest';
import type { Bot } from '../../../scripts/dev/bot.ts';
import { createLoop, type LoopParts } from '../../../scripts/dev/loop.ts';
import { eventually } from '../../setup/eventually.ts';

type FakeBot = Bot & { readonly did: string[]; becomeReady(): void; end(code: number): void };

function fakeBot(): FakeBot {
  const did: string[] = [];
  let becomeReady = (): void => {};
  let end = (_code: number): void => {};
  const ready = new Promise<void>((resolve) => {
    becomeReady = resolve;
  });
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  return {
    did,
    load: () => did.push('load'),
    go: () => did.push('go'),
    print: (text) => did.push(text),
    ready,
    ended,
    stop: async () => {
      did.push('stop');
      end(0);
    },
    becomeReady,
    end,
  };
}

function start(parts: Partial<LoopParts> = {}) {
  const bots: FakeBot[] = [];
  const loop = createLoop({
    openBot: () => {
      const bot = fakeBot();
      bots.push(bot);
      return bot;
    },
    problemsIn: async () => [],
    compile: async () => {},
    checkEverything: () => () => {},
    now: () => 0,
    ...parts,
  });
  const bot = (index: number): FakeBot => {
    const found = bots[index];
    if (found === undefined) throw new Error(`no bot ${index}`);
    return found;
  };
  const running = () => bots.filter(({ did }) => did.includes('go') && !did.includes('stop'));
  return { loop, bots, bot, running };
}

const saved = { changed: ['src/a.ts'], removed: [] };

describe('the loop of npm run dev', () => {
  it('starts a bot again with what was saved, in the process that waited', async () => {
    const { loop, bots, bot, running } = start();
    bot(0).becomeReady();
    await eventually(() => expect(bots).toHaveLength(2));

    loop.changed(saved);

    await eventually(() => expect(bot(1).did).toEqual(['load', 'go']));
    expect(bot(0).did).toEqual(['go', 'stop']);
    expect(running()).toEqual([bot(1)]);
    bot(1).becomeReady();
    await eventually(() => expect(bot(1).did.at(-1)).toMatch(/src\/a\.ts: started again/));
  });

  it('lets the bot go on where the saved file has a problem, and takes the file in with the next one that has none', async () => {
    const compiled: string[][] = [];
    let problems = ['src/a.ts:1:1 error TS2322: no'];
    const { loop, bot, running } = start({
      problemsIn: async () => problems,
      compile: async ({ changed }) => {
        compiled.push([...changed]);
      },
    });
    loop.changed(saved);
    await eventually(() => expect(bot(0).did.at(-1)).toMatch(/error TS2322: no\ndev: the bot goes on as it was/));
    expect(running()).toEqual([bot(0)]);

    problems = [];
    loop.changed({ changed: ['src/b.ts'], removed: [] });

    await eventually(() => expect(bot(0).did).toContain('stop'));
    expect(compiled.at(-1)).toEqual(['src/a.ts', 'src/b.ts']);
    await eventually(() => expect(running()).toHaveLength(1));
  });

  it('starts once for what was saved in one go', async () => {
    const starts: string[][] = [];
    const { loop, running, bots } = start({
      compile: async ({ changed }) => {
        starts.push([...changed]);
      },
    });

    for (const path of ['src/a.ts', 'src/b.ts', 'src/c.ts']) loop.changed({ changed: [path], removed: [] });

    await eventually(() => expect(bots[0]?.did).toContain('stop'));
    await eventually(() => expect(running()).toHaveLength(1));
    expect(starts).toEqual([['src/a.ts', 'src/b.ts', 'src/c.ts']]);
  });

  it('waits for a mend when the bot dies, and starts it then', async () => {
    const { loop, bot, running } = start();
    bot(0).end(1);
    await bot(0).ended;

    loop.changed(saved);

    await eventually(() => expect(running()).toEqual([bot(0), bot(1)]));
    expect(bot(0).did).not.toContain('stop');
  });

  it('tells what the look at everything found, and when that is gone', async () => {
    const tells: ((problems: string) => void)[] = [];
    const { bot } = start({
      checkEverything: (tell) => {
        tells.push(tell);
        return () => {};
      },
    });
    bot(0).becomeReady();
    await eventually(() => expect(tells).toHaveLength(1));

    tells[0]?.('test/a.test.ts(1,1): error TS1: no');
    tells[0]?.('');
    tells[0]?.('');

    expect(bot(0).did.slice(1)).toEqual([
      expect.stringContaining('error TS1: no\ndev: the bot runs all the same'),
      'dev: all types are right again.',
    ]);
  });

  it('never leaves two looks at everything going, and none at its end', async () => {
    const going = new Set<number>();
    let looks = 0;
    const { loop, bot, running } = start({
      checkEverything: () => {
        const look = ++looks;
        going.add(look);
        return () => going.delete(look);
      },
    });
    // Not ready yet when a file is saved, and ready while that is being looked at.
    loop.changed(saved);
    bot(0).becomeReady();
    await eventually(() => expect(running()).toEqual([bot(1)]));
    bot(1).becomeReady();
    await eventually(() => expect(looks).toBe(2));
    expect(going.size).toBe(1);

    await loop.stop();

    expect(going.size).toBe(0);
  });

  it.each([0, 3])('ends with the bot that somebody ended (%i)', async (code) => {
    const { loop, bot } = start();

    bot(0).end(code);

    expect(await loop.ended).toBe(code);
  });

  it('stops every process', async () => {
    const { loop, bots, bot } = start();
    bot(0).becomeReady();
    await eventually(() => expect(bots).toHaveLength(2));

    await loop.stop();

    expect(bots.map(({ did }) => did.at(-1))).toEqual(['stop', 'stop']);
    expect(await loop.ended).toBe(0);
  });
});
