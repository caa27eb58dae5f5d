import { groupedBy } from '../../ground/grouped.ts';
import type { Block, DraftMessage, Span, Text } from '../../message/model.ts';
import { button, buttons, code, list, note, paragraph, present, strong, text, time } from '../../message/text.ts';
import { counted } from '../../message/words.ts';
import type { UseCount } from '../counts.ts';
import type { Freshness } from '../freshen.ts';
import type { InventoryState } from '../inventory.ts';
import { misspeltType } from '../misspelt.ts';
import { type Dimension, isForeign, type Use } from '../overview.ts';
import { usageDays } from '../phone-sums.ts';
import type { Phone } from '../phones.ts';

const mostRows = 30;

/** Where the numbers come from. */
type Sources = {
  inventory: InventoryState;
  freshness: Freshness;
  /** When the phones were added up, where that is not now. */
  summed?: Date | undefined;
};

const titles: Record<Dimension, string> = {
  app: 'Mail apps',
  type: 'Phones by device type',
  model: 'Phones by model',
  agent: 'Phones by user agent',
  os: 'Phones by operating system',
};

/** What is answered to `apps`. */
export function appsMessage(
  input: Sources & {
    uses: readonly UseCount[];
    types: readonly { type: string; phones: number }[];
    by: Dimension;
    newSince: Date;
    oddities: readonly { odd: string; text: string; requests: number }[];
    /** Lines of edge logs that are of no format that is read. */
    unreadEdges?: readonly { server: string; requests: number }[];
    chart: Block<never> | undefined;
  },
): DraftMessage {
  const { uses, types, by, newSince, oddities, chart } = input;
  const foreign = uses.filter(isForeign).map(({ name }) => name);
  const fresh = uses.filter(isSince(newSince));
  return {
    title: titles[by],
    tone: 'neutral',
    blocks: present(
      foreign.length > 0 &&
        paragraph(
          strong(`Not the phone maker's and not Outlook: ${foreign.join(', ')}.`),
          ' Say ',
          code(`app ${foreign[0]}`),
          ' for who uses it.',
        ),
      table(
        [by === 'app' ? 'App' : 'Name', 'People', 'Phones', `Requests, ${usageDays} days`, 'First seen', 'Last seen'],
        uses.map((use) => [
          text(use.name, fresh.includes(use) ? strong(' new') : ''),
          text(String(use.people)),
          text(String(use.phones)),
          text(String(use.requests)),
          at(use.firstSeen),
          at(use.lastSeen),
        ]),
      ),
      uses.length > mostRows && note(`… ${uses.length - mostRows} more`),
      chart,
      ...oddityBlock(oddities, types),
      ...(input.unreadEdges ?? []).map(({ server, requests }) =>
        paragraph(
          strong('Not read: '),
          `${counted(requests, 'line')} of the edge logs of ${server} ${requests === 1 ? 'is' : 'are'} of no format that I know. Write them in the combined format, as HAProxy's `,
          code('option httplog'),
          ' or as W3C (docs/logs.md names each box).',
        ),
      ),
      note(...sources(input, newSince)),
    ),
  };
}

function isSince(instant: Date): (seen: { firstSeen: Date | null }) => boolean {
  return ({ firstSeen }) => firstSeen !== null && firstSeen >= instant;
}

function table(columns: string[], rows: readonly Text[][]): Block<never> {
  return { kind: 'table', columns, rows: rows.slice(0, mostRows) };
}

function oddityBlock(
  oddities: readonly { odd: string; text: string; requests: number }[],
  types: readonly { type: string; phones: number }[],
): Block<never>[] {
  const misspelt = types.flatMap(({ type, phones }) => {
    const meant = misspeltType(type);
    if (meant === undefined) return [];
    const who = counted(phones, 'phone');
    return [text('Device type ', code(type), `, ${who}: perhaps ${meant}, misspelt. Access rules match exactly.`)];
  });
  const requestsOf = (kind: string, label: string) =>
    oddities
      .filter(({ odd }) => odd === kind)
      .map((one) => text(label, code(one.text), `: ${counted(one.requests, 'request')}.`));
  const shown = [
    ...misspelt.slice(0, 5),
    ...requestsOf('stray-parameter', 'Signed ').slice(0, 5),
    ...requestsOf('misspelt-stem', 'Misspelt address ').slice(0, 1),
  ];
  if (shown.length === 0) return [];
  return [paragraph('Requests that sign or spell themselves oddly:'), list(...shown)];
}

/** Where the numbers come from, how new they are, and what is missing. */
export function sources({ inventory, freshness, summed }: Sources, newSince?: Date): (string | Span)[] {
  const { readAt, problem } = inventory;
  return [
    ...(readAt === null ? ['Exchange has not been read yet.'] : ['Devices read from Exchange ', time(readAt), '.']),
    ...(summed === undefined ? [] : [' Phones added up ', time(summed), '.']),
    ...(problem === null ? [] : [` ${problem}`]),
    ...(freshness.servers === 0 ? [' No server logs are configured, so requests and refusals are not known.'] : []),
    ...logCaveats(freshness, 'these numbers grow'),
    ...(newSince === undefined ? [] : [' “New” means first seen since ', time(newSince), '.']),
  ];
}

