/** The room as a page: complete without a script; with one, it is fed by stream.ts with the same pieces. */

import { assertNever } from '../../src/ground/errors.ts';
import { notificationText } from '../../src/message/plain.ts';
import { exact } from '../../src/message/times.ts';
import { identityOf, placeName } from '../console/identity.ts';
import { addressOf, type Column, codeColumn, columnTitle, targetsOf, withColumn } from './columns.ts';
import { renderForm } from './forms.ts';
import { type Html, h, toText } from './html.ts';
import { usualPersona, type WebPersona } from './identity.ts';
import { type Canvas, hiddenFields, renderMessage, words } from './render.ts';
import type { Room } from './room.ts';
import type { Entry } from './send.ts';
import { renderTour } from './tour.ts';

export function renderPage(room: Room, columns: readonly Column[], assets: { style: string; script: string }): string {
  const { board } = room;
  for (const target of columns.flatMap(targetsOf)) board.markRead(target);
  const stream = `/stream${addressOf(columns).slice(1)}`;
  return document('Mislaid: the lab', assets, [
    h('a', { class: 'skip', href: '#columns' }, 'To the channels'),
    h(
      'header',
      { class: 'top' },
      h('h1', {}, 'Mislaid ', h('span', { class: 'lab' }, 'LAB, no real phone')),
      renderClock(room),
      renderNavigation(room, columns),
    ),
    h('section', { id: 'tour', 'aria-label': 'Guided tour' }, renderTour(room)),
    h('p', { id: 'trouble', class: 'trouble', role: 'alert', hidden: true }),
    h(
      'main',
      {
        id: 'columns',
        class: 'columns',
        'data-stream': stream,
        'data-after': `${board.epoch}-${board.seq}`,
        tabIndex: -1,
      },
      columns.map((column) => renderColumn(room, column, columns)),
    ),
    h(
      'details',
      { class: 'phones' },
      h('summary', {}, "The lab's phones"),
      h(
        'div',
        { class: 'wide', role: 'group', 'aria-label': "The lab's phones", tabIndex: 0 },
        h(
          'table',
          {},
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              ['Owner', 'Phone', 'Now', 'Last sync'].map((name) => h('th', { scope: 'col' }, name)),
            ),
          ),
          h('tbody', { id: 'phones' }, room.phoneRows()),
        ),
      ),
    ),
    h('p', { id: 'news', class: 'unseen', role: 'status' }),
  ]);
}

/** A page that says one thing, most often why something was not done. */
export function renderNotice(title: string, sentence: string, assets: { style: string }, back?: string): string {
  return document(title, assets, [
    h(
      'main',
      { class: 'notice' },
      h('h1', {}, title),
      h('p', {}, words(sentence)),
      back === undefined ? null : h('p', {}, h('a', { href: back }, 'Back to the lab')),
    ),
  ]);
}

function document(title: string, { style, script }: { style: string; script?: string }, body: Html): string {
  const page = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      {},
      h('meta', { charSet: 'utf-8' }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('title', {}, title),
      h('link', { rel: 'stylesheet', href: style }),
      h('link', { rel: 'icon', href: 'data:,' }),
      script === undefined ? null : h('script', { src: script, defer: true }),
    ),
    h('body', {}, body),
  );
  return `<!doctype html>${toText(page)}`;
}

function renderClock(room: Room): Html {
  const further = (span: string, label: string) =>
    h('button', { type: 'submit', name: 'span', value: span, class: 'plain' }, label);
  return h(
    'form',
    { method: 'post', action: '/advance', class: 'clock' },
    hiddenFields({ proof: room.door.proof() }),
    h('span', {}, "The lab's clock: ", h('output', { id: 'clock' }, room.clockText())),
    further('20m', '+20 min'),
    further('1h', '+1 h'),
  );
}

function renderNavigation(room: Room, columns: readonly Column[]): Html {
  const link = (column: Column, label: string, target: string) => {
    const isOpen = columns.some(({ code }) => code === column.code);
    const href = addressOf(withColumn(columns, column));
    return h(
      'li',
      {},
      h('a', { href, ...(isOpen ? { 'aria-current': 'true' as const } : {}) }, label),
      h('span', { class: 'unread', 'data-target': target }, unreadText(isOpen ? 0 : room.board.unread(target))),
    );
  };
  const { personas } = room;
  const channels = room.places().flatMap((place) => {
    const who = personas.find(({ name }) => name === usualPersona(personas, placeName(place)));
    return who === undefined ? [] : [link(codeColumn(who, place), placeName(place), place)];
  });
  const people = personas.map((who) => link(codeColumn(who, undefined), who.displayName, identityOf(who.name)));
  return h(
    'nav',
    { 'aria-label': 'Open beside' },
    h('h2', { id: 'nav-channels' }, 'Channels'),
    h('ul', { 'aria-labelledby': 'nav-channels' }, channels),
    h('h2', { id: 'nav-people' }, 'Private messages of'),
    h('ul', { 'aria-labelledby': 'nav-people' }, people),
  );
}

export function unreadText(count: number): string {
  return count === 0 ? '' : ` ${count} new`;
}

