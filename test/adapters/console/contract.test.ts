import { chatAdapterContract } from '../../contracts/chat-adapter.ts';
import { jsonLines, openTestConsole } from './harness.ts';

chatAdapterContract(
  'the console',
  async () => {
    const terminal = openTestConsole({ json: true });
    const lines = () => jsonLines(terminal.written());
    const nameOf = (identity: string) => identity.replace('console:', '');
    /** Forms open by being shown and close by being submitted, unless they are shown again after that. */
    const submittedAt = new Map<string, number>();

    /** What stands there now: an edit replaces what has its ref. */
    function standing(of: { place?: string; to?: string }): string[] {
      const texts = new Map<string, string>();
      for (const [index, line] of lines().entries()) {
        if (!['post', 'edit', 'reply', 'private'].includes(line.kind)) continue;
        if (line.place === of.place && line.to === of.to) texts.set(line.ref ?? String(index), line.text);
      }
      return [...texts.values()];
    }

    return {
      adapter: terminal.adapter,
      hana: 'console:hana',
      otto: 'console:otto',
      nobody: 'console:mallory',
      place: 'console:#helpdesk',
      deadPlace: 'slack:T1/C1',
      say: (who, sentence, place) =>
        terminal.type(`${nameOf(who)}${place === undefined ? '' : ` ${nameOf(place)}`}> ${sentence}`),
      click: (who, action) => terminal.type(`${nameOf(who)}> press ${action}`),
      submit: async (who, values) => {
        submittedAt.set(who, lines().length);
        await terminal.type(`${nameOf(who)}> ${JSON.stringify(values)}`);
      },
      shownIn: (place) => standing({ place }),
      shownTo: (to) => standing({ to }),
      openForm: (who) => {
        const shown = lines().slice(submittedAt.get(who) ?? 0);
        const form = shown.findLast((line) => line.kind === 'form' && line.to === who);
        if (typeof form?.form !== 'object') return undefined;
        return { title: form.form.title, errors: form.errors ?? {}, values: form.values ?? {} };
      },
      close: () => terminal.adapter.stop(),
    };
  },
  { sendsAgain: false },
);
