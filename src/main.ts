#!/usr/bin/env node
/** The composition root: the only file that imports adapters and jobs, reads the environment and ends the process. */
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createAnnouncements } from '../adapters/announcements.ts';
import { type AdapterEntry, adapters } from '../adapters/index.ts';
import { jobs } from '../jobs/index.ts';
import { standingMessages } from './chat/history.ts';
import { commands, labCommands } from './commands/index.ts';
import { type Config, readConfig, secretsOf } from './config.ts';
import { doctor } from './doctor/checks.ts';
import { doctorTable } from './doctor/table.ts';
import { labPhonesNow } from './exchange/lab/operations.ts';
import type { Place } from './ground/addresses.ts';
import { type Closing, createClosing } from './ground/closing.ts';
import type { DoctorRow } from './ground/doctor-row.ts';
import { MislaidError } from './ground/errors.ts';
import { randomIds } from './ground/ids.ts';
import type { AnyBotJob } from './incidents/job.ts';
import { parseSentence } from './language/patterns.ts';
import type { Policy } from './policy.ts';
import { readArguments, type StartArguments, usageText } from './start/arguments.ts';
import { type Bot, startBot } from './start/bot.ts';
import { createLogger, logFile } from './start/logging.ts';
import { loadPolicy } from './start/policy.ts';
import { projections } from './start/registries.ts';
import { waitUntilSettled } from './start/settled.ts';
import { version } from './start/version.ts';

/** Jobs that come again and again. */
const rounds = jobs.flatMap((job: AnyBotJob) => (job.round === true ? [job.name] : []));

/**
 * A second signal, or this long after the first, ends the process whatever is left: longer than jobs under way (30 s and 2) and
 * PostgreSQL (25 s) are waited for, or the database would be left running.
 */
const patienceMs = 60_000;

async function main(): Promise<void> {
  const started = readStart();
  if (started === undefined) return;
  if (started.args.command === 'doctor') {
    await printDoctor(started.config);
    return;
  }
  const { config, args, enabled, log, flush } = started;
  const closing = createClosing((name, error) => log.error({ err: error, name }, 'could not be closed in order'));
  // What is said to a terminal that is gone goes nowhere, and ends nothing.
  process.stderr.on('error', () => undefined);
  let ending = false;
  let hungUp = false;
  let starting: Promise<void> = Promise.resolve();
  const over = new Promise<number>((resolve) => {
    listenForEnd(resolve);
    process.on('unhandledRejection', (error) => {
      log.fatal({ err: error }, 'an unhandled rejection');
      resolve(1);
    });
    starting = run({ config, args, enabled, log, closing, end: resolve, onHangUp: () => (hungUp = true) }).catch(
      (error: unknown) => {
        if (ending) return;
        say(error);
        log.fatal({ err: error }, 'could not start');
        resolve(1);
      },
    );
  });
  process.exitCode = await over;
  ending = true;
  setTimeout(() => process.exit(process.exitCode ?? 1), patienceMs).unref();
  await closing.close();
  // A start that was overtaken ends at what it opens next (a database that had to be made first), and that is closed, too.
  await starting;
  await closing.close();
  log.info('stopped');
  flush();
  if (hungUp) endAsHungUp();
  // What a library left open must not keep a stopped bot alive.
  setTimeout(() => process.exit(), 500).unref();
}

type Started = {
  config: Config;
  args: StartArguments;
  enabled: readonly AdapterEntry[];
} & ReturnType<typeof createLogger>;

type Running = Omit<Started, 'flush'> & {
  closing: Closing;
  end: (code: number) => void;
  /** The terminal is gone. */
  onHangUp: () => void;
};

