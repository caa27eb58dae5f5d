import type { Block, DraftMessage, Intent, Span, Text } from '../../message/model.ts';
import { button, buttons, code, list, note, paragraph, strong, text, time } from '../../message/text.ts';
import type { Freshness } from '../freshen.ts';
import { misspeltType } from '../misspelt.ts';
import { type Dimension, isForeign, peopleOf, type Use } from '../overview.ts';
import type { Phone } from '../phones.ts';
import type { InventoryState } from '../refresh.ts';

/** How far back requests are counted. */
export const usageDays = 7;
const mostRows = 30;

const titles: Record<Dimension, string> = {
  app: 'Mail apps',
  type: 'Phones by device type',
  model: 'Phones by model',
  agent: 'Phones by user agent',
  os: 'Phones by operating system',
};

/** What is answered to `apps`. */
export function appsMessage(input: {
  uses: readonly Use[];
  by: Dimension;
  newSince: Date;
  oddities: readonly { odd: string; text: string; requests: number }[];
  chart: Block<never> | undefined;
  inventory: InventoryState;
  freshness: Freshness;
}): DraftMessage {
  const { uses, by, newSince, oddities, chart, inventory, freshness } = input;
  const foreign = uses.filter((use) => use.app !== undefined && isForeign(use.app));
  const fresh = uses.filter((use) => use.firstSeen !== null && use.firstSeen >= newSince);
  return {
    title: titles[by],
    tone: 'neutral',
    blocks: [
      ...(foreign.length === 0
        ? []
        : [
            paragraph(
              strong(`Not the phone maker's and not Outlook: ${foreign.map(({ name }) => name).join(', ')}.`),
              ' Say ',
              code(`app ${foreign[0]?.name ?? ''}`),
              ' for who uses it.',
            ),
          ]),
      {
        kind: 'table',
        columns: [
          by === 'app' ? 'App' : 'Name',
          'People',
          'Phones',
          `Requests, ${usageDays} days`,
          'First seen',
          'Last seen',
        ],
        rows: uses
          .slice(0, mostRows)
          .map((use) => [
            text(use.name, fresh.includes(use) ? strong(' new') : ''),
            text(String(use.people)),
            text(String(use.phones.length)),
            text(String(use.requests)),
            at(use.firstSeen),
            at(use.lastSeen),
          ]),
      },
      ...(uses.length > mostRows ? [note(`… ${uses.length - mostRows} more`)] : []),
      ...(chart === undefined ? [] : [chart]),
      ...oddityBlock(oddities, uses),
      note(...sources(inventory, freshness, newSince)),
    ],
  };
}

function oddityBlock(
  oddities: readonly { odd: string; text: string; requests: number }[],
  uses: readonly Use[],
): Block<never>[] {
  const types = new Map<string, number>();
  for (const { names } of uses.flatMap(({ phones }) => phones)) types.set(names.type, (types.get(names.type) ?? 0) + 1);
  const misspelt = [...types].flatMap(([type, count]) => {
    const meant = misspeltType(type);
    if (meant === undefined) return [];
    const who = counted(count, 'phone', 'phones');
    return [text('Device type ', code(type), `, ${who}: perhaps ${meant}, misspelt. Access rules match exactly.`)];
  });
  const signed = oddities
    .filter(({ odd }) => odd === 'stray-parameter')
    .map((one) => text('Signed ', code(one.text), `: ${counted(one.requests, 'request', 'requests')}.`));
  const spelt = oddities
    .filter(({ odd }) => odd === 'misspelt-stem')
    .map((one) => text('Misspelt address ', code(one.text), `: ${counted(one.requests, 'request', 'requests')}.`));
  const shown = [...misspelt.slice(0, 5), ...signed.slice(0, 5), ...spelt.slice(0, 1)];
  if (shown.length === 0) return [];
  return [paragraph('Requests that sign or spell themselves oddly:'), list(...shown)];
}

/** Where the numbers come from, how new they are, and what is missing. */
export function sources(inventory: InventoryState, freshness: Freshness, newSince?: Date): (string | Span)[] {
  return [
    ...(inventory.readAt === null
      ? ['Exchange has not been read yet.']
      : ['Devices read from Exchange ', time(inventory.readAt), '.']),
    ...(inventory.problem === null ? [] : [` ${inventory.problem}`]),
    ...(freshness.servers === 0 ? [' No server logs are configured, so requests and refusals are not known.'] : []),
    ...freshness.progress.map((sentence) => ` ${sentence}`),
    ...(freshness.stillReading ? [' Until then these numbers grow: ask again in some minutes.'] : []),
    ...freshness.problems.map((problem) => ` ${problem}`),
    ...(newSince === undefined ? [] : [' “New” means first seen since ', time(newSince), '.']),
  ];
}