function renderColumn(room: Room, column: Column, columns: readonly Column[]): Html {
  const { code, who, place, thread } = column;
  const title = columnTitle(column);
  const others = columns.filter((other) => other.code !== code);
  const at = columns.findIndex((other) => other.code === code);
  const hidden = (some: readonly Column[]) =>
    some.map((each) => h('input', { type: 'hidden', name: 'c', value: each.code }));
  const entries = room.board.list(targetsOf(column), thread);
  return h(
    'section',
    { class: 'column', 'data-column': code, 'aria-labelledby': `title-${code}` },
    h(
      'header',
      {},
      h('h2', { id: `title-${code}` }, title, h('span', { class: 'unseen' }, `, seen by ${who.displayName}`)),
      h(
        'form',
        { method: 'get', action: '/', class: 'persona' },
        hidden(columns.slice(0, at)),
        h('label', { htmlFor: `persona-${code}` }, 'You are'),
        h(
          'select',
          { id: `persona-${code}`, name: 'c' },
          room.personas.map((persona) => {
            const option = codeColumn(persona, place, thread);
            return h('option', { value: option.code, selected: persona.name === who.name }, personaText(persona));
          }),
        ),
        hidden(columns.slice(at + 1)),
        h(
          'button',
          { type: 'submit', class: 'plain' },
          'Change',
          h('span', { class: 'unseen' }, ` who you are in ${title}`),
        ),
      ),
      h(
        'p',
        { class: 'links' },
        h(
          'a',
          { href: addressOf([column]), target: '_blank' },
          'Own window',
          h('span', { class: 'unseen' }, ` for ${title}`),
        ),
        others.length === 0
          ? null
          : h(
              'a',
              { href: addressOf(others) },
              'Close',
              h('span', { class: 'unseen' }, ` ${title} of ${who.displayName}`),
            ),
      ),
    ),
    h(
      'div',
      { class: 'log', role: 'group', 'aria-label': `${title}: messages`, tabIndex: 0 },
      h(
        'p',
        { class: 'quiet empty' },
        place === undefined
          ? `What only ${who.displayName} is told stands here.`
          : 'What is said here is seen by everybody in the channel.',
      ),
      entries.map((entry) => renderEntry(room, entry, column)),
    ),
    renderComposer(room, column, title),
  );
}

function personaText({ displayName, roles }: WebPersona): string {
  return `${displayName} (${roles.length === 0 ? 'user' : roles.join(', ')})`;
}

function renderComposer(room: Room, { code, who, place }: Column, title: string): Html {
  const example = place === undefined ? 'i lost my phone' : place.endsWith('#helpdesk') ? 'lost device alice' : 'help';
  return h(
    'form',
    { method: 'post', action: '/say', class: 'composer' },
    hiddenFields({ proof: room.door.proof(), column: code, once: room.token() }),
    h('label', { class: 'unseen', htmlFor: `say-${code}` }, `Say something as ${who.displayName}: ${title}`),
    h('input', {
      id: `say-${code}`,
      name: 'text',
      type: 'text',
      required: true,
      maxLength: 3000,
      autoComplete: 'off',
      placeholder: example,
      enterKeyHint: 'send',
    }),
    h('button', { type: 'submit', class: 'primary' }, 'Send'),
  );
}

/** One piece of a column, as the page and the stream show it. */
export function renderEntry(room: Room, entry: Entry, column: Column): Html {
  const { content, id } = entry;
  const dom = `${column.code}-${id}`;
  const canvas: Canvas = {
    now: room.clock.now(),
    timeZone: room.timeZone,
    hidden: { proof: room.door.proof(), column: column.code },
    id,
    dom,
  };
  const head = (who: string, more = '') =>
    h(
      'p',
      { class: 'who' },
      h('b', {}, who),
      ' ',
      h('time', { dateTime: entry.at.toISOString() }, exact(entry.at, canvas)),
      more,
    );
  const article = (kind: string, ...inside: Html[]) =>
    h('article', { id: dom, class: `entry ${kind}`, tabIndex: -1 }, inside);
  switch (content.kind) {
    case 'said':
      return article('said', head(content.who), h('p', {}, words(content.text)));
    case 'form':
      return article(
        'asked',
        head('Mislaid', ` · asks ${column.who.displayName} alone`),
        renderForm(content.open, canvas),
      );
    case 'message': {
      const more = `${content.edited ? ' · edited' : ''}${content.alone ? ` · only ${column.who.displayName} sees this` : ''}`;
      return article(
        content.alone ? 'alone' : 'shown',
        head('Mislaid', more),
        renderMessage(content.message, canvas),
        renderThreadLink(entry, column),
      );
    }
    default:
      return assertNever(content, 'entry');
  }
}

function renderThreadLink({ id, ref, under, replies }: Entry, { code, place, thread }: Column): Html {
  if (ref === undefined || under !== undefined || place === undefined || thread !== undefined) return null;
  const query = `message=${encodeURIComponent(id)}&column=${encodeURIComponent(code)}`;
  const label = replies === 0 ? 'Thread' : `${replies} ${replies === 1 ? 'reply' : 'replies'}`;
  return h(
    'p',
    { class: 'thread' },
    h('a', { href: `/thread?${query}` }, label, h('span', { class: 'unseen' }, ' beside')),
  );
}

/** What a screen reader says of a change; nothing of what somebody typed or was asked in this window. */
export function newsOf(room: Room, entry: Entry, column: Column): string {
  const { content } = entry;
  if (content.kind !== 'message') return '';
  const what = notificationText(content.message, { now: room.clock.now(), timeZone: room.timeZone, maxLength: 200 });
  return `${entry.born === entry.seq ? 'New' : 'Updated'} in ${columnTitle(column)}: ${what}`;
}
