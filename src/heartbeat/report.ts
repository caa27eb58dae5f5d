/** The answer to `heartbeat`: one line to act on, the table, the cause, what to do, what it costs and what it means for a wipe. */
import type { Block, DraftMessage, Intent, Tone } from '../message/model.ts';
import { button, buttons, code, list, note, paragraph, strong, text, time } from '../message/text.ts';
import { edgeKindNames, isEdgeKind, wantedTimeout } from './advice.ts';
import type { EdgeLook, Look, ServerLook } from './look.ts';
import { edgeName, likelyCause, reasons } from './reasons.ts';
import { currentAverage, shortEdge } from './verdict.ts';
import { atMost, count, every, names, rate, seconds, verdictNames } from './words.ts';

export function toneOf(look: Look): Tone {
  if (look.verdict === 'healthy') return 'success';
  if (look.verdict === 'too-little-data') return 'neutral';
  const events = look.servers.some(({ events: found }) => found?.runningSince !== undefined);
  return look.verdict === 'edge-too-short' && (events || lowest(look) <= 600) ? 'danger' : 'warning';
}

function lowest(look: Look): number {
  return Math.min(...about(look).map((server) => currentAverage(server) ?? Number.POSITIVE_INFINITY));
}

export type ReportOptions = {
  chart?: Block<never> | undefined;
  /** Names of people and devices may stand in it: a private answer, or a channel that policy names for it. */
  personal?: boolean;
  nameOf?: (account: string) => string;
};

export function reportMessage(look: Look, options: ReportOptions = {}): DraftMessage {
  const unseen = look.servers.flatMap((server) => server.unseen);
  return {
    title: titleOf(look),
    tone: toneOf(look),
    blocks: [
      ...(unseen.length === 0 ? [] : [unseenBlock(look, unseen)]),
      paragraph(strong(headline(look)), ...sinceWords(look)),
      table(look),
      ...causes(look),
      ...(options.chart === undefined ? [] : [options.chart]),
      paragraph(strong('Do: '), ...toDo(look)),
      paragraph(costAndWipe(look)),
      ...pullers(look, options),
      list(...reasons(look).map((reason) => text(reason))),
      adviceButtons(look),
      note('As of ', time(look.at), `; heartbeats and cost of the last ${look.hours} hours, from back-end logs.`),
    ],
  };
}

function titleOf(look: Look): string {
  const blind = look.servers.filter(({ unseen }) => unseen.length > 0).length;
  const seen = look.servers.length - blind;
  return `Direct Push: ${verdictNames[look.verdict]}${blind > 0 ? ` (${seen} of ${look.servers.length} servers fully seen)` : ''}`;
}

function unseenBlock(look: Look, unseen: readonly string[]): Block<never> {
  const whole = look.servers.filter((server) => server.unseen.length === 0).map(({ server }) => server);
  const from =
    whole.length === 0
      ? 'what is left'
      : `what ${names(whole)} say${whole.length === 1 ? 's' : ''}, and what is left of the others`;
  return paragraph(`Not everything could be seen. ${unseen.join(' ')} This is ${from}:`);
}

