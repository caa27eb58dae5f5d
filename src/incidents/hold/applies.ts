/**
 * What holds for the password of an incident's owner while nobody has closed the hold: that a phone must still log in, or why that is
 * not what matters here. One reading of the facts, so that cards, answers and forms all say the same.
 */
import { assertNever } from '../../ground/errors.ts';
import type { Span } from '../../message/model.ts';
import { strong, time } from '../../message/text.ts';
import { firstWord, namesInList } from '../../message/words.ts';
import { phoneName } from '../devices/device.ts';
import type { IncidentDevice, IncidentView } from '../incident/view.ts';
import { isOpen } from '../wipe/state.ts';

type Told = Pick<IncidentView, 'owner' | 'devices' | 'wipes' | 'timeline' | 'names'>;
type Words = (string | Span)[];

export type Applies =
  /** A wipe is on its way, or a phone may be chosen for one. */
  | { kind: 'must-log-in' }
  /** It was found, and Exchange may hold a wipe of it. `told`: Exchange has handed it to the phone. */
  | { kind: 'found-too-late'; told: boolean }
  | { kind: 'account-disabled' }
  | { kind: 'password-changed'; at: Date; by: string | null; syncedSince: readonly IncidentDevice[] }
  /** Exchange showed no phone, in one reading only. */
  | { kind: 'no-phone-yet'; at: Date }
  | { kind: 'no-phone'; readings: readonly Date[] }
  | { kind: 'shared-mailbox' }
  | { kind: 'with-owner' }
  | { kind: 'removed' }
  | { kind: 'none-wipeable' }
  | { kind: 'managed-elsewhere'; phones: readonly IncidentDevice[] };

export function whatApplies(view: Told): Applies {
  const { owner, devices, timeline, wipes } = view;
  const onTheWay = wipes.filter(({ state }) => isOpen(state));
  if (onTheWay.length === 0) {
    const nothing = nothingToWipe(view);
    if (nothing !== undefined) return nothing;
  }
  const held = onTheWay.filter(({ state }) => state !== 'awaiting-approval' && state !== 'approved');
  if (timeline.found !== undefined && held.length > 0) {
    return {
      kind: 'found-too-late',
      told: held.some(({ state }) => state === 'sent' || state === 'refused-by-device'),
    };
  }
  // The account of a shared mailbox is disabled by design: that says nothing of a person.
  if (owner.accountEnabled === false && owner.mailboxType !== 'shared') return { kind: 'account-disabled' };
  const changed = timeline.ticks.filter(({ step }) => step === 'password').at(-1);
  if (changed !== undefined) {
    const { at, by } = changed;
    const syncedSince = devices.filter(
      ({ present, facts }) => present && facts.lastSync !== null && new Date(facts.lastSync) > at,
    );
    return { kind: 'password-changed', at, by, syncedSince };
  }
  const left = devices.filter((device) => !isSettled(device, view));
  if (onTheWay.length === 0 && left.length > 0 && left.every(({ facts }) => facts.managedByMdm))
    return { kind: 'managed-elsewhere', phones: left };
  return { kind: 'must-log-in' };
}

function nothingToWipe(view: Told): Applies | undefined {
  const { owner, devices, timeline } = view;
  const { emptyReadings } = timeline;
  const [first] = emptyReadings;
  if (devices.length === 0) {
    if (owner.mailboxType === 'shared') return { kind: 'shared-mailbox' };
    if (first === undefined) return undefined;
    return emptyReadings.length > 1
      ? { kind: 'no-phone', readings: emptyReadings }
      : { kind: 'no-phone-yet', at: first };
  }
  const left = devices.filter((device) => !isSettled(device, view));
  if (left.length === 0)
    return devices.some(({ keptVerifiedBy }) => keptVerifiedBy !== null) ? { kind: 'with-owner' } : { kind: 'removed' };
  return left.every(({ present, facts }) => present && facts.wipeSupported === false)
    ? { kind: 'none-wipeable' }
    : undefined;
}

/** Whether no wipe of it comes into question: somebody verified that its owner has it, or its partnership was removed and read back. */
function isSettled({ number, present, keptVerifiedBy }: IncidentDevice, { timeline }: Pick<Told, 'timeline'>): boolean {
  return keptVerifiedBy !== null || (!present && timeline.removed.has(number));
}

/** Whether readings proved that no phone is there which a wipe could reach: then a reset costs none. */
export function waitsForNothing({ kind }: Applies): boolean {
  return kind === 'no-phone' || kind === 'with-owner' || kind === 'removed' || kind === 'none-wipeable';
}

function firstAndLast(readings: readonly Date[]): Words {
  const [first] = readings;
  const last = readings.at(-1);
  return first === undefined || last === undefined ? [] : [time(first), ' and ', time(last)];
}

const account = ' If somebody is using the account now, that comes first: call security.';

/** `headline`: what must not be done, or what holds instead. `advice`: what helps, one thing each, and who decides. */
export type ApplyingWords = { headline: Words; advice: readonly Words[] };

