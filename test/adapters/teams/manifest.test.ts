import { describe, expect, it } from 'vitest';
import { Manifest, manifestOf } from '../../../adapters/teams/manifest.ts';
import { packageFiles } from '../../../scripts/teams-package.ts';
import { commands } from '../../../src/commands/index.ts';
import { parseSentence } from '../../../src/language/patterns.ts';
import { appId } from '../../fakes/teams/world.ts';

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
