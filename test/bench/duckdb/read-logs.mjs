// The same logs by DuckDB with two threads, into a database file with a checkpoint: run by test/bench/first-reading.ts in a process of
// its own, answers one JSON line.
//
// Its best known query: what is distinct in a line is its query up to what Exchange appended, so lines are grouped by that text as it
// stands, and each distinct one is taken apart once (a third of the time of taking apart every line). Dates and numbers are parsed by its
// reader of CSV, which does that on the way; heartbeats are cut out by split_part, in a fifth of the time of a regular expression.
import { rmSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const [folder, target] = process.argv.slice(2);
const columns = Object.entries({
  date: 'DATE',
  time: 'TIME',
  sip: 'VARCHAR',
  method: 'VARCHAR',
  stem: 'VARCHAR',
  query: 'VARCHAR',
  port: 'VARCHAR',
  username: 'VARCHAR',
  cip: 'VARCHAR',
  agent: 'VARCHAR',
  referer: 'VARCHAR',
  status: 'SMALLINT',
  substatus: 'INTEGER',
  win32: 'BIGINT',
  taken: 'INTEGER',
})
  .map(([name, type]) => `'${name}': '${type}'`)
  .join(', ');

function grouped(kind, site, appended, heartbeat) {
  return `
    select '${kind}' as kind, split_part(filename, '/', -3) as server, split_part(query, '${appended}', 1) as query, username, status,
      ended // 3600 as hour, count(*)::integer as requests, min(ended - case when taken > 0 then round(taken / 1000)::int else 0 end) as first,
      max(ended) as last, sum(heartbeat)::bigint as heartbeats, count(heartbeat)::integer as waits, max(heartbeat) as longest
    from (select *, epoch(date + time)::bigint as ended, ${heartbeat} as heartbeat
      from read_csv('${folder}/*/${site}/*.log', delim = ' ', header = false, comment = '#', auto_detect = false, quote = '', escape = '',
        null_padding = true, new_line = '\\r\\n', filename = true, columns = {${columns}})
      where starts_with(stem, '/Microsoft-Server-ActiveSync'))
    group by all`;
}

const heartbeat = `case when status <> 401 and contains(query, '_Hb:') then split_part(split_part(query, '_Hb:', 2), '_', 1)::integer end`;
const part = (name) => `url_decode(regexp_extract(query, '(?:^|&)${name}=([^&]*)', 1, 'i'))`;
const statements = [
  `create temp table grouped as ${grouped('frontEnd', 'W3SVC1', '&CorrelationID=', 'null::integer')}
    union all ${grouped('backEnd', 'W3SVC2', '&Log=', heartbeat)}`,
  `create table log_rollup as
    with parts as (select query, lower(${part('User')}) as named, ${part('DeviceId')} as device, ${part('DeviceType')} as type, ${part('Cmd')} as command
      from (select distinct query from grouped))
    select kind, server, case when status = 401 then named else lower(username) end as person, device, case when status = 401 then '' else type end as type,
      command, status // 100 as class, hour, sum(requests)::integer as requests, min(first) as first, max(last) as last,
      max(last) filter (status // 100 = 2) as success, coalesce(sum(heartbeats), 0)::bigint as heartbeats, sum(waits)::integer as waits,
      coalesce(max(longest), 0)::integer as longest, coalesce(sum(requests) filter (status // 100 = 4), 0)::integer as refusals
    from grouped join parts using (query) group by all`,
  'checkpoint',
];

rmSync(target, { force: true });
let mostMemory = 0;
const memory = setInterval(() => {
  mostMemory = Math.max(mostMemory, process.memoryUsage.rss());
}, 50);
const instance = await DuckDBInstance.create(target, { threads: '2', preserve_insertion_order: 'false' });
const connection = await instance.connect();
const spent = process.cpuUsage();
const began = performance.now();
for (const statement of statements) await connection.run(statement);
const milliseconds = performance.now() - began;
const { user, system } = process.cpuUsage(spent);
clearInterval(memory);
const names =
  'kind, server, person, device, type, command, class, hour, requests, first, last, success, heartbeats, waits, longest, refusals';
const [answer] = (
  await connection.runAndReadAll(
    `select count(*)::integer, md5(string_agg(line, chr(10) order by line)) from (select concat_ws('|', ${names}) as line from log_rollup)`,
  )
).getRows();
process.stdout.write(
  `${JSON.stringify({
    milliseconds,
    cpuSeconds: (user + system) / 1e6,
    memoryMegabytes: Math.max(mostMemory, process.memoryUsage.rss()) / 1e6,
    rows: answer[0],
    digest: answer[1],
  })}\n`,
);