/** The same as one paragraph, for an answer. */
export function describeApplies(applies: Applies, view: Told): Words {
  const { headline, advice } = applyingWords(applies, view);
  return [...headline, ...advice.flatMap((sentence): Words => [' ', ...sentence])];
}

export function applyingWords(applies: Applies, view: Told): ApplyingWords {
  const { owner, names } = view;
  const name = owner.mailboxType === 'shared' ? owner.displayName : firstWord(owner.displayName);
  switch (applies.kind) {
    case 'must-log-in':
      return alone(
        strong(
          `Do not reset ${name}'s password, disable the account, block or remove the phone, or suspend the SIM yet.`,
        ),
        ` The phone must still log in to hear of a wipe. I will say when it is safe.${account}`,
      );
    case 'found-too-late':
      return applies.told
        ? alone(
            strong('The phone was found, and Exchange has handed it a wipe already.'),
            ' Keep it off every network. Only removing its partnership may still save it; a second person must approve that.',
          )
        : alone(
            strong('The phone was found, and a wipe of it is on its way: cancel it now.'),
            ' Until that is read back, keep it off every network.',
          );
    case 'account-disabled':
      return {
        headline: [strong(`${name}'s account is disabled: no phone can log in, so none hears of a wipe.`), account],
        advice: [
          [
            'What helps: an administrator enables it until the phone has heard of its wipe. Whoever has the password gets in then, too, so security decides.',
          ],
          ['If it stays disabled, there is nothing to wait for: say so below, then block the phone.'],
          ['Until that is decided do not block or remove the phone, or suspend the SIM.'],
        ],
      };
    case 'password-changed': {
      const by = applies.by === null ? 'Mislaid' : (names.get(applies.by) ?? 'somebody');
      const synced = applies.syncedSince.map(
        ({ number, facts }): Words => [
          strong(`Phone ${number} has synced since`),
          ...(facts.lastSync === null ? [] : [', ', time(facts.lastSync)]),
          ': it still gets in.',
        ],
      );
      return {
        headline: [
          strong(
            `${name}'s password was changed: a phone that still has the old one cannot log in, so it hears of no wipe.`,
          ),
          ` Noted by ${by}, `,
          time(applies.at),
          `.${account}`,
        ],
        advice: [
          ...synced,
          [
            'What helps: revoke the sessions, which ends apps that stay signed in without the password. Then block the phone, and have the SIM suspended.',
          ],
          [
            'A wipe asked for now stays in Exchange, for the day on which the phone has the new password. Who handles the case decides whether to wait for that.',
          ],
        ],
      };
    }
    case 'no-phone-yet':
      return alone(
        strong(`Do not reset ${name}'s password yet.`),
        ' Exchange showed no phone of this mailbox, ',
        time(applies.at),
        `. One empty answer proves nothing: I read it again within minutes, and say here what applies.${account}`,
      );
    case 'no-phone':
      return {
        headline: [
          strong(
            `No phone syncs with ${name}'s mailbox: there is nothing that Exchange could wipe, and no phone to wait for.`,
          ),
          " Both of Exchange's lists say so, in readings of ",
          ...firstAndLast(applies.readings),
          '.',
        ],
        advice: [
          ['Who handles the case decides whether the password is reset.'],
          ['A phone that device management reaches is wiped there: I do not see it.'],
        ],
      };
    case 'shared-mailbox':
      return {
        headline: [
          strong(`${owner.displayName} is a shared mailbox: nobody's phone logs in as it.`),
          ' Ask who had the phone, and say "lost device <their name>".',
        ],
        advice: [['There is no password of a person to reset here, and nothing to wipe is known.']],
      };
    case 'with-owner':
      return alone(
        strong('Every phone that could be wiped is with its owner, as was verified: there is no phone to wait for.'),
        ' Who handles the case decides whether the password is reset.',
      );
    case 'removed':
      return alone(
        strong('The partnership is removed, so no wipe reaches the phone any more: there is nothing to wait for.'),
        ' What is on it stays there. Who handles the case decides: reset the password, because the phone can still log in with it.',
      );
    case 'none-wipeable':
      return alone(
        strong(
          `None of ${name}'s phones can be wiped by Exchange: it would only block them. There is no phone to wait for.`,
        ),
        ' What is on it stays there. Who handles the case decides: reset the password and revoke the sessions, so that nothing more gets onto it.',
      );
    case 'managed-elsewhere': {
      const phones = applies.phones.map(({ number, facts }) => `${number} · ${phoneName(facts)}`);
      return {
        headline: [
          strong(`${namesInList(phones, 'and')}: managed elsewhere. Start the wipe in device management, not here.`),
          ` Do not reset ${name}'s password yet.${account}`,
        ],
        advice: [
          ['Whether device management needs the password is not known here, so who runs it decides.'],
          ['Exchange wipes only what it can reach itself.'],
        ],
      };
    }
    default:
      return assertNever(applies, 'what applies');
  }
}

function alone(...headline: Words): ApplyingWords {
  return { headline, advice: [] };
}
