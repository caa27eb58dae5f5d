/** What is different from one reading to the next, in sentences. */
import { type EdgeReading, edgeLength, type Reading, type ServerReading } from './reading.ts';
import { edgeName } from './reasons.ts';
import { verdictNames } from './verdict.ts';
import { seconds } from './words.ts';

export function changesBetween(earlier: Reading, later: Reading): string[] {
  const servers = later.servers.flatMap((server) => {
    const before = earlier.servers.find((each) => each.server === server.server);
    if (before === undefined) return [`${server.server} was looked at for the first time.`];
    const changes = valueChanges(before, server);
    if (before.verdict !== server.verdict)
      changes.push(`${server.server}: ${verdictNames[server.verdict]} (before: ${verdictNames[before.verdict]}).`);
    return changes;
  });
  const gone = earlier.servers
    .filter(({ server }) => !later.servers.some((each) => each.server === server))
    .map(({ server }) => `${server} is no longer listed.`);
  const edges = later.edges.flatMap((edge) => {
    const before = earlier.edges.find(
      ({ name, servers: behind }) => name === edge.name && behind.some((server) => edge.servers.includes(server)),
    );
    return before === undefined ? [] : edgeChange(before, edge);
  });
  return [...servers, ...gone, ...edges];
}

export function valueChanges(before: ServerReading, after: ServerReading): string[] {
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

function edgeChange(before: EdgeReading, after: EdgeReading): string[] {
  const was = edgeLength(before);
  const is = edgeLength(after);
  if (was === is) return [];
  if (is === undefined) {
    const isUnsure = after.estimate.kind === 'unknown' && after.estimate.gone === undefined;
    return isUnsure ? [] : [`${edgeKey(after)} no longer cuts at ${seconds(was ?? 0)}.`];
  }
  if (was !== undefined && Math.abs(was - is) <= 0.05 * Math.max(was, is)) return [];
  return [`${edgeKey(after)} cuts at about ${seconds(is)}${was === undefined ? '' : ` (before: ${seconds(was)})`}.`];
}

function edgeKey(edge: EdgeReading): string {
  return edge.name === undefined ? `The way to ${edge.servers.join(', ')}` : edgeName(edge);
}
