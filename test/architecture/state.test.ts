/** What changes belongs to what was opened: two bots in one process share nothing that two processes would not (test/setup/bot.ts). */
import { expect, it } from 'vitest';
import { sourceFiles, textOf } from './sources.ts';

/** Kept between calls, and the same for whoever asks: by a constant key, or by the connection itself. */
const remembered = [
  'src/activesync/store/write-clients.ts memories',
  'src/activesync/store/write-series.ts memories',
  'src/charts/render.ts loading',
  // By the transaction itself, and gone with it.
  'src/incidents/lock-order.ts heldBy',
  'src/language/patterns.ts compiled',
  // Filled as the module is loaded.
  'src/language/reading/lexicon.ts notionsByPhrase',
  'src/language/reading/lexicon.ts phrasesByFirst',
  'src/message/times.ts formatters',
  'src/servers/files/logs.ts spare',
];

it('no module keeps what changes, but for what is the same for everybody', () => {
  const found = sourceFiles()
    .filter((path) => path.startsWith('src/') || path.startsWith('jobs/'))
    .flatMap((path) => [
      ...namesIn(path, /^(?:export )?let (\w+)/gm),
      // An empty collection that is not typed as one that nobody changes.
      ...namesIn(
        path,
        /^(?:export )?const (\w+)(?:: (?![Rr]eadonly)[^=]+)? = (?:new (?:Weak)?(?:Map|Set)(?:<.*>)?\(\)|\[\]|\{\});/gm,
      ),
    ]);
  expect(found.sort()).toEqual(remembered);
});

function namesIn(path: string, pattern: RegExp): string[] {
  return [...textOf(path).matchAll(pattern)].map(([, name]) => `${path} ${name}`);
}
