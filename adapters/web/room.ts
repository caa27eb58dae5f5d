/** What the pages, the stream and the tours look at. */

import type { LabPhone } from '../../src/exchange/lab/operations.ts';
import type { Clock } from '../../src/ground/clock.ts';
import { exact, relativeAndExact } from '../../src/message/times.ts';
import type { Cast } from './columns.ts';
import { type Html, h } from './html.ts';
import type { Door } from './identity.ts';
import { words } from './render.ts';
import type { Board } from './send.ts';
import type { Tours } from './tours.ts';

export type RoomParts = Cast & {
  readonly board: Board;
  readonly door: Door;
  readonly clock: Clock;
  readonly timeZone: string;
  readonly tours: Tours;
  token(): string;
  /** The lab's phones as they are now; absent where there is no lab behind it. */
  phones?: (() => Promise<readonly LabPhone[]>) | undefined;
};

export type Room = RoomParts & {
  clockText(): string;
  /** As they were when they were last read. */
  phoneRows(): Html[];
  readPhones(): Promise<void>;
};

export function createRoom(parts: RoomParts): Room {
  const { clock, timeZone } = parts;
  let phones: readonly LabPhone[] = [];
  return {
    ...parts,
    clockText: () => exact(clock.now(), { now: new Date(clock.now().getTime() - sevenDays), timeZone }),
    readPhones: async () => {
      phones = (await parts.phones?.()) ?? [];
    },
    phoneRows: () => phones.map((phone) => phoneRow(phone, { now: clock.now(), timeZone })),
  };
}

/** Farther than this, a time is written with its date. */
const sevenDays = 7 * 24 * 3_600_000;

function phoneRow(phone: LabPhone, options: { now: Date; timeZone: string }): Html {
  const { owner, friendlyName, deviceId, doing, lastSuccessSync, remarks } = phone;
  const others = remarks.length === 0 ? '' : ` (${remarks.join(', ')})`;
  const cells = [
    words(owner),
    words(friendlyName === '' ? deviceId : friendlyName),
    `${doing}${others}`,
    lastSuccessSync === null ? 'never' : relativeAndExact(lastSuccessSync, options),
  ];
  return h(
    'tr',
    { class: doing.replaceAll(' ', '-') },
    cells.map((cell) => h('td', {}, cell)),
  );
}
