/** Where an app could be denied by a server's own web.config: looked at before anybody is asked to approve an edit. */
import { addDenyStrings } from '../../activesync/webconfig/deny-strings.ts';
import type { Block, Button, DraftMessage, Intent } from '../../message/model.ts';
import { button, buttons, list, note, paragraph, strong, text } from '../../message/text.ts';
import { type Servers, ServerUnreadable } from '../../servers/port.ts';
import { hashOf, pools } from './run-config.ts';
import { configWords } from './step-blocks.ts';
import type { AppBlock } from './steps.ts';

const kinds = ['easFrontEnd', 'ewsFrontEnd'] as const;

export async function configsMessage(servers: Servers, block: AppBlock): Promise<DraftMessage> {
  const strings = [block.name];
  const refused = new Map<string, string[]>();
  const possible: Button<Intent>[] = [];
  for (const server of servers.list()) {
    for (const config of kinds) {
      const where = `${server}, ${configWords[config]}`;
      try {
        const { bytes } = await servers.readConfig(server, config);
        const edit = addDenyStrings(bytes, strings);
        if ('refused' in edit) refused.set(edit.refused, [...(refused.get(edit.refused) ?? []), where]);
        else possible.push(...editButtons({ block, server, config, strings, hash: hashOf(bytes) }));
      } catch (error) {
        if (!(error instanceof ServerUnreadable)) throw error;
        refused.set(error.userMessage, [...(refused.get(error.userMessage) ?? []), where]);
      }
    }
  }
  const reasons = [...refused];
  const blocks: Block<Intent>[] = [
    ...(servers.list().length === 0
      ? [paragraph('There are no servers here whose web.config I could read. Exchange Online has none.')]
      : []),
    ...reasons.flatMap(([why, places]): Block<Intent>[] => [
      paragraph(strong('Not possible: '), `${why}.`),
      list(...places.map((place) => text(place))),
    ]),
    ...(possible.length === 0
      ? []
      : [
          paragraph(
            strong('Possible, each after an admin approved: '),
            `requests whose user agent holds “${block.name}” are denied by IIS (404.19). IIS usually takes a new filter in by itself. Recycling drops every phone that waits on that server.`,
          ),
          buttons(...possible),
        ]),
    note('A cumulative update rewrites these files; I look at edited ones again and again and tell security.'),
  ];
  return { title: `${block.name} in web.config`, tone: 'neutral', blocks };
}

function editButtons(input: {
  block: AppBlock;
  server: string;
  config: (typeof kinds)[number];
  strings: string[];
  hash: string;
}): Button<Intent>[] {
  const { block, server, config, strings, hash } = input;
  const short = config === 'ewsFrontEnd' ? 'EWS' : 'ActiveSync';
  const args = { block: block.id, server, config, strings, hash };
  return [
    button(`${server} ${short}`, 'block-app-config', { ...args, recycle: false }, { epoch: hash.slice(0, 12) }),
    button(
      `${server} ${short}, and recycle`,
      'block-app-config',
      { ...args, recycle: true },
      {
        style: 'danger',
        epoch: hash.slice(0, 12),
        confirm: {
          title: 'Recycle the pool?',
          text: `${pools[config]} on ${server} stops and starts: every request under way there is dropped, hanging connections of phones too, and all of them come back at once.`,
          ok: 'Ask for approval',
        },
      },
    ),
  ];
}
