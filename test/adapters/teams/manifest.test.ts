import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { manifestOf } from '../../../adapters/teams/manifest.ts';
import { packageFiles } from '../../../scripts/teams-package.ts';
import { commands } from '../../../src/commands/index.ts';
import { parseSentence } from '../../../src/language/patterns.ts';
import { appId } from '../../fakes/teams/world.ts';

/** As Teams checks it: developer.microsoft.com/json-schemas/teams/v1.19/MicrosoftTeams.schema.json. */
const httpsUrl = z.url({ protocol: /^https$/ }).max(2_048);

/** The lengths that Teams refuses to go over. */
const Command = z.strictObject({ title: z.string().min(1).max(32), description: z.string().min(1).max(128) });

const Manifest = z.strictObject({
  $schema: z.string(),
  manifestVersion: z.literal('1.19'),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  id: z.uuid(),
  developer: z.strictObject({
    name: z.string().min(1).max(32),
    websiteUrl: httpsUrl,
    privacyUrl: httpsUrl,
    termsOfUseUrl: httpsUrl,
  }),
  icons: z.strictObject({ color: z.literal('color.png'), outline: z.literal('outline.png') }),
  name: z.strictObject({ short: z.string().min(1).max(30), full: z.string().max(100) }),
  description: z.strictObject({ short: z.string().min(1).max(80), full: z.string().min(1).max(4_000) }),
  accentColor: z.string().regex(/^#[0-9A-F]{6}$/),
  bots: z.array(
    z.strictObject({
      botId: z.uuid(),
      scopes: z.array(z.enum(['personal', 'team', 'groupChat'])),
      supportsFiles: z.literal(false),
      isNotificationOnly: z.literal(false),
      commandLists: z
        .array(
          z.strictObject({
            scopes: z.array(z.enum(['personal', 'team', 'groupChat'])),
            commands: z.array(Command).min(1).max(10),
          }),
        )
        .max(3),
    }),
  ),
  composeExtensions: z.array(
    z.strictObject({
      botId: z.uuid(),
      commands: z.array(
        z.strictObject({
          id: z.string().max(64),
          type: z.literal('action'),
          title: z.string().max(32),
          description: z.string().max(128),
          context: z.array(z.literal('message')),
          fetchTask: z.literal(true),
        }),
      ),
    }),
  ),
  permissions: z.array(z.enum(['identity', 'messageTeamMembers'])),
  validDomains: z.array(z.string()),
  defaultInstallScope: z.literal('personal'),
});

const input = { appId, name: 'Mislaid', version: '1.0.0', website: 'https://contoso.example/mislaid' };

describe('the Teams app', () => {
  it('has every file that Teams wants, icons in their sizes', () => {
    const files = packageFiles(input);

    expect(Manifest.parse(JSON.parse(Buffer.from(files['manifest.json'] ?? []).toString('utf8')))).toEqual(
      manifestOf(input),
    );
    expect(sizeOf(files['color.png'])).toEqual([192, 192]);
    expect(sizeOf(files['outline.png'])).toEqual([32, 32]);
  });

  it('suggests only what the bot understands', () => {
    const lists = manifestOf(input).bots[0]?.commandLists ?? [];
    for (const { title } of lists.flatMap((list) => list.commands)) {
      const sentence = title === 'lost device' ? 'lost device alice' : title;
      expect(parseSentence(sentence, commands), title).toMatchObject({ kind: 'match' });
    }
    expect(lists).toHaveLength(2);
  });

  it('is refused here, not by Teams, when something is too long or no address', () => {
    expect(() => manifestOf({ ...input, name: 'x'.repeat(31) })).toThrow();
    expect(() => manifestOf({ ...input, website: 'http://contoso.example' })).toThrow();
    expect(() => manifestOf({ ...input, appId: 'not an id' })).toThrow();
  });
});

/** Width and height of a PNG, from its header. */
function sizeOf(png: Uint8Array | undefined): number[] {
  const bytes = Buffer.from(png ?? []);
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}
