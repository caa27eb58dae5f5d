import type { Block, Intent } from '../../message/model.ts';
import { paragraph, strong, time } from '../../message/text.ts';
import type { IncidentView } from './view.ts';

/** Remarks that change how everything else is read: the owner reports it found, Exchange is away. */
export function remarks({ incident, timeline }: IncidentView): Block<Intent>[] {
  const { unverifiedFindAt, exchangeAwaySince } = timeline;
  const blocks: Block<Intent>[] = [];
  if (unverifiedFindAt !== undefined) {
    blocks.push(
      paragraph(
        strong('The owner says that it was found: not verified.'),
        ' Said from chat, ',
        time(unverifiedFindAt),
        `, and the lost phone may hold that chat. Reach the owner another way, then say "found INC-${incident.number}".`,
      ),
    );
  }
  if (exchangeAwaySince !== undefined) {
    blocks.push(
      paragraph(
        strong('Exchange does not answer.'),
        ' First noticed ',
        time(exchangeAwaySince),
        '. What was said is stored; I go on by myself when Exchange is back, and will say so here.',
      ),
    );
  }
  return blocks;
}
