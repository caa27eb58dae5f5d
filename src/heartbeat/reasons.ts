/** The sentences behind a verdict: what was seen, on which server, and what it rests on. */
import { knownBetween, knownNear } from './known-timeouts.ts';
import type { EdgeReading, Reading, ServerReading } from './reading.ts';
import { type Cause, causeOf, type ShortEdge } from './verdict.ts';
import { count, inHours, names, seconds } from './words.ts';

/** `LB1`, `LB1 on the way to EX01` where its other servers are met by something else, or `whatever stands in front of EX01`. */
export function edgeName({ name, servers, parted = false }: EdgeReading): string {
  if (name === undefined) return `whatever stands in front of ${names(servers)}`;
  return parted ? `${name} on the way to ${names(servers)}` : name;
}

/** What is known of an edge, one sentence or two. */
function edgeSentence(edge: EdgeReading, max: number): string {
  const { estimate, scope, policySeconds, policyOutdated } = edge;
  const name = edgeName(edge);
  const who = name.slice(0, 1).toUpperCase() + name.slice(1);
  const outdated = policyOutdated ? ', which is no longer so' : '';
  const policy = policySeconds === undefined ? '' : ` policy.yaml says ${seconds(policySeconds)}${outdated}.`;
  switch (estimate.kind) {
    case 'seen': {
      const known = knownNear(estimate.seconds);
      const like = known === undefined ? '' : `, as ${known.whose} (${seconds(known.seconds)}) would`;
      const requests = (one: string) => `${count(estimate.requests, one)} of ${count(estimate.clients, 'phone')}`;
      const how =
        estimate.how === 'reset'
          ? `${requests('connection')} were closed at about ${seconds(estimate.seconds)}${like}`
          : `nothing that asked for more than ${seconds(estimate.seconds)} was answered (${requests('request')}); connections are forgotten without a word${like === '' ? '' : `${like} do`}`;
      const longer = scope.kind === 'all' ? 'hardly any lasted longer' : 'others last longer';
      return `${who}: ${how}; ${longer}. Confidence ${estimate.confidence}.${partWords(scope, edge.soleType, name)}${policy}`;
    }
    case 'bounded': {
      const known = knownBetween(estimate.atLeast, estimate.atMost).map(
        (each) => `${seconds(each.seconds)} (${each.whose})`,
      );
      const like = known.length === 0 ? '' : ` Known timeouts there: ${known.join(', ')}.`;
      return `${who}: nothing over ${seconds(estimate.atLeast)} is answered, and by ${seconds(estimate.atMost)} at most the way is gone (${count(estimate.requests, 'request')} of ${count(estimate.clients, 'phone')}); nobody is told.${like}${policy}`;
    }
    case 'none':
      return `${who}: connections last ${seconds(estimate.holds)}, about as long as Exchange allows (${seconds(max)}).${policy}`;
    case 'unknown': {
      if (estimate.gone !== undefined)
        return `${who}: connections ended at about ${seconds(estimate.gone.seconds)} until lately; they last longer now.${policy}`;
      const holds =
        estimate.holds === 0
          ? 'the logs hold no answered wait'
          : `connections last at least ${seconds(estimate.holds)}; too few ask for more to say where they would end`;
      return `${who}: ${holds}.${policy}`;
    }
  }
}

/** Whose connections end there, where not everybody's do. */
function partWords(scope: EdgeReading['scope'], soleType: string | undefined, name: string): string {
  switch (scope.kind) {
    case 'some':
      return ' The same phones wait longer on other ways, as inside and outside of a firewall.';
    case 'network':
      return ` Only phones on ${scope.name} meet it, so it is that network's and not ${name}.`;
    case 'device-type':
      return ` Only clients of type ${scope.name} meet it while others last longer, so it is that app.`;
    case 'all':
      return soleType === undefined
        ? ''
        : ` Only clients of type ${soleType} ask for more, so the app itself may hang up.`;
  }
}

