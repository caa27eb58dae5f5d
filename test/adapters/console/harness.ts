import { PassThrough } from 'node:stream';
import { z } from 'zod';
import { ConsoleAdapter, type ConsoleEnd, type ConsoleOptions } from '../../../adapters/console/index.ts';
import type { ChatAdapter } from '../../../src/chat/port.ts';
import { sceneNow, sceneZone } from '../../gallery/samples/scene.ts';

/** A console over streams in memory. */
export type TestConsole = {
  adapter: ChatAdapter;
  /** Everything written so far. */
  written(): string;
  /** Types one line; resolves when it was handled and its answer shown. */
  type(line: string): Promise<void>;
  /** Types without waiting, as keys come. */
  keys(text: string): void;
  endInput(): void;
  ends: readonly ConsoleEnd[];
};

export function openTestConsole(options: Partial<ConsoleOptions> = {}): TestConsole {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), { columns: 80, rows: 40 });
  let written = '';
  output.on('data', (data: Buffer) => {
    written += data.toString('utf8');
  });
  const waiting: (() => void)[] = [];
  const ends: ConsoleEnd[] = [];
  let token = 0;
  const adapter = new ConsoleAdapter({
    input,
    output,
    isTerminal: false,
    json: false,
    colour: false,
    clock: { now: () => sceneNow },
    ids: { token: () => `token${++token}`, uuid: () => '00000000-0000-4000-8000-000000000000' },
    timeZone: sceneZone,
    personas: [
      { name: 'hana', displayName: 'Hana' },
      { name: 'otto', displayName: 'Otto', email: 'otto@contoso.example' },
    ],
    canImpersonate: true,
    who: 'hana',
    place: 'console:#helpdesk',
    settled: async () => waiting.shift()?.(),
    onEnd: (why) => ends.push(why),
    ...options,
  });
  return {
    adapter,
    written: () => written,
    type: (line) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        input.write(`${line}\n`);
      }),
    keys: (text) => input.write(text),
    endInput: () => input.end(),
    ends,
  };
}

/** The JSON lines written so far. */
export function jsonLines(written: string) {
  return written
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JsonLine.parse(JSON.parse(line)));
}

const JsonLine = z.looseObject({
  kind: z.string(),
  place: z.string().optional(),
  to: z.string().optional(),
  ref: z.string().optional(),
  text: z.string(),
  form: z.union([z.string(), z.looseObject({ title: z.string() })]).optional(),
  errors: z.record(z.string(), z.string()).optional(),
  values: z.record(z.string(), z.unknown()).optional(),
});