/** One line that a person can act on. */
export function headline(look: Look): string {
  const servers = about(look);
  switch (look.verdict) {
    case 'edge-too-short': {
      const edges = shortEdges(look);
      const where = edges.map(({ edge }) =>
        edge.name === undefined ? `in front of ${names(edge.servers)}` : `behind ${edge.name}`,
      );
      const lives = servers.flatMap(({ asked }) => (asked === undefined ? [] : [asked.lives]));
      const again = lives.length === 0 ? 'too often' : every(Math.min(...lives));
      const wanted = Math.max(...servers.map(({ values }) => values.max));
      return `Phones ${names([...new Set(where)])} re-connect ${again}; Exchange would let them wait ${seconds(wanted)}.`;
    }
    case 'clients-too-short': {
      const few = servers.find(({ pull }) => pull.few.length > 0);
      if (few !== undefined) {
        const kind = few.pull.deviceType === undefined ? '' : ` of type ${few.pull.deviceType}`;
        return `${count(few.pull.few.length, 'client')}${kind} on ${few.server} ask${few.pull.few.length === 1 ? 's' : ''} for such short heartbeats that the average is ${seconds(currentAverage(few) ?? 0)}; no edge cuts them.`;
      }
      const first = servers[0];
      const averages = servers.map((server) => seconds(currentAverage(server) ?? 0));
      return `Phones on ${names(look.about)} ask for only ${names(averages)} on average (event 1040 from ${seconds(first?.values.threshold ?? 540)}), and no cut connection shows why.`;
    }
    case 'values-wrong': {
      const wrong = servers.filter(({ valueProblems }) => valueProblems.length > 0).map(({ server }) => server);
      return wrong.length > 0
        ? `The heartbeat values of ${names(wrong)} are not what Exchange can use.`
        : `The heartbeat values differ between ${names(look.about)}.`;
    }
    case 'too-little-data':
      return look.servers.length === 0
        ? 'There is no Exchange server to look at: policy.yaml lists none, and Exchange Online has none that could be read.'
        : `Too few waiting phones were seen in ${look.hours} hours to judge${look.about.length === 0 ? '' : ` ${names(look.about)}`}.`;
    case 'healthy': {
      const averages = servers.map((server) => currentAverage(server) ?? 0);
      return `Phones ask to wait ${seconds(Math.round(averages.reduce((sum, each) => sum + each, 0) / Math.max(1, averages.length)))} on average, and their connections last.`;
    }
  }
}

function sinceWords({ since, verdict }: Look): (string | ReturnType<typeof time>)[] {
  if (since === undefined || verdict === 'healthy') return [];
  return since.atLeast
    ? [' At least since ', time(since.at), ', where the logs begin.']
    : [' Since ', time(since.at), '.'];
}

function table(look: Look): Block<never> {
  return {
    kind: 'table',
    columns: ['Server', 'Edge', 'Asked for, average', 'Connections', 'Event 1040', 'Verdict'],
    rows: look.servers.map((server) => {
      const average = currentAverage(server);
      const low = average !== undefined && average <= server.values.threshold;
      const edge = look.edges.find(({ servers }) => servers.includes(server.server));
      const events = server.events === undefined ? 'not known' : String(server.events.total);
      return [
        text(server.server),
        text(server.edge ?? 'none'),
        text(average === undefined ? 'not known' : low ? strong(seconds(average)) : seconds(average)),
        text(endsWords(edge)),
        text(events),
        text(verdictNames[server.verdict]),
      ];
    }),
  };
}

