import { outcomeWord } from '../../incidents/wipe/machine.ts';
import type { Block } from '../../message/model.ts';
import { list, paragraph, strong, text } from '../../message/text.ts';
import type { WipeInTheWay } from './preview.ts';

/** Wipes that a block would keep from arriving: said wherever somebody could decide on it. */
export function wipeWarnings(wipes: readonly WipeInTheWay[]): Block<never>[] {
  if (wipes.length === 0) return [];
  const stopped = wipes.filter(({ stops }) => stops);
  return [
    paragraph(
      strong(
        stopped.length > 0
          ? `${stopped.length} of these phones ${stopped.length === 1 ? 'has a wipe on its way' : 'have wipes on their way'}, which a block would stop. I refuse to block until that is over:`
          : 'A wipe of one of these phones waits for approval; blocked, the phone would never hear of it:',
      ),
    ),
    list(...wipes.map(({ incident, owner, state }) => text(`INC-${incident} · ${owner} · ${outcomeWord(state)}`))),
  ];
}
