/**
 * How what is said comes out: cards on a terminal, plain text elsewhere, or one JSON line each.
 *
 * shown   one thing that becomes visible: a post, an edit, a reply, a private message, or a form with its questions
 * sink    where it comes out
 */
import picocolors from 'picocolors';
import wrapAnsi from 'wrap-ansi';
import type { Identity, MessageRef, Place } from '../../src/ground/addresses.ts';
import type { Clock } from '../../src/ground/clock.ts';
import type { Message } from '../../src/message/model.ts';
import { renderPlainForm, renderPlainText } from '../../src/message/plain.ts';
import { visible } from '../../src/message/safe.ts';
import { exact } from '../../src/message/times.ts';
import { changesSince } from './changes.ts';
import { looseErrors, type OpenForm, question } from './forms.ts';
import { nameOf, placeName, type Speaker } from './identity.ts';
import { cardColumns } from './limits.ts';
import { type Canvas, renderForm, renderMessage } from './render.ts';
import type { Screen } from './terminal.ts';

export type Target = { readonly place: Place } | { readonly to: Identity };

export type Shown = {
  readonly kind: 'post' | 'edit' | 'reply' | 'private';
  readonly target: Target;
  readonly message: Message;
  /** Numbers of its buttons by action. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Absent for an answer in the same turn, which nobody edits. */
  readonly ref?: MessageRef;
  readonly key?: string;
  /** What an edit replaces, as far as this process showed it. */
  readonly before?: Message | undefined;
  /** Title of the card that a reply belongs to. */
  readonly under?: string | undefined;
};

export type Sink = {
  show(shown: Shown): void;
  /** A form opens (its title and intro), or one of its questions is asked, or asked again. */
  form(to: Identity, open: OpenForm, step: 'open' | 'question' | 'errors', again?: string): void;
  /** The console's own remark, not the bot's. */
  note(text: string): void;
  /** A line was read from a script. */
  echo(speaker: Speaker, text: string): void;
};

type Times = { clock: Clock; timeZone: string };

export function jsonSink(write: (text: string) => void, { clock, timeZone }: Times): Sink {
  const line = (value: Record<string, unknown>) => write(`${JSON.stringify(value)}\n`);
  return {
    show: ({ kind, target, ref, key, message }) => {
      line({ kind, ...target, ref, key, message, text: renderPlainText(message, { now: clock.now(), timeZone }) });
    },
    form: (to, open, step, again) => {
      const [asked] = open.asking;
      if (step !== 'question') {
        const text = renderPlainForm(open.form, { now: clock.now(), timeZone });
        line({ kind: 'form', to, form: open.form, values: open.values, errors: open.errors, text });
      }
      line({
        kind: 'question',
        to,
        form: open.form.id,
        field: asked?.id,
        text: again ?? question(open).lines.join('\n'),
      });
    },
    note: (text) => line({ kind: 'note', text: visible(text) }),
    echo: () => undefined,
  };
}

export function plainSink(write: (text: string) => void, { clock, timeZone }: Times): Sink {
  /** The label, then the text, further lines indented under it. */
  const say = (label: string, text: string) => write(`${label}: ${text.replaceAll('\n', '\n  ')}\n`);
  return {
    show: (shown) => {
      const message = newPart(shown);
      if (message === undefined) return;
      const numberOf = (action: string) => shown.numbers.get(action);
      say(label(shown), renderPlainText(message, { now: clock.now(), timeZone, numberOf }));
    },
    form: (to, open, step, again) => {
      const lines: string[] = [];
      if (step === 'open') {
        lines.push(visible(open.form.title));
        const intro: Message = { tone: 'neutral', blocks: open.form.intro ?? [] };
        lines.push(...renderPlainText(intro, { now: clock.now(), timeZone }).split('\n'));
      }
      if (step === 'errors') lines.push(...looseErrors(open).map((sentence) => `✘ ${visible(sentence)}`));
      lines.push(...(again === undefined ? question(open).lines : [again]));
      say(`to ${nameOf(to)}, privately`, lines.filter((line) => line !== '').join('\n'));
    },
    note: (text) => say('console', visible(text)),
    echo: (speaker, text) => write(`\n${speakerLabel(speaker)}> ${visible(text)}\n`),
  };
}

export function terminalSink(screen: Screen, colour: boolean, { clock, timeZone }: Times): Sink {
  const colours = picocolors.createColors(colour);
  const canvas = (): Canvas => ({ now: clock.now(), timeZone, colour, width: Math.min(screen.columns(), cardColumns) });
  return {
    show: (shown) => {
      const options = { ...canvas(), numberOf: (action: string) => shown.numbers.get(action) };
      const head = (more: string) =>
        colours.dim(`${label(shown)} · ${exact(clock.now(), { now: clock.now(), timeZone })}${more}`);
      const lines = (message: Message, more: string) => ['', head(more), ...renderMessage(message, options)];
      if (shown.ref !== undefined && shown.before !== undefined) {
        const again = shown.kind === 'edit' && screen.replace(shown.ref, lines(shown.message, ' · updated'));
        if (again) return;
      }
      const message = newPart(shown);
      if (message === undefined) return;
      // Only a card that stands there whole can be drawn over as a whole.
      screen.print(lines(message, ''), message === shown.message ? shown.ref : undefined);
    },
    form: (_, open, step, again) => {
      const lines: string[] = [];
      if (step === 'open') lines.push('', ...renderForm(open.form, canvas()));
      if (step === 'errors') {
        lines.push('', colours.red(`✘ ${visible(open.form.title)}: not sent yet.`));
        lines.push(...looseErrors(open).map((sentence) => colours.red(`✘ ${visible(sentence)}`)));
      }
      // What was said meanwhile may stand between the question and its answer, so it is asked whole.
      const asked = [...(again === undefined ? [] : [`✘ ${again}`]), ...question(open).lines];
      lines.push(...asked.map((line) => (line.startsWith('✘') ? colours.red(line) : line)));
      screen.print(lines.flatMap((line) => wrapAnsi(line, canvas().width, { trim: false }).split('\n')));
    },
    note: (text) => screen.print(wrapAnsi(colours.dim(visible(text)), canvas().width).split('\n')),
    echo: () => undefined,
  };
}

/** `hana #helpdesk`, or `hana` in private. */
export function speakerLabel(speaker: Speaker): string {
  return speaker.place === undefined ? speaker.name : `${speaker.name} ${placeName(speaker.place)}`;
}

function label(shown: Shown): string {
  const where = 'place' in shown.target ? placeName(shown.target.place) : `to ${nameOf(shown.target.to)}, privately`;
  if (shown.kind !== 'reply') return where;
  return `${where} ↳${shown.under === undefined ? '' : ` ${cardName(shown.under)}`}`;
}

/** `INC-104` of `LAB, no real phone · INC-104 · Lost device · Alice Ng`; the first part of a title without a number. */
function cardName(title: string): string {
  return /\bINC-\d+\b/.exec(title)?.[0] ?? visible(title.split(' · ')[0] ?? '');
}

/** Of an edit only what is new; whole where this process never showed it, or where nearly all is new. */
function newPart(shown: Shown): Message | undefined {
  if (shown.kind !== 'edit' || shown.before === undefined) return shown.message;
  const changes = changesSince(shown.before, shown.message);
  if (changes === undefined) return undefined;
  return changes.blocks.length >= shown.message.blocks.length ? shown.message : changes;
}
