/** Common Event Format (ArcSight, version 0): for collectors that read no OCSF. Personal data stays in the entry: only its guids go along. */
import type { StoredRecord } from '../read.ts';

const severities = { informational: 3, medium: 6, high: 9 } as const;

export function toCef(
  record: StoredRecord,
  severity: keyof typeof severities,
  { productVersion, drill }: { productVersion: string; drill: boolean },
): string {
  const head = [
    'CEF:0',
    'Mislaid',
    'Mislaid',
    productVersion,
    record.action,
    record.action,
    String(severities[severity]),
  ];
  const fields: [string, string | number | null][] = [
    ['rt', Date.parse(record.at)],
    ['externalId', record.seq],
    ['suid', record.actorGuid],
    ['suser', record.actorIdentity],
    ['cs1Label', 'subject'],
    ['cs1', record.subject],
    ['cs2Label', 'hash'],
    ['cs2', record.hash],
    ...(record.incidentNumber === null
      ? []
      : ([
          ['cn1Label', 'incident'],
          ['cn1', record.incidentNumber],
        ] satisfies [string, string | number][])),
    ...(drill
      ? ([
          ['cs3Label', 'drill'],
          ['cs3', 'true'],
        ] satisfies [string, string][])
      : []),
  ];
  const extension = fields.flatMap(([key, value]) => (value === null ? [] : [`${key}=${inField(String(value))}`]));
  return `${head.map(inHead).join('|')}|${extension.join(' ')}`;
}

function inHead(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
    .replaceAll(/[\r\n]+/g, ' ');
}

function inField(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('=', '\\=')
    .replaceAll(/\r\n|\r|\n/g, '\\n');
}
