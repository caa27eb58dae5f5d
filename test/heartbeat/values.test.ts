import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { syncConfig } from '../../src/exchange/lab/web-config.ts';
import { defaultValues, differences, readValues } from '../../src/heartbeat/values.ts';

const samples = join(import.meta.dirname, '../../../shared/domain/samples/webconfig');

function config(...adds: string[]): Buffer {
  return Buffer.from(
    `<?xml version="1.0"?>\n<configuration>\n <appSettings>\n${adds.join('\n')}\n </appSettings>\n</configuration>`,
  );
}

const add = (key: string, value: string) => `  <add key="${key}" value="${value}" />`;

describe('the values of a server', () => {
  it.each(['E16', 'E19'])('are read from a real file of %s', (version) => {
    const path = join(samples, `${version}-BackEnd-ClientAccess-Sync-web.config`);
    if (!existsSync(path)) throw new Error(`the sample ${path} is absent`);

    expect(readValues(readFileSync(path))).toEqual({
      values: defaultValues,
      written: {
        MinHeartbeatInterval: '60',
        MaxHeartbeatInterval: '3540',
        HeartbeatSampleSize: '200',
        HeartbeatAlertThreshold: '540',
      },
      problems: [],
    });
  });

  it("are not in a front end's file, and then are the defaults", () => {
    const path = join(samples, 'E19-FrontEnd-HttpProxy-Sync-web.config');
    if (!existsSync(path)) throw new Error(`the sample ${path} is absent`);

    expect(readValues(readFileSync(path))).toEqual({ values: defaultValues, written: {}, problems: [] });
  });

  it('are found in any case, in UTF-16, with single quotes, and not in comments or elsewhere', () => {
    const text = `<configuration>
      <!-- <add key="MaxHeartbeatInterval" value="900" /> -->
      <other><add key="MinHeartbeatInterval" value="5" /></other>
      <appSettings><add value='1200' key='maxheartBeatinterval'></add><add key="HEARTBEATSAMPLESIZE" value="50"/></appSettings>
    </configuration>`;
    const wide = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);

    expect(readValues(wide).values).toEqual({ min: 60, max: 1200, sampleSize: 50, threshold: 540 });
    expect(readValues(Buffer.from(syncConfig())).values).toEqual(defaultValues);
  });

  it.each([
    [[add('MaxHeartbeatInterval', '3600')], 'over 3540'],
    [[add('MinHeartbeatInterval', '0')], 'under 1'],
    [[add('MinHeartbeatInterval', '900'), add('MaxHeartbeatInterval', '600')], 'is over MaxHeartbeatInterval (600)'],
  ])('fall back to 60 and 3540 both when out of range (%#)', (adds, reason) => {
    const { values, problems } = readValues(config(...adds));

    expect(values).toMatchObject({ min: 60, max: 3540 });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(reason);
    expect(problems[0]).toContain('takes 60 and 3540 for both');
  });

  it.each([
    [add('HeartbeatSampleSize', '20000'), { sampleSize: 200 }, 'event 1041'],
    [add('HeartbeatAlertThreshold', '4000'), { threshold: 540 }, 'event 1042'],
    [add('MaxHeartbeatInterval', 'many'), { max: 3540 }, 'no whole number'],
    [add('HeartbeatSampleSize', '0'), { sampleSize: 0 }, 'never logged'],
    [add('MaxHeartbeatInterval', '480'), { max: 480 }, 'whatever the network does'],
  ])('say what is wrong and what follows: %s', (line, values, reason) => {
    const read = readValues(config(line));

    expect(read.values).toMatchObject(values);
    expect(read.problems.join(' ')).toContain(reason);
  });

  it('are the defaults, said so, where the file is half written', () => {
    const { values, problems } = readValues(Buffer.from('<configuration><appSettings><add key="Max'));

    expect(values).toEqual(defaultValues);
    expect(problems[0]).toContain('not well-formed XML');
  });

  it('that differ are named with who has them', () => {
    const servers = [
      { server: 'EX01', values: defaultValues },
      { server: 'EX02', values: { ...defaultValues, max: 1800 } },
      { server: 'EX03', values: defaultValues },
    ];

    expect(differences(servers)).toEqual([
      'MaxHeartbeatInterval differs: 3540 on EX01, EX03; 1800 on EX02. A phone gets another range when its mailbox moves.',
    ]);
    expect(differences(servers.slice(0, 1))).toEqual([]);
  });
});
