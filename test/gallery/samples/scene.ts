/**
 * Where the samples play: Monday 2 March 2026, 09:24 in Berlin, at Contoso.
 *
 * sample   a message or form as it reaches a renderer, with the ids of its stored actions in place of intents
 */
import type { Button, Form, Message, Span } from '../../../src/message/model.ts';
import { person, time } from '../../../src/message/text.ts';

export type Sample = {
  readonly name: string;
  readonly message: Message;
  /** When it is looked at; default `sceneNow`. */
  readonly now?: Date;
};
export type FormSample = { readonly name: string; readonly form: Form };

/** When the samples are looked at. */
export const sceneNow = new Date('2026-03-02T08:24:00Z');
export const sceneZone = 'Europe/Berlin';

export const hana = person({ guid: '00000000-0000-4000-8000-000000000001', displayName: 'Hana' });
export const otto = person({ guid: '00000000-0000-4000-8000-000000000002', displayName: 'Otto' });
export const ada = person({ guid: '00000000-0000-4000-8000-000000000003', displayName: 'Ada' });
export const aliceNg = person({ guid: '00000000-0000-4000-8000-000000000004', displayName: 'Alice Ng' });
export const aliceMoreau = person({ guid: '00000000-0000-4000-8000-000000000005', displayName: 'Alice Moreau' });
export const bob = person({ guid: '00000000-0000-4000-8000-000000000006', displayName: 'Bob' });

/** A time on the day of the scene, Berlin's clock: `at('09:12')`. */
export function at(clock: string): Span {
  return time(new Date(`2026-03-02T${clock}:00+01:00`));
}

/** A time on another day, Berlin's winter clock: `on('2026-02-27', '17:40')`. */
export function on(date: string, clock: string): Span {
  return time(new Date(`${date}T${clock}:00+01:00`));
}

/** A button whose stored action has the given id. */
export function press(label: string, action: string, rest: Omit<Button, 'label' | 'action'> = {}): Button {
  return { label, action, ...rest };
}

export function pressRow(...buttons: readonly Button[]): { kind: 'buttons'; buttons: readonly Button[] } {
  return { kind: 'buttons', buttons };
}