async function run({ config, args, enabled, log, closing, end, onHangUp }: Running): Promise<void> {
  const { policy, from } = loadPolicy(config);
  log.info({ policy: from, exchange: config.exchange }, 'starting');
  const onTerminal = isTerminal(args);
  let bot: Bot | undefined;
  /** Asked for while it starts: the policy was read before that, so it is read again once it runs. */
  let reloadWanted = false;
  // On a terminal it says that the terminal is gone; to a service, that its files changed.
  process.on('SIGHUP', () => {
    if (onTerminal) {
      onHangUp();
      end(0);
    } else if (bot === undefined) reloadWanted = true;
    else void bot.reloadPolicy();
  });
  let inputEnded = false;
  const finish = (): void => {
    if (bot === undefined || !inputEnded) return;
    waitUntilSettled(bot, { seconds: args.waitSeconds, untilSettled: args.untilSettled, rounds }).then(
      (settled) => end(settled ? 0 : 3),
      () => end(1),
    );
  };
  bot = await startBot({
    config,
    environment: process.env,
    policy,
    readPolicy: () => loadPolicy(config).policy,
    jobs,
    ids: randomIds,
    log,
    closing,
    doctor: () => lookAt(config),
    // The log of a bot with a console is a file.
    ...(onTerminal ? { announce: (sentence: string) => process.stderr.write(`${sentence}\n`) } : {}),
    adapters: ({ clock, sweep, store, mark, policy: now }) => {
      const canImpersonate = mark !== undefined && config.platforms.length === 0 && config.NODE_ENV !== 'production';
      const announcements = createAnnouncements();
      const personas = policy.people.flatMap(({ identities, name, roles }) =>
        identities
          .filter((identity) => identity.startsWith('console:'))
          .map((identity) => ({ name: identity.slice('console:'.length), displayName: name, roles })),
      );
      return Promise.all(
        enabled
          .filter(({ name }) => name !== 'web' || canImpersonate)
          .map((entry) =>
            entry.create({
              config,
              clock,
              ids: randomIds,
              log,
              timeZone: () => now.current.timeZone,
              helpdeskGroups: () => now.current.helpdeskGroups,
              announcements,
              web: {
                personas,
                places: () => consolePlaces(now.current),
                ...(config.exchange === 'lab' ? { phones: () => labPhonesNow(store.db) } : {}),
                history: () =>
                  standingMessages(
                    { store, projections, policy: now.current, clock, ids: randomIds, mark },
                    'console',
                    200,
                  ),
              },
              images: (id) =>
                store.db.selectFrom('image').select(['png', 'alt']).where('id', '=', id).executeTakeFirst(),
              console: {
                input: process.stdin,
                output: process.stdout,
                isTerminal: onTerminal,
                json: args.json,
                colour: onTerminal && process.env.NO_COLOR === undefined,
                clock,
                ids: randomIds,
                timeZone: policy.timeZone,
                personas,
                announcements,
                canImpersonate,
                who: canImpersonate ? 'hana' : userInfo().username.toLowerCase(),
                ...(canImpersonate ? { place: 'console:#helpdesk' } : {}),
                complete: (line) =>
                  [...commands, ...labCommands]
                    .flatMap((command) => command.examples)
                    .filter((example) => example.toLowerCase().startsWith(line.toLowerCase())),
                isCommand: (line) => parseSentence(line, [...commands, ...labCommands]).kind === 'match',
                historyFile: join(config.MISLAID_DATA, 'console-history'),
                ...(args.resume ? { resumeFile: join(config.MISLAID_DATA, 'console-resume.json') } : {}),
                settled: async () => {
                  await waitUntilSettled({ sweep }, { seconds: args.waitSeconds, untilSettled: false });
                },
                onEnd: (why) => {
                  if (why === 'output-closed' && onTerminal) onHangUp();
                  if (why !== 'end-of-input') end(why === 'output-closed' ? 1 : 0);
                  inputEnded = true;
                  finish();
                },
              },
            }),
          ),
      );
    },
  });
  if (reloadWanted) void bot.reloadPolicy();
  // Whoever started this process as its child and listens.
  if (process.connected) process.send?.('ready');
  finish();
}

function isTerminal({ json }: StartArguments): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true && !json;
}

/** The channels that people on the console and in the browser see. */
function consolePlaces({ channels, commandChannels }: Policy): Place[] {
  const all = [...Object.values(channels).flat(), ...commandChannels];
  return [...new Set(all)].filter((place) => place.startsWith('console:'));
}

/** Everything that the bot needs, the enabled chat platforms' own checks included. */
function lookAt(config: Config): Promise<DoctorRow[]> {
  const platforms = adapters.flatMap(({ name, enabled, check }) =>
    check === undefined || !enabled(config, { console: false, web: false })
      ? []
      : [{ name, check: () => check(config) }],
  );
  return doctor({ config, environment: process.env, platforms });
}

async function printDoctor(config: Config): Promise<void> {
  const rows = await lookAt(config);
  process.stdout.write(`${doctorTable(rows, process.stdout.columns ?? 120)}\n`);
  process.exitCode = rows.every((row) => row.ok) ? 0 : 1;
}

/** What is known before anything opens; undefined: there is nothing to run, and the person at the terminal was told. */
function readStart(): Started | undefined {
  try {
    const args = readArguments(process.argv.slice(2));
    if (args.version) {
      process.stdout.write(`${version()}\n`);
      return undefined;
    }
    if (args.help) {
      process.stdout.write(`${usageText}\n`);
      return undefined;
    }
    const config = readConfig(process.env);
    const { web = isTerminal(args) } = args;
    const enabled = adapters.filter((entry) => entry.enabled(config, { console: args.console, web }));
    const withConsole = config.MISLAID_ROLE !== 'worker' && enabled.some((entry) => entry.name === 'console');
    const logger = createLogger({
      level: config.LOG_LEVEL,
      to: withConsole ? { file: logFile(config.MISLAID_DATA) } : { stream: 'stdout' },
      secrets: secretsOf(config),
    });
    return { config, args, enabled, ...logger };
  } catch (error) {
    say(error);
    process.exitCode = 2;
    return undefined;
  }
}

/**
 * Node aborts, and may leave a core dump, when it puts a terminal back that is gone (EIO in ResetStdio); so a bot that was closed in
 * order ends by the signal that told it so, as programs do that do not take it.
 */
function endAsHungUp(): void {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}

function listenForEnd(end: (code: number) => void): void {
  let signals = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(1);
      end(0);
    });
  }
}

/** To the person at the terminal: one sentence with the mend, no stack. */
function say(error: unknown): void {
  const message =
    error instanceof MislaidError
      ? error.message
      : `Mislaid could not start: ${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`${message}\n`);
}

await main();
