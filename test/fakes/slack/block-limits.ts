/** What Slack refuses of blocks and views, as it documents it (docs.slack.dev/reference/block-kit, /reference/views). */

export type Problem = string;

type Json = Record<string, unknown>;

const actionTypes = ['button', 'static_select'];
const inputTypes = ['plain_text_input', 'static_select', 'radio_buttons', 'checkboxes'];

export function blockProblems(blocks: unknown, surface: 'message' | 'modal' | 'home'): Problem[] {
  if (!Array.isArray(blocks)) return ['blocks is no list'];
  const problems: Problem[] = [];
  const most = surface === 'message' ? 50 : 100;
  if (blocks.length > most) problems.push(`${blocks.length} blocks, ${most} are allowed`);
  const ids = new Set<string>();
  let tables = 0;
  for (const [index, block] of blocks.entries()) {
    const at = `block ${index}`;
    const type = text(block, 'type');
    const id = field(block, 'block_id');
    if (id !== undefined) {
      problems.push(...length(`${at} block_id`, id, 1, 255));
      if (ids.has(String(id))) problems.push(`${at}: block_id ${String(id)} stands twice`);
      ids.add(String(id));
    }
    if (type === 'table') tables += 1;
    problems.push(...problemsOf(block, type, at, surface));
  }
  if (tables > 1) problems.push('only one table is allowed');
  return problems;
}

export function viewProblems(view: unknown): Problem[] {
  const problems: Problem[] = [];
  const type = text(view, 'type');
  if (type !== 'modal' && type !== 'home') return [`view of type ${type}`];
  problems.push(...blockProblems(field(view, 'blocks'), type));
  problems.push(...length('private_metadata', field(view, 'private_metadata') ?? '', 0, 3_000));
  problems.push(...length('callback_id', field(view, 'callback_id') ?? '', 0, 255));
  if (JSON.stringify(view).length > 250_000) problems.push('the view has more than 250 KB');
  if (type === 'home') return problems;
  problems.push(...plain('title', field(view, 'title'), 24));
  const blocks = field(view, 'blocks');
  const hasInput = Array.isArray(blocks) && blocks.some((block) => text(block, 'type') === 'input');
  const submit = field(view, 'submit');
  if (hasInput && submit === undefined) problems.push('a modal with inputs needs submit');
  if (submit !== undefined) problems.push(...plain('submit', submit, 24));
  const close = field(view, 'close');
  if (close !== undefined) problems.push(...plain('close', close, 24));
  return problems;
}

function problemsOf(block: unknown, type: string, at: string, surface: string): Problem[] {
  switch (type) {
    case 'header':
      return plain(`${at} text`, field(block, 'text'), 150);
    case 'rich_text':
      return richProblems(block, at);
    case 'context': {
      const elements = list(block, 'elements');
      return [
        ...count(`${at} elements`, elements, 1, 10),
        ...elements.flatMap((element) => textObject(`${at} element`, element, 3_000)),
      ];
    }
    case 'actions': {
      const elements = list(block, 'elements');
      const ids = elements.map((element) => text(element, 'action_id'));
      return [
        ...count(`${at} elements`, elements, 1, 25),
        ...(new Set(ids).size === ids.length ? [] : [`${at}: an action_id stands twice`]),
        ...elements.flatMap((element) => elementProblems(element, actionTypes, at)),
      ];
    }
    case 'input': {
      if (surface === 'message') return [`${at}: no input in a message`];
      const hint = field(block, 'hint');
      return [
        ...plain(`${at} label`, field(block, 'label'), 2_000),
        ...(hint === undefined ? [] : plain(`${at} hint`, hint, 2_000)),
        ...elementProblems(field(block, 'element'), inputTypes, at),
      ];
    }
    case 'image': {
      const file = field(block, 'slack_file');
      return [
        ...length(`${at} alt_text`, field(block, 'alt_text'), 1, 2_000),
        ...(field(block, 'image_url') === undefined && text(file, 'id') === '' ? [`${at}: no picture`] : []),
      ];
    }
    case 'table':
      return surface === 'message' ? tableProblems(block, at) : [`${at}: tables stand in messages only`];
    default:
      return [`${at}: unknown type ${type}`];
  }
}