/** The likely cause of a short edge, as the line under the table. */
export function likelyCause(edge: EdgeReading, end: ShortEdge): string {
  const where = edge.where === undefined ? '' : ` (${edge.where})`;
  const what = edge.name === undefined ? `something in front of ${names(edge.servers)}` : `${edgeName(edge)}${where}`;
  switch (end.known) {
    case 'policy':
      return `${what} closes idle connections after ${seconds(end.seconds)}, says policy.yaml; the logs show short heartbeats and nothing against it.`;
    case 'bounded':
      return `${what} forgets idle connections somewhere between ${seconds(end.atLeast)} and ${seconds(end.seconds)}.`;
    case 'seen': {
      const known = knownNear(end.seconds);
      const like = known === undefined ? '' : ` (like ${known.whose}: ${seconds(known.seconds)})`;
      const verb = end.how === 'reset' ? 'closes idle connections after' : 'silently forgets idle connections after';
      const some = end.some
        ? ', and not all connections pass it: the same phones wait longer on other ways, as inside and outside of a firewall'
        : '';
      return `${what} ${verb} about ${seconds(end.seconds)}${like}${some}.`;
    }
  }
}

/** Everything worth knowing beside the verdict, most telling first. */
export function reasons({ servers, edges, differences }: Reading): string[] {
  const max = Math.max(0, ...servers.map(({ values }) => values.max));
  // Nothing is listed in front, and nothing cuts: one sentence does for all of these servers.
  const isPlain = ({ name, estimate }: EdgeReading) => name === undefined && estimate.kind === 'none';
  const plain = edges.filter(isPlain);
  const holds = Math.min(...plain.flatMap(({ estimate }) => (estimate.kind === 'none' ? [estimate.holds] : [])));
  return [
    ...servers.flatMap((server) => serverReasons(server, causeOf(server, edges))),
    ...edges.filter((edge) => !isPlain(edge)).map((edge) => edgeSentence(edge, max)),
    ...(plain.length === 0
      ? []
      : [
          `Connections to ${names(plain.flatMap((edge) => edge.servers))} last ${seconds(holds)} and more; nothing cuts them.`,
        ]),
    ...differences,
    ...servers.flatMap(({ remarks }) => remarks),
  ];
}

function serverReasons(
  { server, values, valueProblems, averages, pull, events }: ServerReading,
  cause: Cause,
): string[] {
  const found = valueProblems.map((problem) => `${server}: ${problem}`);
  for (const { command, average = 0, firesInHours } of averages) {
    if (firesInHours === undefined) continue;
    found.push(
      `${server}: if phones go on as now, Exchange logs event 1040 for ${command} ${inHours(firesInHours)} (average now ${seconds(average)}).`,
    );
  }
  // Where an edge cuts, who asks for little was cut: no client is to blame.
  const pulled = cause.kind === 'few-clients' ? pullSentence(pull) : undefined;
  if (pulled !== undefined) found.push(`${server}: ${pulled}`);
  if (events !== undefined && events.total > 0) {
    const { total, trend, last } = events;
    const grows = trend === 'rising' || trend === 'falling' ? `, ${trend}` : '';
    found.push(
      `${server}: event 1040 ${events.atLeast === true ? 'at least ' : ''}${count(total, 'time')} in 14 days${grows}; last at an average of ${seconds(last?.average ?? 0)} (threshold ${seconds(last?.threshold ?? values.threshold)}).`,
    );
  }
  return found;
}

/** Which few clients make an average what it is, where it is they. */
export function pullSentence({ few, without, deviceType }: ServerReading['pull']): string | undefined {
  if (few.length === 0 || without === undefined) return undefined;
  const [pull, them] = few.length === 1 ? ['pulls', 'it the average'] : ['pull', 'them it'];
  return `${count(few.length, 'client')}${ofType(deviceType)} ${pull} the average down; without ${them} is ${seconds(without)}.`;
}

/** ` of type iPhone`, or nothing where clients are of several types. */
export function ofType(deviceType: string | undefined): string {
  return deviceType === undefined ? '' : ` of type ${deviceType}`;
}

/** What may make heartbeats short on one server: its edge, one network or app, a few clients, or nothing that shows. */
export function causeSentence({ edges }: Reading, server: ServerReading): string {
  const cause = causeOf(server, edges);
  switch (cause.kind) {
    case 'edge':
      return `Likely cause: ${likelyCause(cause.edge, cause.end)}`;
    case 'network':
      return `Only phones on ${cause.name} are cut, at about ${seconds(cause.seconds)}: it is that network's.`;
    case 'app':
      return `Only clients of type ${cause.name} are cut, at about ${seconds(cause.seconds)}: it is that app.`;
    case 'few-clients':
      return pullSentence(server.pull) ?? 'No cut connection shows why.';
    case 'not-known':
      return 'No cut connection shows why.';
  }
}
