/** The sentences behind a verdict: what was seen, on which server, and what it rests on. */

import { knownBetween, knownNear } from './known-timeouts.ts';
import type { EdgeLook, Look, ServerLook } from './look.ts';
import { shortEdge } from './verdict.ts';
import { count, names, seconds } from './words.ts';

/** `LB1`, or `what stands in front of EX01` where policy.yaml lists nothing. */
export function edgeName(edge: EdgeLook): string {
  return edge.name ?? `whatever stands in front of ${names(edge.servers)}`;
}

/** What is known of each edge, one sentence or two. */
export function edgeSentence(edge: EdgeLook, max: number): string {
  const { estimate, scope, policySeconds } = edge;
  const who = edgeName(edge);
  const policy =
    policySeconds === undefined
      ? ''
      : ` policy.yaml says ${seconds(policySeconds)}${edge.policyOutdated ? ', which is no longer so' : ''}.`;
  switch (estimate.kind) {
    case 'seen': {
      const known = knownNear(estimate.seconds);
      const like = known === undefined ? '' : `, as ${known.whose} (${seconds(known.seconds)}) would`;
      const part =
        scope.kind === 'network'
          ? `Only phones on ${scope.name} meet it, so it is that network's and not ${who}. `
          : scope.kind === 'device-type'
            ? `Only clients of type ${scope.name} meet it while others last longer, so it is that app. `
            : edge.soleType === undefined
              ? ''
              : `Only clients of type ${edge.soleType} ask for more, so the app itself may hang up. `;
      const how =
        estimate.how === 'reset'
          ? `${count(estimate.requests, 'connection')} of ${count(estimate.clients, 'phone')} were closed at about ${seconds(estimate.seconds)}${like}`
          : `nothing that asked for more than ${seconds(estimate.seconds)} was answered (${count(estimate.requests, 'request')} of ${count(estimate.clients, 'phone')}); connections are forgotten without a word${like === '' ? '' : `${like} do`}`;
      return `${capital(who)}: ${how}; hardly any lasted longer. Confidence ${estimate.confidence}. ${part}${policy}`
        .replaceAll('  ', ' ')
        .trim();
    }
    case 'bounded': {
      const between = knownBetween(estimate.atLeast, estimate.atMost);
      const like =
        between.length === 0
          ? ''
          : ` Known timeouts there: ${between.map((known) => `${seconds(known.seconds)} (${known.whose})`).join(', ')}.`;
      return `${capital(who)}: nothing over ${seconds(estimate.atLeast)} is answered, and by ${seconds(estimate.atMost)} at most the way is gone (${count(estimate.requests, 'request')} of ${count(estimate.clients, 'phone')}); nobody is told.${like}${policy}`;
    }
    case 'none':
      return `${capital(who)}: connections last ${seconds(estimate.holds)}, about as long as Exchange allows (${seconds(max)}).${policy}`;
    case 'unknown': {
      if (estimate.gone !== undefined)
        return `${capital(who)}: connections ended at about ${seconds(estimate.gone.seconds)} until lately; they last longer now.${policy}`;
      const holds =
        estimate.holds === 0
          ? 'the logs hold no answered wait'
          : `connections last at least ${seconds(estimate.holds)}; too few ask for more to say where they would end`;
      return `${capital(who)}: ${holds}.${policy}`;
    }
  }
}

/** The likely cause of a short edge, as the line under the table. */
export function likelyCause(edge: EdgeLook, max: number): string | undefined {
  const short = shortEdge(edge, max);
  if (short === undefined) return undefined;
  const what =
    edge.name === undefined
      ? `something in front of ${names(edge.servers)}`
      : `${edge.name}${edge.where === undefined ? '' : ` (${edge.where})`}`;
  if (short.known === 'policy') {
    return `${what} closes idle connections after ${seconds(short.seconds)}, says policy.yaml; the logs show short heartbeats and nothing against it.`;
  }
  if (short.known === 'bounded') {
    return `${what} forgets idle connections somewhere between ${seconds(short.atLeast)} and ${seconds(short.seconds)}.`;
  }
  const known = knownNear(short.seconds);
  const like = known === undefined ? '' : ` (like ${known.whose}: ${seconds(known.seconds)})`;
  const verb = short.seen.how === 'reset' ? 'closes idle connections after' : 'silently forgets idle connections after';
  return `${what} ${verb} about ${seconds(short.seconds)}${like}.`;
}

/** Everything worth knowing beside the verdict, most telling first. */
export function reasons(look: Look): string[] {
  const max = Math.max(0, ...look.servers.map(({ values }) => values.max));
  return [
    ...look.servers.flatMap((server) => serverReasons(server)),
    ...look.edges.filter((edge) => !isPlain(edge)).map((edge) => edgeSentence(edge, max)),
    ...plainEdges(look),
    ...look.differences,
    ...look.servers.flatMap(({ remarks }) => remarks),
  ];
}

/** Nothing is listed in front, and nothing cuts: one sentence does for all of these servers. */
function isPlain({ name, estimate }: EdgeLook): boolean {
  return name === undefined && estimate.kind === 'none';
}

function plainEdges({ edges }: Look): string[] {
  const plain = edges.filter(isPlain);
  const holds = plain.flatMap(({ estimate }) => (estimate.kind === 'none' ? [estimate.holds] : []));
  if (plain.length === 0) return [];
  const servers = plain.flatMap((edge) => edge.servers);
  return [`Connections to ${names(servers)} last ${seconds(Math.min(...holds))} and more; nothing cuts them.`];
}

function serverReasons(server: ServerLook): string[] {
  const { values, events } = server;
  const found: string[] = server.valueProblems.map((problem) => `${server.server}: ${problem}`);
  for (const average of server.averages) {
    const soon = soonSentence(server.server, average);
    if (soon !== undefined) found.push(soon);
  }
  if (server.pull.few.length > 0 && server.pull.without !== undefined) {
    const kind = server.pull.deviceType === undefined ? '' : ` of type ${server.pull.deviceType}`;
    found.push(
      `${server.server}: ${count(server.pull.few.length, 'client')}${kind} pull the average down; without them it is ${seconds(server.pull.without)}.`,
    );
  }
  if (events !== undefined && events.total > 0) {
    const trend = { rising: ', rising', falling: ', falling', steady: '', none: '' }[events.trend];
    found.push(
      `${server.server}: event 1040 ${count(events.total, 'time')} in 14 days${trend}; last at an average of ${seconds(events.last?.average ?? 0)} (threshold ${seconds(events.last?.threshold ?? values.threshold)}).`,
    );
  }
  return found;
}

export function soonSentence(server: string, average: ServerLook['averages'][number]): string | undefined {
  if (average.firesInHours === undefined) return undefined;
  const when =
    average.firesInHours < 1 ? 'within the hour' : `in about ${count(Math.round(average.firesInHours), 'hour')}`;
  return `${server}: if phones go on as now, Exchange logs event 1040 for ${average.command} ${when} (average now ${seconds(average.average ?? 0)}).`;
}

function capital(sentence: string): string {
  return sentence.slice(0, 1).toUpperCase() + sentence.slice(1);
}