/** What is not read of the logs yet, or cannot be. */
export function logCaveats({ progress, problems }: Freshness, until: string): string[] {
  return present(
    ...progress.map((sentence) => ` ${sentence}`),
    progress.length > 0 && ` Until then ${until}: ask again in some minutes.`,
    ...problems.map((problem) => ` ${problem}`),
  );
}

/** What is answered to `apps new`. */
export function newAppsMessage(
  input: Sources & {
    uses: readonly UseCount[];
    /** People with new phones, by the app's key. */
    phones: readonly { app: string; people: readonly string[] }[];
    newSince: Date;
  },
): DraftMessage {
  const { uses, newSince } = input;
  const apps = uses.filter(isSince(newSince));
  const phones = uses
    .filter((use) => !apps.includes(use))
    .flatMap((use) => {
      const fresh = input.phones.find(({ app }) => app === use.app?.key);
      return fresh === undefined ? [] : [{ use, people: fresh.people }];
    });
  const first = apps.find(isForeign);
  return {
    title: apps.length === 0 ? 'No new apps' : `New: ${apps.map(({ name }) => name).join(', ')}`,
    tone: first === undefined ? 'neutral' : 'warning',
    blocks: present(
      ...apps.map((use) =>
        paragraph(
          strong(use.name),
          ` — ${counted(use.people, 'person', 'people')}, ${counted(use.phones, 'phone')}, first seen `,
          use.firstSeen === null ? 'at a time not known' : time(use.firstSeen),
        ),
      ),
      phones.length > 0 && paragraph('New phones with apps that were there before:'),
      phones.length > 0 && list(...phones.map(({ use, people }) => text(strong(use.name), `: ${people.join(', ')}`))),
      apps.length + phones.length === 0 && paragraph('No new app, and no new phone with an app of somebody else.'),
      first &&
        buttons(
          button(`Who uses ${first.name}`, 'app', { app: first.name }),
          button(`Block ${first.name}…`, 'block-app', { app: first.name }),
        ),
      note(...sources(input, newSince)),
    ),
  };
}

/** What is answered to `app CloudMagic`. */
export function appMessage(
  input: Sources & {
    use: Use;
    networks: readonly { name: string; addresses: number }[];
    chart: Block<never> | undefined;
  },
): DraftMessage {
  const { use, networks, chart } = input;
  const { phones } = use;
  const claims = use.app?.claims ?? [];
  return {
    title: use.name,
    tone: isForeign(use) ? 'warning' : 'neutral',
    blocks: present(
      paragraph(
        strong(`${counted(use.people, 'person', 'people')}, ${counted(phones.length, 'phone')}`),
        `, ${use.requests} requests in ${usageDays} days, first seen `,
        ...at(use.firstSeen),
        ', last seen ',
        ...at(use.lastSeen),
        '.',
      ),
      networks.length > 0 && paragraph(networksSentence(networks)),
      list(
        ...stringsOf(phones).map(({ label, value, count }) =>
          text(`${label} `, code(value), ` (${counted(count, 'phone')})`),
        ),
      ),
      claims.length > 0 && paragraph('What is said of it elsewhere:'),
      claims.length > 0 &&
        list(
          ...claims.map(({ says, source }) =>
            text(`${says} (`, { kind: 'link', text: hostOf(source), url: source }, ')'),
          ),
        ),
      table(
        ['Who', 'Phone', 'Let in', 'Refused', 'Exchange says'],
        phones.map(({ owner, account, device, names, usage }) => [
          text(owner?.name ?? account),
          text(device?.friendlyName || names.model || names.type),
          at(usage.lastLetIn?.end ?? null),
          at(usage.lastRefused?.at ?? null),
          text(device?.accessState.toLowerCase() ?? 'no such device'),
        ]),
      ),
      phones.length > mostRows && note(`… ${phones.length - mostRows} more`),
      chart,
      buttons(button(`Block ${use.name}…`, 'block-app', { app: use.name })),
      note(...sources(input)),
    ),
  };
}

function networksSentence(networks: readonly { name: string; addresses: number }[]): string {
  const [first] = networks;
  if (networks.length === 1) return `All requests came from one network: ${first?.name ?? ''}.`;
  const most = networks
    .slice(0, 3)
    .map(({ name, addresses }) => `${name} (${counted(addresses, 'address', 'addresses')})`);
  return `Requests came from ${networks.length} networks, most from ${most.join(', ')}.`;
}

/** The exact names that these phones give themselves, the commonest first. */
function stringsOf(phones: readonly Phone[]): { label: string; value: string; count: number }[] {
  const strings = phones
    .flatMap(({ names }) => [
      { label: 'DeviceType', value: names.type },
      { label: 'Model', value: names.model },
      { label: 'User agent', value: names.agent },
      ...names.strays.map((value) => ({ label: 'In the URL', value })),
    ])
    .filter(({ value }) => value !== '');
  return [...groupedBy(strings, ({ label, value }) => `${label}\n${value}`).values()]
    .map((group) => ({ ...group[0], count: group.length }))
    .sort((one, other) => other.count - one.count)
    .slice(0, 8);
}

function at(instant: Date | null): Text {
  return instant === null ? text('never') : text(time(instant));
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^www\./, '');
}
