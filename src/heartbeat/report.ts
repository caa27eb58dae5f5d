/** The answer to `heartbeat`: one line to act on, the table, the cause, what to do, what it costs and what it means for a wipe. */
import type { Block, DraftMessage, Intent, Span, Tone } from '../message/model.ts';
import { button, buttons, code, list, note, paragraph, strong, text, time } from '../message/text.ts';
import { edgeKindNames, isEdgeKind, wantedTimeout } from './advice.ts';
import type { EdgeReading, Reading, ServerReading } from './reading.ts';
import { edgeName, likelyCause, ofType, reasons } from './reasons.ts';
import { type Cause, causeOf, currentAverage, type OwnCut, ownCut, verdictNames } from './verdict.ts';
import { atMost, count, every, names, rate, seconds } from './words.ts';

export type ReportOptions = {
  chart?: Block<never> | undefined;
  /** Names of people and devices may stand in it: a private answer, or a channel that policy names for it. */
  personal?: boolean;
  nameOf?: (account: string) => string;
};

/** What the sentences are about. */
type Findings = {
  reading: Reading;
  /** The servers of the verdict. */
  about: readonly ServerReading[];
  /** Why each of them has its verdict. */
  causes: readonly Cause[];
  /** The edges among the causes. */
  short: readonly Extract<Cause, { kind: 'edge' }>[];
  /** The longest heartbeat that one of them allows. */
  max: number;
};

export function reportMessage(reading: Reading, options: ReportOptions = {}): DraftMessage {
  const findings = findingsOf(reading);
  const { headline, toDo } = sentences[reading.verdict](findings);
  return {
    title: titleOf(reading),
    tone: toneOf(findings),
    blocks: [
      ...unseenBlock(reading),
      paragraph(strong(headline), ...sinceWords(reading)),
      table(reading),
      ...(reading.verdict === 'edge-too-short' ? causes(findings) : []),
      ...(options.chart === undefined ? [] : [options.chart]),
      paragraph(strong('Do: '), ...toDo),
      paragraph(`${costWords(findings)} ${wipeWords(findings)}`),
      ...pullers(findings, options),
      list(...reasons(reading).map((reason) => text(reason))),
      adviceButtons(findings),
      note('As of ', time(reading.at), `; heartbeats and cost of the last ${reading.hours} hours, from back-end logs.`),
    ],
  };
}

function findingsOf(reading: Reading): Findings {
  const isAbout = (server: string) => reading.about.includes(server);
  const about = reading.servers.filter(({ server }) => isAbout(server));
  const causes = about.map((server) => causeOf(server, reading.edges));
  const edges = causes.filter((cause) => cause.kind === 'edge');
  const short = edges.filter(({ edge }, index) => edges.findIndex((each) => each.edge === edge) === index);
  return { reading, about, causes, short, max: Math.max(60, ...about.map(({ values }) => values.max)) };
}

function toneOf({ reading, about }: Findings): Tone {
  if (reading.verdict === 'healthy') return 'success';
  if (reading.verdict === 'too-little-data') return 'neutral';
  const isRunning = reading.servers.some(({ events }) => events?.runningSince !== undefined);
  const isLow = about.some((server) => (currentAverage(server) ?? Number.POSITIVE_INFINITY) <= 600);
  return reading.verdict === 'edge-too-short' && (isRunning || isLow) ? 'danger' : 'warning';
}

function titleOf({ servers, verdict }: Reading): string {
  const seen = servers.filter(({ unseen }) => unseen.length === 0).length;
  const blind = seen < servers.length ? ` (${seen} of ${servers.length} servers fully seen)` : '';
  return `Direct Push: ${verdictNames[verdict]}${blind}`;
}

function unseenBlock({ servers }: Reading): Block<never>[] {
  const unseen = servers.flatMap((server) => server.unseen);
  if (unseen.length === 0) return [];
  const whole = servers.filter((server) => server.unseen.length === 0).map(({ server }) => server);
  const from =
    whole.length === 0
      ? 'what is left'
      : `what ${names(whole)} say${whole.length === 1 ? 's' : ''}, and what is left of the others`;
  return [paragraph(`Not everything could be seen. ${unseen.join(' ')} This is ${from}:`)];
}

