import type { Span, Tone } from '../../message/model.ts';
import { paragraph, strong } from '../../message/text.ts';
import type { Change } from '../../store/port.ts';
import { incidentSubject } from './timeline.ts';

/** A short reply under every card of the incident: what happened, and what follows from it. */
export function replyOnIncident(
  change: Change,
  incident: number,
  tone: Tone,
  headline: string,
  ...rest: readonly (string | Span)[]
): Promise<void> {
  return change.reply(incidentSubject(incident), { tone, blocks: [paragraph(strong(headline), ...rest)] });
}
