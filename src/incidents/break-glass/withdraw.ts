import type { Actor } from '../../directory/actor.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import { aboutPhone } from '../devices/device.ts';
import { type IncidentView, requireDevice, type Wipe } from '../incident/view.ts';
import { lockWipe, moveWipe } from '../wipe/wipes.ts';

/** A wipe for which the glass was broken has no approval: while it is held it is taken back by itself. */
export function isHeldBreakGlass({ state, breakGlassBy }: Pick<Wipe, 'state' | 'breakGlassBy'>): boolean {
  return state === 'approved' && breakGlassBy !== null;
}

/** `Alice Ng · wipe iPhone 15 …9F3A · full`. */
export function aboutWipe(view: IncidentView, wipe: Pick<Wipe, 'deviceNumber' | 'scope'>): string {
  return aboutPhone(view.owner.displayName, 'wipe', requireDevice(view, wipe.deviceNumber).facts, wipe.scope);
}

/** false: it is none, or not held any more, and nothing was changed. */
export async function withdrawBreakGlass(
  change: Change,
  policy: Policy,
  { view, wipe, by }: { view: IncidentView; wipe: Wipe; by: Actor },
): Promise<boolean> {
  if (!isHeldBreakGlass(wipe)) return false;
  const held = await lockWipe(change, wipe.id);
  const set = { endedAt: change.now, heldBecause: null };
  if ((await moveWipe(change, held, { kind: 'withdrawn' }, { by, set })) === undefined) return false;
  await notify(change, policy, 'break-glass-withdrawn', {
    incident: held.incidentNumber,
    line: [`break-glass wipe withdrawn by ${by.person.displayName}: ${aboutWipe(view, held)}`],
  });
  return true;
}