type Sentences = { headline: string; toDo: readonly (string | Span)[] };

/** By verdict: one line that a person can act on, and what they should do. */
const sentences: Readonly<Record<Reading['verdict'], (findings: Findings) => Sentences>> = {
  'edge-too-short': ({ about, short, max }) => {
    const where = short.map(({ edge }) =>
      edge.name === undefined ? `in front of ${names(edge.servers)}` : `behind ${edgeName(edge)}`,
    );
    // Where phones wait longer on other ways, how often they connect is an average of both and says nothing.
    const some = short.flatMap(({ end }) => (end.known === 'seen' && end.some ? [seconds(end.seconds)] : []));
    const lives = about.flatMap(({ asked }) => asked?.lives ?? []);
    const again = lives.length === 0 ? 'too often' : every(Math.min(...lives));
    const longest = Math.max(...about.map(({ values }) => values.max));
    return {
      headline:
        some.length === short.length
          ? `Connections ${names([...new Set(where)])} are cut at about ${names([...new Set(some)])} on some ways and last longer on others; Exchange would let them wait ${seconds(longest)}.`
          : `Phones ${names([...new Set(where)])} re-connect ${again}; Exchange would let them wait ${seconds(longest)}.`,
      toDo: [
        `raise the idle timeout of ${names(short.map(({ edge }) => edgeName(edge)))} for `,
        code('/Microsoft-Server-ActiveSync'),
        ` to at least ${seconds(wantedTimeout(max))}.`,
      ],
    };
  },
  'clients-too-short': (findings) => {
    const { about, causes } = findings;
    const own = causes.find((cause) => cause.kind === 'network' || cause.kind === 'app');
    if (own !== undefined) return ownSentences(own, findings);
    const pulled = about.find((_, index) => causes[index]?.kind === 'few-clients');
    if (pulled === undefined) return unknownSentences(findings);
    const { few, deviceType } = pulled.pull;
    return {
      headline: `${count(few.length, 'client')}${ofType(deviceType)} on ${pulled.server} ask${few.length === 1 ? 's' : ''} for such short heartbeats that the average is ${seconds(currentAverage(pulled) ?? 0)}; no edge cuts them.`,
      toDo: [
        'look at those clients (say ',
        code('apps'),
        '): update them, or block them if nobody needs them. No firewall has to change.',
      ],
    };
  },
  'values-wrong': ({ reading, about }) => {
    const wrong = about.filter(({ valueProblems }) => valueProblems.length > 0).map(({ server }) => server);
    return {
      headline:
        wrong.length > 0
          ? `The heartbeat values of ${names(wrong)} are not what Exchange can use.`
          : `The heartbeat values differ between ${names(reading.about)}.`,
      toDo: [
        'correct them in ',
        code('ClientAccess\\Sync\\web.config'),
        " on every server alike (Exchange's own: 60, 3540, 200, 540), then ",
        code('Restart-WebAppPool MSExchangeSyncAppPool'),
        '. That drops every waiting connection of the server; its phones come back at once.',
      ],
    };
  },
  'too-little-data': ({ reading: { servers, hours, about } }) =>
    servers.length === 0
      ? {
          headline:
            'There is no Exchange server to look at: policy.yaml lists none, and Exchange Online has none that could be read.',
          toDo: ['nothing, with Exchange Online; else list your servers in policy.yaml.'],
        }
      : {
          headline: `Too few waiting phones were seen in ${hours} hours to judge${about.length === 0 ? '' : ` ${names(about)}`}.`,
          toDo: [
            'wait until more phones have connected, and see that back-end logs (W3SVC2) of every server are read: say ',
            code('heartbeat'),
            ' again.',
          ],
        },
  healthy: ({ about, reading }) => {
    const but = reading.edges.flatMap((edge) => {
      const own = ownCut(edge);
      return own === undefined ? [] : [`those of ${ownName(own)} (about ${seconds(own.seconds)})`];
    });
    const last = but.length === 0 ? 'their connections last' : `connections last, but for ${names([...new Set(but)])}`;
    const sum = about.reduce((total, server) => total + (currentAverage(server) ?? 0), 0);
    const average = Math.round(sum / Math.max(1, about.length));
    return {
      headline: `Phones ask to wait ${seconds(average)} on average, and ${last}.`,
      toDo: ['nothing.'],
    };
  },
};

