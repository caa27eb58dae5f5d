/** The tour as a strip over the columns: anybody may leave it at any moment, and it is no more than words beside the real thing. */
import { codeColumn } from './columns.ts';
import { type Html, h } from './html.ts';
import { hiddenFields } from './render.ts';
import type { Room } from './room.ts';

export function renderTour(room: Room): Html {
  const hidden = hiddenFields({ proof: room.door.proof() });
  const choose = (name: string, label: string, style = 'plain') =>
    h('button', { type: 'submit', name: 'tour', value: name, class: style }, label);
  const { now } = room.tours;
  if (now === undefined) {
    return h(
      'form',
      { method: 'post', action: '/tour', class: 'tour' },
      hidden,
      h(
        'p',
        {},
        h('b', {}, 'New here? '),
        'Walk through a lost phone as three people, in two minutes; then see what is refused.',
      ),
      choose('lost', 'Start the tour', 'primary'),
      choose('breaks', 'Break things on purpose'),
    );
  }
  const { title, step, at, of, say } = now;
  const { personas } = room;
  const who = personas.find(({ name }) => name === step.say?.who);
  const place = room.places().find((each) => each.endsWith(step.say?.channel ?? '#'));
  const column =
    who === undefined ? undefined : codeColumn(who, step.say?.channel === undefined ? undefined : place).code;
  return h(
    'div',
    { class: 'tour' },
    h(
      'p',
      {},
      h('b', {}, `${title}, ${at + 1} of ${of}. `),
      step.text,
      say === undefined ? null : [' ', h('code', {}, say)],
    ),
    say === undefined || column === undefined
      ? null
      : h(
          'form',
          { method: 'post', action: '/say' },
          hidden,
          hiddenFields({ column, text: say, once: room.token() }),
          h('button', { type: 'submit', class: 'primary' }, `Say it as ${who?.displayName ?? ''}`),
        ),
    h(
      'form',
      { method: 'post', action: '/tour' },
      hidden,
      at + 1 === of ? choose('breaks', 'Break things on purpose') : choose('next', 'Skip this step'),
      choose('', at + 1 === of ? 'Done' : 'Leave the tour'),
    ),
  );
}
