import { z } from 'zod';
import type { Dimension } from '../../apps/overview.ts';
import type { JobPayloads } from '../../store/work.ts';
import { answerLater } from '../arguments.ts';
import { type Command, defineCommand } from '../command.ts';

type View = JobPayloads['show-apps']['view'];

/** A question that a job answers privately, once it has read devices and logs. */
function defineView<Args>(
  record: Pick<Command<Args>, 'intents' | 'id' | 'patterns' | 'examples' | 'args' | 'summary' | 'details'>,
  viewOf: (args: Args) => View,
): Command<Args> {
  return defineCommand({
    ...record,
    topic: 'apps',
    roles: ['helpdesk', 'security', 'admin'],
    effect: 'read',
    run: (context, args) =>
      answerLater(context, 'I am reading devices and logs and will answer here.', (change, to) =>
        change.enqueue('show-apps', {
          organisation: context.organisation,
          view: viewOf(args),
          person: context.actor.person.guid,
          ...to,
        }),
      ),
  });
}

const spoken: Readonly<Record<string, Dimension>> = {
  type: 'type',
  model: 'model',
  agent: 'agent',
  'user agent': 'agent',
  os: 'os',
};

export const appsCommand = defineView(
  {
    id: 'apps',
    patterns: ['apps', 'apps by <by:type|model|user agent|agent|os>'],
    examples: ['apps', 'apps by model', 'apps by user agent'],
    args: z.object({ by: z.string().default('app') }),
    intents: [
      {
        title: 'Show which apps read mail',
        needs: ['which', 'app'],
        likes: ['use', 'app'],
        never: ['new', 'blocked', 'block', 'person'],
        about: 'nothing',
        strangers: 1,
      },
    ],
    summary: 'Which apps read mail here: people, phones, requests, first and last seen',
    details: 'Joins what Exchange lists with what the logs show. What is new since your last look is marked.',
  },
  ({ by }) => ({ kind: 'apps', by: spoken[by] ?? 'app' }),
);

export const appsNewCommand = defineView(
  {
    id: 'apps-new',
    patterns: ['apps new', 'new apps'],
    examples: ['apps new'],
    args: z.object({}),
    intents: [
      {
        title: 'Show apps that are new',
        needs: ['app', 'new'],
        likes: ['which'],
        never: ['block', 'person'],
        about: 'nothing',
        strangers: 1,
      },
    ],
    summary: 'Apps and phones that are new since your last look',
  },
  () => ({ kind: 'new' }),
);

export const AppArgument = z.string().trim().min(1, 'Which app?').max(100);

export const appCommand = defineView(
  {
    id: 'app',
    patterns: ['app <app...>', 'who uses <app...>'],
    examples: ['app CloudMagic', 'who uses CloudMagic'],
    args: z.object({ app: AppArgument }),
    intents: [
      {
        title: 'Show who uses an app',
        needs: [
          ['uses', 'app'],
          ['who', 'question'],
        ],
        likes: ['app'],
        never: ['person', 'phone', 'wipe', 'password', 'lost', 'helping', 'blocked', 'block', 'unblock'],
        about: 'app',
        strangers: 1,
      },
    ],
    summary: 'Who uses one app, since when, from where, and the exact names it gives itself',
  },
  ({ app }) => ({ kind: 'app', app }),
);

export const blockedAppsCommand = defineView(
  {
    id: 'blocked-apps',
    patterns: ['blocked apps', 'blocked (devices|phones)'],
    examples: ['blocked apps'],
    args: z.object({}),
    intents: [
      {
        title: 'Show what is blocked',
        needs: ['blocked', ['which', 'question', 'app']],
        likes: ['app'],
        never: ['person'],
        about: 'nothing',
        strangers: 1,
      },
    ],
    summary:
      'Every device access rule with what it catches and denied, and phones that are blocked or quarantined and why',
  },
  () => ({ kind: 'blocked' }),
);
