import type { Block, Intent, Span } from '../../message/model.ts';
import { list, paragraph, text, time } from '../../message/text.ts';
import type { IncidentView } from './view.ts';

/** Remarks that change how everything else is read: the owner says found, Exchange is away, drills. */
export function remarks(view: IncidentView): Block<Intent>[] {
  const blocks: Block<Intent>[] = [];
  const found = view.events.findLast((event) => event.kind === 'owner.says-found');
  const verified = view.events.some(
    (event) => event.kind === 'incident.found' && found !== undefined && event.id > found.id,
  );
  if (found !== undefined && !verified) {
    blocks.push(
      paragraph(
        { kind: 'strong', text: 'The owner says that it was found: not verified.' },
        ' Said from chat, ',
        time(found.at),
        `, and the lost phone may hold that chat. Reach the owner another way, then say "found INC-${view.incident.number}".`,
      ),
    );
  }
  const away = view.events.findLast((event) => event.kind === 'exchange.away' || event.kind === 'devices.read');
  if (away?.kind === 'exchange.away') {
    blocks.push(
      paragraph(
        { kind: 'strong', text: 'Exchange does not answer.' },
        ' First noticed ',
        time(away.at),
        '. What was said is stored; I go on by myself when Exchange is back, and will say so here.',
      ),
    );
  }
  return blocks;
}

/** Short lines about what people did, newest last. */
export function doneLines(view: IncidentView): Block<Intent>[] {
  const lines: (readonly (string | Span)[])[] = view.events
    .filter((event) => event.kind === 'step.ticked')
    .map((event) => [
      '✔ ',
      String(event.data.what ?? ''),
      ` — ${event.actorGuid === null ? 'Mislaid' : (view.names.get(event.actorGuid) ?? 'somebody')}, `,
      time(event.at),
    ]);
  return lines.length === 0 ? [] : [list(...lines.map((line) => text(...line)))];
}
