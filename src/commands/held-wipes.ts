import type { Wipe } from '../incidents/incident/view.ts';

/** Whether Exchange may hold a request of this wipe that can be taken back or given up. */
export function mayBeHeld({ state }: Wipe): boolean {
  return ['requested', 'sent', 'refused-by-device', 'not-reported'].includes(state);
}
