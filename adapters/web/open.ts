import { join } from 'node:path';
import type { ChatAdapter } from '../../src/chat/port.ts';
import type { Config } from '../../src/config.ts';
import type { Clock, Ids } from '../../src/ground/clock.ts';
import { keepAddress, readAddress } from './address.ts';
import { WebAdapter, type WebOptions } from './index.ts';

/** The room of this data folder, announced with its address. */
export function openWeb(input: {
  config: Config;
  clock: Clock;
  ids: Ids;
  timeZone(): string;
  images: WebOptions['images'];
  web: Pick<WebOptions, 'personas' | 'places' | 'phones' | 'history'>;
  announcements: { say(sentence: string): void };
}): ChatAdapter {
  const { config, clock, ids, timeZone, images, web, announcements } = input;
  const file = join(config.MISLAID_DATA, 'web-address.json');
  const { token, port } = readAddress(file, { token: ids.token(), port: config.PORT });
  return new WebAdapter({
    ...web,
    clock,
    ids,
    timeZone: timeZone(),
    images,
    token,
    port,
    onOpen: (opened) => {
      keepAddress(file, { token, port: opened.port });
      announcements.say(`The lab in a browser: ${opened.address} (--no-web leaves it out)`);
    },
  });
}