function elementProblems(element: unknown, allowed: readonly string[], at: string): Problem[] {
  const type = text(element, 'type');
  if (!allowed.includes(type)) return [`${at}: no ${type} here`];
  const problems = length(`${at} action_id`, field(element, 'action_id'), 1, 255);
  const placeholder = field(element, 'placeholder');
  if (placeholder !== undefined) problems.push(...plain(`${at} placeholder`, placeholder, 150));
  if (type === 'button') {
    problems.push(...plain(`${at} button`, field(element, 'text'), 75));
    problems.push(...length(`${at} value`, field(element, 'value') ?? '', 0, 2_000));
    const style = field(element, 'style');
    if (style !== undefined && style !== 'primary' && style !== 'danger')
      problems.push(`${at}: style ${String(style)}`);
    const confirm = field(element, 'confirm');
    if (confirm !== undefined) {
      problems.push(...plain(`${at} confirm title`, field(confirm, 'title'), 100));
      problems.push(...textObject(`${at} confirm text`, field(confirm, 'text'), 300));
      problems.push(...plain(`${at} confirm`, field(confirm, 'confirm'), 30));
      problems.push(...plain(`${at} deny`, field(confirm, 'deny'), 30));
    }
    return problems;
  }
  if (type === 'plain_text_input') {
    problems.push(...length(`${at} initial_value`, field(element, 'initial_value') ?? '', 0, 3_000));
    const most = field(element, 'max_length');
    if (most !== undefined && (typeof most !== 'number' || most < 1 || most > 3_000))
      problems.push(`${at}: max_length`);
    return problems;
  }
  const groups = list(element, 'option_groups');
  const options = groups.length > 0 ? groups.flatMap((group) => list(group, 'options')) : list(element, 'options');
  const each = type === 'static_select' ? 100 : 10;
  problems.push(...count(`${at} option groups`, groups, 0, 100));
  for (const group of groups) {
    problems.push(
      ...plain(`${at} group`, field(group, 'label'), 75),
      ...count(`${at} options`, list(group, 'options'), 1, each),
    );
  }
  if (groups.length === 0) problems.push(...count(`${at} options`, options, 1, each));
  const values = options.map((option) => text(option, 'value'));
  if (new Set(values).size !== values.length) problems.push(`${at}: an option stands twice`);
  for (const option of options) {
    problems.push(...textObject(`${at} option`, field(option, 'text'), 75));
    problems.push(...length(`${at} option value`, field(option, 'value'), 1, 75));
    const description = field(option, 'description');
    if (description !== undefined) problems.push(...textObject(`${at} description`, description, 75));
  }
  const initial = [field(element, 'initial_option'), ...list(element, 'initial_options')].filter(
    (one) => one !== undefined,
  );
  for (const option of initial) {
    if (!options.some((one) => JSON.stringify(one) === JSON.stringify(option)))
      problems.push(`${at}: initial option is none of them`);
  }
  return problems;
}

function tableProblems(block: unknown, at: string): Problem[] {
  const rows = list(block, 'rows');
  const cells = rows.flatMap((row) => (Array.isArray(row) ? row : []));
  const size = cells.reduce<number>((sum, cell) => sum + Math.max(1, readable(cell).length), 0);
  return [
    ...count(`${at} rows`, rows, 1, 100),
    ...rows.flatMap((row) => (Array.isArray(row) ? count(`${at} row`, row, 1, 20) : [`${at}: a row is no list`])),
    ...(size > 10_000 ? [`${at}: ${size} characters in a table, 10000 are allowed`] : []),
    ...cells.flatMap((cell) => {
      if (text(cell, 'type') === 'raw_text') return length(`${at} cell`, field(cell, 'text'), 1, 10_000);
      return text(cell, 'type') === 'rich_text'
        ? richProblems(cell, `${at} cell`)
        : [`${at}: a cell of type ${text(cell, 'type')}`];
    }),
  ];
}