function ownName({ kind, name }: OwnCut): string {
  return kind === 'network' ? `phones on ${name}` : `clients of type ${name}`;
}

/** Only one network or one app is cut. */
function ownSentences(own: OwnCut, { about }: Findings): Sentences {
  const averages = about.map((server) => seconds(currentAverage(server) ?? 0));
  return {
    headline: `Connections of ${ownName(own)} end at about ${seconds(own.seconds)} and those of others last; phones ask for ${names(averages)} on average.`,
    toDo:
      own.kind === 'network'
        ? [
            `look at what stands between ${own.name} and Exchange and nobody else passes: its own firewall, or the carrier.`,
          ]
        : [
            'look at that app (say ',
            code('apps'),
            '): update it, or block it if nobody needs it. No firewall has to change.',
          ],
  };
}

/** Nothing cuts, and no few clients make it so: phones may have backed off before the logs begin. */
function unknownSentences({ reading, about, max }: Findings): Sentences {
  const averages = about.map((server) => seconds(currentAverage(server) ?? 0));
  const edges = reading.edges.filter(({ servers }) => about.some(({ server }) => servers.includes(server)));
  const listed = [...new Set(edges.flatMap(({ name }) => name ?? []))];
  const unlisted = edges.filter(({ name }) => name === undefined).flatMap(({ servers }) => servers);
  const toDo = [
    ...(listed.length === 0
      ? []
      : [
          `check the idle timeout of ${names(listed)} and of what else stands there against ${seconds(wantedTimeout(max))}`,
        ]),
    ...(unlisted.length === 0
      ? []
      : [
          `list what stands between phones and ${names(unlisted)} in policy.yaml (edges, with idleTimeoutSeconds), and check each idle timeout against ${seconds(wantedTimeout(max))}`,
        ]),
  ];
  return {
    headline: `Phones on ${names(reading.about)} ask for only ${names(averages)} on average (event 1040 from ${seconds(about[0]?.values.threshold ?? 540)}), and no cut connection shows why.`,
    toDo: [`${toDo.join('; ')}; phones may have backed off long ago and no longer try.`],
  };
}

function sinceWords({ since, verdict }: Reading): (string | Span)[] {
  if (since === undefined || verdict === 'healthy') return [];
  return since.atLeast
    ? [' At least since ', time(since.at), ', where the logs begin.']
    : [' Since ', time(since.at), '.'];
}

function table({ servers, edges }: Reading): Block<never> {
  return {
    kind: 'table',
    columns: ['Server', 'Edge', 'Asked for, average', 'Connections', 'Event 1040', 'Verdict'],
    rows: servers.map((server) => {
      const average = currentAverage(server);
      const low = average !== undefined && average <= server.values.threshold;
      return [
        text(server.server),
        text(server.edge ?? 'none'),
        text(average === undefined ? 'not known' : low ? strong(seconds(average)) : seconds(average)),
        text(endsWords(edges.find((edge) => edge.servers.includes(server.server)))),
        text(eventsWords(server.events)),
        text(verdictNames[server.verdict]),
      ];
    }),
  };
}

function eventsWords(events: ServerReading['events']): string {
  if (events === undefined) return 'not known';
  return events.atLeast === true ? `at least ${events.total}` : String(events.total);
}

