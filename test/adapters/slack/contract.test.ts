import { chatAdapterContract } from '../../contracts/chat-adapter.ts';
import { text } from '../../fakes/slack/block-limits.ts';
import { standing } from '../../fakes/slack/workspace.ts';
import { helpdesk, slackAdapter, team } from './harness.ts';

for (const transport of ['http', 'socket'] as const) {
  chatAdapterContract(
    `Slack (${transport})`,
    async () => {
      const { slack, adapter, close } = await slackAdapter(transport);
      slack.workspace.channels.set('C0OLD', { archived: true, member: true });
      const userOf = (identity: string) => identity.replace(`slack:${team}/`, '');

      return {
        adapter,
        hana: `slack:${team}/U0HANA`,
        otto: `slack:${team}/U0OTTO`,
        nobody: `slack:${team}/U0NOBODY`,
        place: `slack:${team}/${helpdesk}`,
        deadPlace: `slack:${team}/C0OLD`,
        say: async (who, sentence, place) => {
          await (place === undefined
            ? slack.direct(userOf(who), sentence)
            : slack.command(userOf(who), sentence, userOf(place)));
        },
        click: async (who, action) => {
          await slack.press(userOf(who), action);
        },
        submit: async (who, values) => {
          await slack.submit(userOf(who), values);
        },
        sendAgain: async () => {
          await slack.sendAgain();
        },
        loseNextAnswer: () => slack.fail('chat.postMessage', { kind: 'reset-after' }),
        shownIn: (place) => slack.shownIn(userOf(place)),
        shownTo: (who) => slack.shownTo(userOf(who)),
        openForm: (who) => {
          const open = slack.openView(userOf(who));
          if (open === undefined) return undefined;
          const { title } = open.view;
          return { title: text(title, 'text'), errors: open.errors, values: standing(open) };
        },
        close,
      };
    },
    { sendsAgain: true },
  );
}
