import { chatAdapterContract } from '../../contracts/chat-adapter.ts';
import { entriesOf, openTestRoom, type TestBrowser, textOf } from './harness.ts';

chatAdapterContract(
  'the lab in a browser',
  async () => {
    const room = openTestRoom();
    let browser: Promise<TestBrowser> | undefined;
    let seen = '';
    let replies: string[] = [];
    let last: Parameters<TestBrowser['send']> | undefined;
    const nameOf = (identity: string) => identity.replace('console:', '');
    const codeOf = (who: string, place?: string) => `${nameOf(who)}~${place?.replace('console:#', '') ?? ''}`;
    const inside = () => (browser ??= room.enter());

    /** Every column at once, read again before and after whatever is done. */
    const everything = '/?c=hana~helpdesk&c=otto~helpdesk&c=hana~&c=otto~';
    async function look(): Promise<void> {
      if (room.address() === '') return;
      const { page } = await inside();
      seen = await page(everything).catch(() => seen);
      replies = [];
      for (const { id } of entriesOf(seen, 'hana~helpdesk').filter(({ kind }) => kind === 'shown')) {
        const column = `hana~helpdesk~${id}`;
        const thread = await page(`/?c=${column}`).catch(() => '');
        replies.push(
          ...entriesOf(thread, column)
            .filter((entry) => entry.id !== id)
            .map(({ html }) => textOf(html)),
        );
      }
    }
    async function send(...sent: Parameters<TestBrowser['send']>): Promise<void> {
      last = sent;
      await (await inside()).send(...sent);
      await look();
    }
    /** The contract looks without waiting, so what is posted is looked at as soon as it is. */
    const { adapter } = room;
    const posting = {
      post: adapter.post.bind(adapter),
      edit: adapter.edit.bind(adapter),
      reply: adapter.reply.bind(adapter),
      privately: adapter.privately.bind(adapter),
    };
    async function looked<T>(done: Promise<T>): Promise<T> {
      const answer = await done;
      await look();
      return answer;
    }
    Object.assign(adapter, {
      post: (...given: Parameters<typeof posting.post>) => looked(posting.post(...given)),
      edit: (...given: Parameters<typeof posting.edit>) => looked(posting.edit(...given)),
      reply: (...given: Parameters<typeof posting.reply>) => looked(posting.reply(...given)),
      privately: (...given: Parameters<typeof posting.privately>) => looked(posting.privately(...given)),
    });
    const shown = (column: string, ...kinds: string[]) =>
      entriesOf(seen, column)
        .filter(({ kind }) => kinds.includes(kind))
        .map(({ html }) => textOf(html));
    const buttonOf = (action: string) => {
      for (const who of ['hana', 'otto'])
        for (const column of [codeOf(who, 'console:#helpdesk'), codeOf(who)])
          for (const { id, html } of entriesOf(seen, column)) if (html.includes(`value="${action}"`)) return id;
      return '';
    };

    return {
      adapter,
      hana: 'console:hana',
      otto: 'console:otto',
      nobody: 'console:mallory',
      place: 'console:#helpdesk',
      deadPlace: 'slack:T1/C1',
      say: (who, sentence, place) =>
        send('/say', {
          column: codeOf(who, place),
          text: sentence,
          once: `once-${sentence.length}-0123456789-${nameOf(who)}`,
        }),
      click: (who, action) =>
        send('/press', { column: codeOf(who, 'console:#helpdesk'), message: buttonOf(action), action }),
      submit: async (who, values) => {
        const form = entriesOf(seen, codeOf(who, 'console:#helpdesk')).find(({ kind }) => kind === 'asked');
        const fields = Object.fromEntries(Object.entries(values).map(([id, value]) => [`field.${id}`, value]));
        await send('/submit', { column: codeOf(who, 'console:#helpdesk'), message: form?.id ?? '', ...fields });
      },
      sendAgain: async () => {
        if (last !== undefined) await send(...last);
      },
      shownIn: () => {
        // A reply stands in the thread beside.
        return [...shown('hana~helpdesk', 'shown'), ...replies];
      },
      shownTo: (who) => [...shown(codeOf(who, 'console:#helpdesk'), 'alone'), ...shown(codeOf(who), 'shown', 'alone')],
      openForm: (who) => {
        const form = entriesOf(seen, codeOf(who, 'console:#helpdesk')).find(({ kind }) => kind === 'asked')?.html;
        if (form === undefined) return undefined;
        const errors = [...form.matchAll(/class="error" id="[^"]+-(\w+)-error">([^<]+)</g)];
        const values = [...form.matchAll(/name="field\.(\w+)"[^>]*? value="([^"]*)"/g)];
        return {
          title: textOf(/<h3[^>]*>([^<]*)/.exec(form)?.[1] ?? ''),
          errors: Object.fromEntries(errors.map(([, id, text]) => [id, text ?? ''])),
          values: Object.fromEntries(values.map(([, id, text]) => [id, text ?? ''])),
        };
      },
      close: () => adapter.stop(),
    };
  },
  { sendsAgain: true },
);