/** What is answered to `apps new`. */
export function newAppsMessage(input: {
  uses: readonly Use[];
  newSince: Date;
  inventory: InventoryState;
  freshness: Freshness;
}): DraftMessage {
  const { uses, newSince } = input;
  const apps = uses.filter((use) => use.firstSeen !== null && use.firstSeen >= newSince);
  const phones = uses
    .filter((use) => !apps.includes(use) && use.app !== undefined && isForeign(use.app))
    .map((use) => ({
      use,
      fresh: use.phones.filter((phone) => phone.firstSeen !== null && phone.firstSeen >= newSince),
    }))
    .filter(({ fresh }) => fresh.length > 0);
  const blocks: Block<Intent>[] = apps.map((use) =>
    paragraph(
      strong(use.name),
      ` — ${counted(use.people, 'person', 'people')}, ${counted(use.phones.length, 'phone', 'phones')}, first seen `,
      ...(use.firstSeen === null ? ['at a time not known'] : [time(use.firstSeen)]),
    ),
  );
  if (phones.length > 0) {
    blocks.push(
      paragraph('New phones with apps that were there before:'),
      list(
        ...phones.map(({ use, fresh }) =>
          text(
            strong(use.name),
            `: ${peopleOf(fresh)
              .map(({ name }) => name)
              .join(', ')}`,
          ),
        ),
      ),
    );
  }
  if (blocks.length === 0) blocks.push(paragraph('No new app, and no new phone with an app of somebody else.'));
  const first = apps.find((use) => use.app !== undefined && isForeign(use.app));
  return {
    title: apps.length === 0 ? 'No new apps' : `New: ${apps.map(({ name }) => name).join(', ')}`,
    tone: first === undefined ? 'neutral' : 'warning',
    blocks: [
      ...blocks,
      ...(first === undefined
        ? []
        : [
            buttons(
              button(`Who uses ${first.name}`, 'app', { app: first.name }),
              button(`Block ${first.name}…`, 'block-app', { app: first.name }),
            ),
          ]),
      note(...sources(input.inventory, input.freshness, newSince)),
    ],
  };
}

/** What is answered to `app CloudMagic`. */
export function appMessage(input: {
  use: Use;
  networks: readonly { name: string; addresses: number }[];
  chart: Block<never> | undefined;
  inventory: InventoryState;
  freshness: Freshness;
}): DraftMessage {
  const { use, networks, chart } = input;
  const strings = stringsOf(use.phones);
  const claims = use.app?.claims ?? [];
  return {
    title: use.name,
    tone: use.app !== undefined && isForeign(use.app) ? 'warning' : 'neutral',
    blocks: [
      paragraph(
        strong(`${counted(use.people, 'person', 'people')}, ${counted(use.phones.length, 'phone', 'phones')}`),
        `, ${use.requests} requests in ${usageDays} days, first seen `,
        ...at(use.firstSeen),
        ', last seen ',
        ...at(use.lastSeen),
        '.',
      ),
      ...(networks.length === 0
        ? []
        : [
            paragraph(
              networks.length === 1
                ? `All requests came from one network: ${networks[0]?.name ?? ''}.`
                : `Requests came from ${networks.length} networks, most from ${networks
                    .slice(0, 3)
                    .map(({ name, addresses }) => `${name} (${counted(addresses, 'address', 'addresses')})`)
                    .join(', ')}.`,
            ),
          ]),
      list(
        ...strings.map(({ characteristic, value, phones }) =>
          text(`${characteristic} `, code(value), ` (${counted(phones, 'phone', 'phones')})`),
        ),
      ),
      ...(claims.length === 0
        ? []
        : [
            paragraph('What is said of it elsewhere:'),
            list(
              ...claims.map(({ says, source }) =>
                text(`${says} (`, { kind: 'link', text: hostOf(source), url: source }, ')'),
              ),
            ),
          ]),
      {
        kind: 'table',
        columns: ['Who', 'Phone', 'Let in', 'Refused', 'Exchange says'],
        rows: use.phones
          .slice(0, mostRows)
          .map((phone) => [
            text(phone.owner?.name ?? phone.account),
            text(phone.device?.friendlyName || phone.names.model || phone.names.type),
            at(phone.usage.lastLetIn?.end ?? null),
            at(phone.usage.lastRefused?.at ?? null),
            text(phone.device === undefined ? 'no such device' : phone.device.accessState.toLowerCase()),
          ]),
      },
      ...(use.phones.length > mostRows ? [note(`… ${use.phones.length - mostRows} more`)] : []),
      ...(chart === undefined ? [] : [chart]),
      buttons(button(`Block ${use.name}…`, 'block-app', { app: use.name })),
      note(...sources(input.inventory, input.freshness)),
    ],
  };
}

/** The exact names that these phones give themselves, the commonest first. */
export function stringsOf(phones: readonly Phone[]): { characteristic: string; value: string; phones: number }[] {
  const counts = new Map<string, { characteristic: string; value: string; phones: number }>();
  for (const { names } of phones) {
    const said = [
      ['DeviceType', names.type],
      ['Model', names.model],
      ['User agent', names.agent],
      ...names.strays.map((stray) => ['In the URL', stray] as const),
    ] as const;
    for (const [characteristic, value] of said) {
      if (value === '') continue;
      const key = `${characteristic}\n${value}`;
      const known = counts.get(key);
      counts.set(key, { characteristic, value, phones: (known?.phones ?? 0) + 1 });
    }
  }
  return [...counts.values()].sort((one, other) => other.phones - one.phones).slice(0, 8);
}

export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function at(instant: Date | null): Text {
  return instant === null ? text('never') : text(time(instant));
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^www\./, '');
}
