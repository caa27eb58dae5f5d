/** Who the bot is: Slack is asked until it says so, and nothing is taken before that. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { z } from 'zod';
import { backOff } from '../../src/ground/back-off.ts';
import { minute } from '../../src/ground/durations.ts';
import { Remembered } from '../../src/ground/remembered.ts';
import type { Clients } from './clients.ts';
import { slackErrorOf } from './failures.ts';

/** As auth.test said. */
export type Self = { readonly team: string; readonly botId: string; readonly botUser: string };

const AuthTest = z.object({ team_id: z.string(), user_id: z.string(), bot_id: z.string() });

const waits = { first: 500, most: minute };

export class SelfKnowledge {
  readonly #clients: Clients;
  readonly #log: Logger;
  readonly #asked = new Remembered<Self>({ most: 1 });
  readonly #stopping = new AbortController();
  #self: Self | undefined;

  constructor(clients: Clients, log: Logger) {
    this.#clients = clients;
    this.#log = log;
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** undefined: not known yet, or the bot is stopping. */
  known(): Self | undefined {
    return this.isStopped ? undefined : this.#self;
  }

  /** Asked once, and again by the next who wants to know where Slack did not say. */
  ask(): Promise<Self> {
    return this.#asked.get('self', async () => {
      const {
        team_id: team,
        user_id: botUser,
        bot_id: botId,
      } = AuthTest.parse(await this.#clients.lookUps.auth.test());
      this.#self = { team, botUser, botId };
      this.#log.info({ team }, 'Slack knows the bot');
      return this.#self;
    });
  }

  /** Asks until it is known, or the bot stops. */
  async learn(): Promise<void> {
    for (let failures = 1; this.#self === undefined && !this.isStopped; failures++) {
      try {
        await this.ask();
      } catch (error) {
        const code = slackErrorOf(error);
        this.#log.error({ err: error, code }, 'Slack does not say who the bot is; commands are not taken yet');
        await pause(backOff(failures, waits), undefined, this.#stopping).catch(() => undefined);
      }
    }
  }

  stop(): void {
    this.#stopping.abort();
  }
}
