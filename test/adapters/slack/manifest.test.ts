/** The Slack app asks for what the code uses, and for nothing else. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { scopes } from '../../../adapters/slack/doctor.ts';
import { shortcutCallback } from '../../../adapters/slack/events.ts';
import { eventsPath } from '../../../adapters/slack/receivers.ts';

const folder = join(import.meta.dirname, '../../../adapters/slack');
const code = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(folder, file), 'utf8'))
  .join('\n');

const Manifest = z.object({
  features: z.object({
    slash_commands: z.array(z.object({ command: z.string(), url: z.string(), should_escape: z.boolean() })),
    shortcuts: z.array(z.object({ type: z.string(), callback_id: z.string() })),
  }),
  oauth_config: z.object({ scopes: z.strictObject({ bot: z.array(z.string()) }) }),
  settings: z.object({
    event_subscriptions: z.object({ request_url: z.string(), bot_events: z.array(z.string()) }),
    interactivity: z.object({ is_enabled: z.literal(true), request_url: z.string() }),
  }),
});
const manifest = Manifest.parse(parse(readFileSync(join(folder, 'manifest.yaml'), 'utf8')));

/** docs.slack.dev/reference/methods: the bot scopes of each method, for the conversations that the bot is in. */
const scopesOf: Record<string, readonly string[]> = {
  'auth.test': [],
  'chat.postEphemeral': ['chat:write'],
  'chat.postMessage': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.history': ['channels:history', 'groups:history', 'im:history'],
  'conversations.open': ['im:write'],
  'conversations.replies': ['channels:history', 'groups:history', 'im:history'],
  'files.uploadV2': ['files:write'],
  'usergroups.users.list': ['usergroups:read'],
  // The address comes with users:read.email.
  'users.info': ['users:read', 'users:read.email'],
  'views.open': [],
  'views.publish': [],
  'views.update': [],
};

/** docs.slack.dev/reference/events */
const scopesOfEvent: Record<string, readonly string[]> = {
  app_home_opened: [],
  app_mention: ['app_mentions:read'],
  app_uninstalled: [],
  'message.im': ['im:history'],
  tokens_revoked: [],
};

describe('the manifest of the Slack app', () => {
  it('asks for the scopes of what the code calls, and for no others', () => {
    const called = new Set(
      [...code.matchAll(/\.(?:interactive|posting|lookUps)\s*\.(\w+(?:\s*\.\w+)+)\(/g)].map(([, name]) =>
        (name ?? '').replaceAll(/\s/g, ''),
      ),
    );
    for (const name of called) expect(scopesOf, `${name} is not in the table`).toHaveProperty([name]);
    expect([...called].sort()).toEqual(Object.keys(scopesOf).sort());

    const needed = [
      ...[...called].flatMap((name) => scopesOf[name] ?? []),
      ...manifest.settings.event_subscriptions.bot_events.flatMap((event) => scopesOfEvent[event] ?? ['unknown event']),
      // The slash command and the shortcut.
      'commands',
    ];
    expect([...manifest.oauth_config.scopes.bot].sort()).toEqual([...new Set(needed)].sort());
    expect([...scopes].sort()).toEqual([...new Set(needed)].sort());
  });

  it('subscribes to the events that have a listener', () => {
    const heard = [...code.matchAll(/app\.event\('(\w+)'/g)].map(([, name]) =>
      name === 'message' ? 'message.im' : name,
    );
    const looped = /for \(const type of \[([^\]]*)\] as const\)/.exec(code)?.[1]?.match(/\w+/g) ?? [];

    expect([...manifest.settings.event_subscriptions.bot_events].sort()).toEqual([...heard, ...looped].sort());
  });

  it('sends everything to the one address, with mentions as ids', () => {
    const [command] = manifest.features.slash_commands;
    const { event_subscriptions: events, interactivity } = manifest.settings;

    for (const url of [command?.url, events.request_url, interactivity.request_url])
      expect(url?.endsWith(eventsPath)).toBe(true);
    expect(command).toMatchObject({ command: '/mislaid', should_escape: true });
    expect(manifest.features.shortcuts).toMatchObject([{ type: 'message', callback_id: shortcutCallback }]);
  });
});