function endsWords(edge: EdgeLook | undefined): string {
  if (edge === undefined) return 'not known';
  const { estimate, scope } = edge;
  const only = scope.kind === 'all' ? '' : ` (${scope.name} only)`;
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

function shortEdges(look: Look): { edge: EdgeLook; max: number }[] {
  return look.edges.flatMap((edge) => {
    const max = Math.max(
      0,
      ...look.servers.filter(({ server }) => edge.servers.includes(server)).map(({ values }) => values.max),
    );
    return shortEdge(edge, max) !== undefined && edge.servers.some((server) => look.about.includes(server))
      ? [{ edge, max }]
      : [];
  });
}

function causes(look: Look): Block<never>[] {
  if (look.verdict !== 'edge-too-short') return [];
  return shortEdges(look).flatMap(({ edge, max }) => {
    const cause = likelyCause(edge, max);
    return cause === undefined ? [] : [paragraph(strong('Likely cause: '), cause)];
  });
}

function toDo(look: Look): (string | ReturnType<typeof code>)[] {
  const max = Math.max(60, ...about(look).map(({ values }) => values.max));
  switch (look.verdict) {
    case 'edge-too-short': {
      const which = names(shortEdges(look).map(({ edge }) => edgeName(edge)));
      return [
        `raise the idle timeout of ${which} for `,
        code('/Microsoft-Server-ActiveSync'),
        ` to at least ${seconds(wantedTimeout(max))}.`,
      ];
    }
    case 'clients-too-short':
      return about(look).some(({ pull }) => pull.few.length > 0)
        ? [
            'look at those clients (say ',
            code('apps'),
            '): update them, or block them if nobody needs them. No firewall has to change.',
          ]
        : [
            'list what stands between phones and these servers in policy.yaml (edges, with idleTimeoutSeconds), and check each idle timeout against ',
            `${seconds(wantedTimeout(max))}; phones may have backed off long ago and no longer try.`,
          ];
    case 'values-wrong':
      return [
        'correct them in ',
        code('ClientAccess\\Sync\\web.config'),
        " on every server alike (Exchange's own: 60, 3540, 200, 540), then ",
        code('Restart-WebAppPool MSExchangeSyncAppPool'),
        '. That drops every waiting connection of the server; its phones come back at once.',
      ];
    case 'too-little-data':
      return look.servers.length === 0
        ? ['nothing, with Exchange Online; else list your servers in policy.yaml.']
        : [
            'wait until more phones have connected, and see that back-end logs (W3SVC2) of every server are read: say ',
            code('heartbeat'),
            ' again.',
          ];
    case 'healthy':
      return ['nothing.'];
  }
}

/** What it costs today, and how soon a phone would hear of a wipe. */
export function costAndWipe(look: Look): string {
  const costs = about(look).flatMap(({ cost }) => (cost === undefined ? [] : [cost]));
  const worst = costs.sort((a, b) => b.now - a.now)[0];
  const helps = worst !== undefined && look.verdict !== 'healthy' && worst.now > worst.after * 1.2;
  const cost =
    worst === undefined
      ? 'What it costs is not known.'
      : helps
        ? `Today each phone opens about ${rate(worst.now)} connections an hour instead of ${rate(worst.after)}.`
        : `Each phone opens about ${rate(worst.now)} connections an hour.`;
  return `${cost} ${wipeWords(look)}`;
}

function wipeWords(look: Look): string {
  const servers = about(look);
  const edge = shortEdges(look)[0];
  const short = edge === undefined ? undefined : shortEdge(edge.edge, edge.max);
  const asked = Math.max(0, ...servers.map((server) => currentAverage(server) ?? 0));
  const max = Math.max(60, ...servers.map(({ values }) => values.max));
  if (look.verdict === 'edge-too-short' && short !== undefined) {
    const silent = short.known !== 'policy' && !(short.known === 'seen' && short.seen.how === 'reset');
    const now = Math.min(short.seconds, max);
    return silent
      ? `Until then a phone may wait in vain on a connection that is gone: it hears of a wipe when it next connects by itself, and mail comes as late.`
      : `Until then a wipe reaches a connected phone within about ${atMost(now)}; afterwards a quiet one may take up to ${atMost(max)}.`;
  }
  if (asked === 0) return `A connected phone hears of a wipe when it next asks, after ${atMost(max)} at most.`;
  return `A connected phone hears of a wipe within about ${atMost(asked)}, at most ${atMost(max)}.`;
}

function pullers(look: Look, { personal = false, nameOf = (account) => account }: ReportOptions): Block<never>[] {
  const servers = about(look).filter(({ pull }) => pull.few.length > 0);
  if (!personal || look.verdict !== 'clients-too-short') return [];
  return servers.map(({ server, pull }) => ({
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

function adviceButtons(look: Look): Block<Intent> {
  const kinds = shortEdges(look).flatMap(({ edge }) => (isEdgeKind(edge.edgeKind) ? [edge.edgeKind] : []));
  const own = kinds[0];
  const offered =
    look.verdict !== 'edge-too-short'
      ? []
      : own !== undefined && own !== 'other'
        ? [own]
        : (['f5', 'citrix-adc', 'haproxy', 'nginx', 'azure'] as const);
  return buttons(
    ...offered.map((kind) => button(`How, for ${edgeKindNames[kind]}`, 'heartbeat-advice', { kind })),
    button('Look again', 'heartbeat', { fresh: true }, { epoch: look.at }),
    button('History', 'heartbeat-history', {}, { epoch: look.at }),
  );
}

function about(look: Look): ServerLook[] {
  return look.servers.filter(({ server }) => look.about.includes(server));
}
