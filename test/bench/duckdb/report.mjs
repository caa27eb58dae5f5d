// The same report by DuckDB with two threads: run by test/bench/logs.ts in a process of its own, answers one JSON line.
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const file = process.argv[2];
const names = 'date time sip method stem query port username cip agent referer status sub win32 taken'.split(' ');
const columns = names.map((name) => `'${name}': 'VARCHAR'`).join(', ');
const part = (name) => `split_part(split_part(query, '${name}=', 2), '&', 1)`;
const sql = `
  select lower(split_part(${part('User')}, '%5C', 2)) as person, ${part('DeviceId')} as device, ${part('DeviceType')} as kind, ${part('Cmd')} as command,
    count(*)::int as requests, max(date || ' ' || time) as latest
  from read_csv('${file.replaceAll("'", "''")}', delim = ' ', header = false, comment = '#', auto_detect = false, quote = '', escape = '',
    null_padding = true, new_line = '\\r\\n', columns = {${columns}})
  where starts_with(stem, '/Microsoft-Server-ActiveSync') group by all`;

let mostMemory = 0;
const memory = setInterval(() => {
  mostMemory = Math.max(mostMemory, process.memoryUsage.rss());
}, 50);
const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
const connection = await instance.connect();
const began = performance.now();
const rows = (await connection.runAndReadAll(sql)).getRows();
const milliseconds = performance.now() - began;
clearInterval(memory);
const { user, system } = process.cpuUsage();
const lines = rows.map(([person, device, kind, command, requests, latest]) =>
  [person, device, kind, command, requests, Date.parse(`${latest.replace(' ', 'T')}Z`) / 1000].join('\t'),
);
process.stdout.write(
  `${JSON.stringify({
    milliseconds,
    megabytes: statSync(file).size / 1e6,
    memoryMegabytes: Math.max(mostMemory, process.memoryUsage.rss()) / 1e6,
    cpuSeconds: (user + system) / 1e6,
    rows: rows.length,
    digest: createHash('sha256').update(lines.sort().join('\n')).digest('hex'),
  })}\n`,
);