function endsWords(edge: EdgeReading | undefined): string {
  if (edge === undefined) return 'not known';
  const { estimate, scope } = edge;
  const only = scope.kind === 'all' ? '' : ` (${scope.kind === 'some' ? 'some ways' : scope.name} only)`;
  switch (estimate.kind) {
    case 'seen':
      return `${estimate.how === 'reset' ? 'cut' : 'lost'} at about ${seconds(estimate.seconds)}${only}`;
    case 'bounded':
      return `lost by ${seconds(estimate.atMost)} at most`;
    case 'none':
      return 'not cut';
    case 'unknown':
      return estimate.holds === 0 ? 'not known' : `last ${seconds(estimate.holds)} or more`;
  }
}

function causes({ short }: Findings): Block<never>[] {
  return short.map(({ edge, end }) => paragraph(strong('Likely cause: '), likelyCause(edge, end)));
}

/** What it costs today. */
function costWords({ reading, about }: Findings): string {
  const [worst] = about.flatMap(({ cost }) => cost ?? []).sort((a, b) => b.now - a.now);
  if (worst === undefined) return 'What it costs is not known.';
  return reading.verdict !== 'healthy' && worst.now > worst.after * 1.2
    ? `Today each phone opens about ${rate(worst.now)} connections an hour instead of ${rate(worst.after)}.`
    : `Each phone opens about ${rate(worst.now)} connections an hour.`;
}

/** How soon a phone would hear of a wipe. */
function wipeWords({ reading, about, short: [short], max }: Findings): string {
  if (reading.verdict === 'edge-too-short' && short !== undefined) {
    const { end } = short;
    const isSilent = end.known === 'bounded' || (end.known === 'seen' && end.how === 'silent');
    if (end.known === 'seen' && end.some && !isSilent)
      return `Until then a wipe reaches a phone on such a way within about ${atMost(Math.min(end.seconds, max))}, others after ${atMost(max)} at most.`;
    return isSilent
      ? 'Until then a phone may wait in vain on a connection that is gone: it hears of a wipe when it next connects by itself, and mail comes as late.'
      : `Until then a wipe reaches a connected phone within about ${atMost(Math.min(end.seconds, max))}; afterwards a quiet one may take up to ${atMost(max)}.`;
  }
  const asked = Math.max(0, ...about.map((server) => currentAverage(server) ?? 0));
  if (asked === 0) return `A connected phone hears of a wipe when it next asks, after ${atMost(max)} at most.`;
  return `A connected phone hears of a wipe within about ${atMost(asked)}, at most ${atMost(max)}.`;
}

function pullers(
  { reading, about, causes }: Findings,
  { personal = false, nameOf = (account) => account }: ReportOptions,
): Block<never>[] {
  if (!personal || reading.verdict !== 'clients-too-short') return [];
  const pulled = about.filter((_, index) => causes[index]?.kind === 'few-clients');
  return pulled.map(({ server, pull }) => ({
    kind: 'table',
    columns: [`Client on ${server}`, 'Type', 'Asks for, average', 'Of the last heartbeats'],
    rows: pull.few.map((client) => [
      text(client.account === '' ? client.deviceId : nameOf(client.account)),
      text(client.deviceType),
      text(seconds(client.average)),
      text(String(client.samples)),
    ]),
  }));
}

function adviceButtons({ reading, short }: Findings): Block<Intent> {
  const known = short.map(({ edge }) => edge.edgeKind).find(isEdgeKind);
  const kinds =
    known === undefined || known === 'other' ? (['f5', 'citrix-adc', 'haproxy', 'nginx', 'azure'] as const) : [known];
  const offered = reading.verdict === 'edge-too-short' ? kinds : [];
  return buttons(
    ...offered.map((kind) => button(`How, for ${edgeKindNames[kind]}`, 'heartbeat-advice', { kind })),
    button('Look again', 'heartbeat', { fresh: true }, { epoch: reading.at }),
    button('History', 'heartbeat-history', {}, { epoch: reading.at }),
  );
}
