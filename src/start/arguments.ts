import { parseArgs } from 'node:util';
import { z } from 'zod';
import { hostError } from '../ground/errors.ts';

/** What the command line says; everything else is configuration. */
export type StartArguments = {
  /** `doctor`: look at everything, print a table, exit 0 or 1. */
  command: 'run' | 'doctor';
  console: boolean;
  /** The lab in a browser: `--web`, `--no-web`; undefined: beside a console on a terminal. */
  web: boolean | undefined;
  /** The console goes on where the one before it was stopped. */
  resume: boolean;
  json: boolean;
  /** Seconds after the end of input in which nothing may be runnable any more. */
  waitSeconds: number;
  /** Waiting for a phone or a clock counts too. */
  untilSettled: boolean;
  help: boolean;
  version: boolean;
};

export const usageText = `mislaid [doctor] [--console] [--[no-]web] [--resume] [--json] [--wait <seconds>] [--until-settled] [--version]

  doctor            looks at everything that the bot needs and prints a table with remedies; exits 1 if a row fails
  --console         opens the console chat although a chat platform is configured
  --web, --no-web   opens the lab for a browser, or does not; without either, it opens beside the console on a terminal
  --resume          on a terminal: goes on where the console was stopped from outside, with the line that was being typed
  --json            not on a terminal: prints every post, edit, reply and private message as one JSON line
  --wait <seconds>  at the end of input, waits so long at most until nothing is runnable (default 60); exits 3 if something still is
  --until-settled   at the end of input, also waits for phones and clocks
  --version         says which version this is

Settings come from the environment: see .env.example.`;

const Command = z
  .union([z.tuple([]), z.tuple([z.literal('doctor')])])
  .transform(([command]) => command ?? ('run' as const));

/** Throws MislaidError `bad-arguments`. */
export function readArguments(argv: readonly string[]): StartArguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        console: { type: 'boolean', default: false },
        web: { type: 'boolean', default: false },
        'no-web': { type: 'boolean', default: false },
        resume: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        wait: { type: 'string', default: '60' },
        'until-settled': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'v', default: false },
      },
    });
    return {
      command: Command.parse(positionals),
      console: values.console,
      web: values['no-web'] ? false : values.web ? true : undefined,
      resume: values.resume,
      json: values.json,
      waitSeconds: z.coerce.number().positive().max(86_400).parse(values.wait),
      untilSettled: values['until-settled'],
      help: values.help,
      version: values.version,
    };
  } catch (cause) {
    throw hostError({
      code: 'bad-arguments',
      message: `The command line was not understood.\n\n${usageText}`,
      cause,
    });
  }
}
