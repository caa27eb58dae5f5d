/** What is different from one look to the next, in sentences. */
import type { EdgeLook, Look, ServerLook } from './look.ts';
import { seconds, verdictNames } from './words.ts';

/** What is different in the later look, each a sentence. */
export function changesBetween(earlier: Look, later: Look): string[] {
  const servers = later.servers.flatMap((server) => {
    const before = earlier.servers.find((each) => each.server === server.server);
    if (before === undefined) return [`${server.server} was looked at for the first time.`];
    return [...valueChanges(before, server), ...verdictChange(before, server)];
  });
  const gone = earlier.servers
    .filter(({ server }) => !later.servers.some((each) => each.server === server))
    .map(({ server }) => `${server} is no longer listed.`);
  const edges = later.edges.flatMap((edge) => {
    const before = earlier.edges.find((each) => edgeKey(each) === edgeKey(edge));
    const was = before === undefined ? undefined : lengthOf(before);
    const is = lengthOf(edge);
    if (before === undefined || was === is) return [];
    if (was !== undefined && is !== undefined && Math.abs(was - is) <= 0.05 * Math.max(was, is)) return [];
    if (is === undefined)
      return edge.estimate.kind === 'unknown' && edge.estimate.gone === undefined
        ? []
        : [`${edgeKey(edge)} no longer cuts at ${seconds(was ?? 0)}.`];
    return [`${edgeKey(edge)} cuts at about ${seconds(is)}${was === undefined ? '' : ` (before: ${seconds(was)})`}.`];
  });
  return [...servers, ...gone, ...edges];
}

export function valueChanges(before: ServerLook, after: ServerLook): string[] {
  const was = before.written;
  const is = after.written;
  if (was === undefined || is === undefined) return [];
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
  return keys
    .filter((key) => was[key] !== is[key])
    .map(
      (key) => `${after.server}: ${key} is ${is[key] ?? 'no longer written'} (before: ${was[key] ?? 'not written'}).`,
    );
}

function verdictChange(before: ServerLook, after: ServerLook): string[] {
  if (before.verdict === after.verdict) return [];
  return [`${after.server}: ${verdictNames[after.verdict]} (before: ${verdictNames[before.verdict]}).`];
}

function edgeKey(edge: EdgeLook): string {
  return edge.name ?? `The way to ${edge.servers.join(', ')}`;
}

function lengthOf({ estimate, scope }: EdgeLook): number | undefined {
  if (scope.kind !== 'all') return undefined;
  if (estimate.kind === 'seen') return estimate.seconds;
  return estimate.kind === 'bounded' ? estimate.atMost : undefined;
}