function richProblems(block: unknown, at: string): Problem[] {
  const elements = list(block, 'elements');
  const problems = count(`${at} elements`, elements, 1, 1_000);
  if (readable(block).length > 3_000) problems.push(`${at}: ${readable(block).length} characters, 3000 are allowed`);
  for (const element of elements) {
    const type = text(element, 'type');
    if (type === 'rich_text_section') problems.push(...inlineProblems(element, at));
    else if (type === 'rich_text_list') {
      if (!['bullet', 'ordered'].includes(text(element, 'style'))) problems.push(`${at}: style of a list`);
      const items = list(element, 'elements');
      problems.push(...count(`${at} items`, items, 1, 1_000), ...items.flatMap((item) => inlineProblems(item, at)));
    } else problems.push(`${at}: no ${type} in rich text`);
  }
  return problems;
}

function inlineProblems(section: unknown, at: string): Problem[] {
  if (text(section, 'type') !== 'rich_text_section') return [`${at}: no section`];
  const elements = list(section, 'elements');
  return [
    ...count(`${at} inline elements`, elements, 1, 10_000),
    ...elements.flatMap((element) => {
      switch (text(element, 'type')) {
        case 'text':
          return length(`${at} text`, field(element, 'text'), 1, 3_000);
        case 'link':
          return length(`${at} url`, field(element, 'url'), 1, 3_000);
        case 'date':
          return Number.isInteger(field(element, 'timestamp')) && /\{\w+\}/.test(text(element, 'format'))
            ? []
            : [`${at}: date`];
        default:
          return [`${at}: no ${text(element, 'type')} in a section`];
      }
    }),
  ];
}

/** What a person reads of blocks, of a view, or of anything in them: mark-up undone, dates as their fallback. */
export function readable(value: unknown): string {
  if (Array.isArray(value)) return value.map(readable).join('\n');
  if (typeof value !== 'object' || value === null) return '';
  switch (text(value, 'type')) {
    case 'text':
    case 'plain_text':
    case 'raw_text':
      return text(value, 'text');
    case 'mrkdwn':
      return unescaped(text(value, 'text'));
    case 'link':
      return field(value, 'text') === undefined ? text(value, 'url') : text(value, 'text');
    case 'date':
      return text(value, 'fallback');
    case 'image':
      return text(value, 'alt_text');
    case 'rich_text_section':
      return list(value, 'elements').map(readable).join('');
    default:
      return Object.values(value)
        .map(readable)
        .filter((part) => part !== '')
        .join('\n');
  }
}

export function unescaped(mrkdwn: string): string {
  return mrkdwn.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function plain(at: string, value: unknown, most: number): Problem[] {
  return text(value, 'type') === 'plain_text' ? textObject(at, value, most) : [`${at} is no plain_text`];
}

function textObject(at: string, value: unknown, most: number): Problem[] {
  const type = text(value, 'type');
  if (type !== 'plain_text' && type !== 'mrkdwn') return [`${at} is no text object`];
  return length(at, field(value, 'text'), 1, most);
}

function length(at: string, value: unknown, least: number, most: number): Problem[] {
  if (typeof value !== 'string') return [`${at} is no text`];
  return value.length >= least && value.length <= most
    ? []
    : [`${at}: ${value.length} characters, ${least} to ${most} are allowed`];
}

function count(at: string, values: readonly unknown[], least: number, most: number): Problem[] {
  return values.length >= least && values.length <= most
    ? []
    : [`${at}: ${values.length}, ${least} to ${most} are allowed`];
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

export function text(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === 'string' ? found : '';
}

export function list(value: unknown, name: string): readonly Json[] {
  const found = field(value, name);
  return Array.isArray(found) ? found : [];
}
