import type { DraftMessage } from '../message/model.ts';
import { list, note, paragraph, strong, text } from '../message/text.ts';
import type { Reading } from './reading.ts';
import { currentAverage, verdictNames } from './verdict.ts';
import { seconds } from './words.ts';

/** What a heartbeat is, what event 1040 says and what it does not, and how each verdict is come to. */
export function explainMessage(reading: Reading | undefined): DraftMessage {
  const [lowest] = (reading?.servers ?? [])
    .flatMap((server) => {
      const average = currentAverage(server);
      return average === undefined ? [] : [{ server: server.server, average, threshold: server.values.threshold }];
    })
    .sort((a, b) => a.average - b.average);
  return {
    title: 'Direct Push, heartbeats and event 1040',
    tone: 'neutral',
    blocks: [
      paragraph(
        'A phone asks Exchange “tell me when mail comes, or after so many seconds” and waits on the open connection. Those seconds are its heartbeat. Nothing else passes on the connection meanwhile, so every box on the way sees it as idle.',
      ),
      list(
        text(
          strong('When a box closes idle connections earlier, '),
          'the phone tries a shorter heartbeat until it is answered, and stays there. It then connects many times an hour: batteries and connections pay for it.',
        ),
        text(
          strong('Event 1040 '),
          'is a warning of Exchange: the average of the last 200 heartbeats that phones asked for is at or under 540 s. The first number in it is that average in seconds, not a count. It says that phones settled for short waits, not why.',
        ),
        text(
          strong('One app with many short waits '),
          'can bring the average down alone. That is no firewall, so I say when the average would be well without a few clients.',
        ),
        text(
          strong('The edge is estimated from the logs: '),
          'connections that end near one length while hardly any outlives it; or answers that never come beyond some length although phones ask for more. Too little evidence is said to be too little.',
        ),
        text(
          strong('For a wipe '),
          'a short heartbeat is quick: the phone hears of it when it next asks. After the repair a quiet phone may wait up to an hour; mail makes it ask sooner.',
        ),
      ),
      ...(lowest === undefined
        ? []
        : [
            paragraph(
              strong('Now: '),
              `on ${lowest.server} the average is ${seconds(lowest.average)}; event 1040 comes at ${seconds(lowest.threshold)} or less.`,
            ),
          ]),
      paragraph(
        strong('Verdicts: '),
        `${verdictNames['edge-too-short']} (something on the way cuts), ${verdictNames['clients-too-short']} (phones ask for little and nothing cuts), ${verdictNames['values-wrong']} (web.config), ${verdictNames['too-little-data']}, ${verdictNames.healthy}.`,
      ),
      note(
        'The four values stand in ClientAccess\\Sync\\web.config on every Mailbox server (defaults 60, 3540, 200, 540). They take effect when MSExchangeSyncAppPool is recycled, and an update of Exchange writes the file anew.',
      ),
    ],
  };
}
