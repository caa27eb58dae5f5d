/** Steps that change Exchange, and how each is undone. */
import { getActiveSyncDeviceAccessRule } from '../../exchange/cmdlets/get-activesync-device-access-rule.ts';
import { getCasMailbox } from '../../exchange/cmdlets/get-cas-mailbox.ts';
import { getMailbox, type MailboxRow } from '../../exchange/cmdlets/get-mailbox.ts';
import { getOrganizationConfig } from '../../exchange/cmdlets/get-organization-config.ts';
import { newActiveSyncDeviceAccessRule } from '../../exchange/cmdlets/new-activesync-device-access-rule.ts';
import { removeActiveSyncDeviceAccessRule } from '../../exchange/cmdlets/remove-activesync-device-access-rule.ts';
import { setActiveSyncDeviceAccessRule } from '../../exchange/cmdlets/set-activesync-device-access-rule.ts';
import { setCasMailbox } from '../../exchange/cmdlets/set-cas-mailbox.ts';
import { setOrganizationConfig } from '../../exchange/cmdlets/set-organization-config.ts';
import { type Exchange, ExchangeError } from '../../exchange/port.ts';
import { MislaidError } from '../../ground/errors.ts';
import { NotDone, type PayloadOf, type Remember, type StepResult } from './steps.ts';

/** Nothing here may wipe or remove a phone. */
type ChangingExchange = Exchange<'read' | 'change'>;

export async function runRule(
  exchange: ChangingExchange,
  { rules, level }: PayloadOf<'rule'>,
  before: StepResult | null,
  remember: Remember,
): Promise<StepResult> {
  type Wanted = { characteristic: string; queryString: string };
  const there = await exchange.run(getActiveSyncDeviceAccessRule, {});
  const find = (known: typeof there, { characteristic, queryString }: Wanted) =>
    known.find(
      (rule) => rule.characteristic === characteristic && rule.queryString.toLowerCase() === queryString.toLowerCase(),
    );
  const planned =
    before?.rules ??
    rules.map((wanted) => {
      const known = find(there, wanted);
      const name = known?.name ?? `${wanted.queryString}(${wanted.characteristic})`;
      return { guid: known?.guid ?? '', name, before: known?.accessLevel ?? null };
    });
  await remember({ rules: planned });
  let refused: ExchangeError | undefined;
  for (const wanted of rules) {
    const known = find(there, wanted);
    if (known === undefined) {
      const made = { AccessLevel: level, Characteristic: wanted.characteristic, QueryString: wanted.queryString };
      try {
        await exchange.run(newActiveSyncDeviceAccessRule, made);
      } catch (error) {
        // "It exists already" may be the echo of our own request: what is read afterwards decides.
        if (!(error instanceof ExchangeError) || error.code !== 'exchange-refused') throw error;
        refused = error;
      }
    } else if (known.accessLevel !== level) {
      await exchange.run(setActiveSyncDeviceAccessRule, { Identity: known.guid, AccessLevel: level });
    }
  }
  const after = await exchange.run(getActiveSyncDeviceAccessRule, {});
  const made = rules.map((wanted) => find(after, wanted));
  const missing = made.filter((rule) => rule?.accessLevel !== level).length;
  if (missing > 0 && refused !== undefined) {
    const inTheWay = after.filter(({ name }) => planned.some((plan) => plan.name === name));
    const lets = inTheWay.map(
      ({ name, accessLevel }) => `A rule of the name ${name} is there and says ${accessLevel}.`,
    );
    throw new NotDone([refused.userMessage, ...lets].join(' '));
  }
  if (missing > 0) throw new NotDone(`Exchange does not show ${missing} of ${rules.length} rules as asked.`);
  const names = rules.map(({ characteristic, queryString }) => `${characteristic} ${queryString}`).join(', ');
  // Refused at the first try, and there all the same: it was there before, whatever the list had shown.
  const wasThere = refused !== undefined && before === null;
  return {
    sentence: `Exchange shows ${names} as ${level === 'Block' ? 'blocked' : 'quarantined'}.`,
    rules: planned.map((plan, index) => ({
      ...plan,
      guid: made[index]?.guid ?? plan.guid,
      before: plan.before ?? (wasThere ? level : null),
    })),
  };
}

export async function undoRule(exchange: ChangingExchange, rules: NonNullable<StepResult['rules']>): Promise<string[]> {
  const notes: string[] = [];
  for (const { guid, name, before } of rules) {
    try {
      if (before === null) await exchange.run(removeActiveSyncDeviceAccessRule, { Identity: guid });
      else if (before === 'Allow' || before === 'Block' || before === 'Quarantine') {
        await exchange.run(setActiveSyncDeviceAccessRule, { Identity: guid, AccessLevel: before });
        notes.push(`rule ${name} was there before, and says ${before} as it did then`);
      }
    } catch (error) {
      // Only Exchange's own verdict says so: a list may answer nothing while the rule keeps phones out.
      if (!isGone(error)) throw error;
      notes.push(`rule ${name} was gone already`);
    }
  }
  let whole = true;
  const after = await exchange.run(
    getActiveSyncDeviceAccessRule,
    {},
    {
      onUnreadable: ({ rowLost }) => {
        whole &&= !rowLost;
      },
    },
  );
  if (!whole) throw notReadBack('its device access rules');
  const left = rules.filter(({ guid, before }) =>
    after.some((rule) => rule.guid === guid && (before === null || rule.accessLevel !== before)),
  );
  if (left.length > 0) notes.push(`Exchange still shows ${left.map(({ name }) => name).join(', ')}`);
  return notes;
}

function isGone(error: unknown): boolean {
  return error instanceof ExchangeError && error.code === 'exchange-not-found';
}

/** Neither done nor not done is known: the job runs again and reads again. */
function notReadBack(what: string): MislaidError {
  return new MislaidError({
    code: 'step-not-read-back',
    message: `Exchange does not show ${what} whole`,
    userMessage: `Exchange does not show ${what} at the moment. I am reading it again.`,
  });
}

export async function runPersonal(
  exchange: ChangingExchange,
  { devices }: PayloadOf<'personal'>,
  before: StepResult | null,
  remember: Remember,
): Promise<StepResult> {
  const planned = before?.blocked ?? [];
  if (before?.blocked === undefined) {
    for (const { deviceId, person } of devices) {
      const list = await blockList(exchange, person);
      if (list !== undefined && !list.ids.includes(deviceId.toLowerCase())) planned.push({ deviceId, person });
    }
  }
  await remember({ blocked: planned });
  for (const { deviceId, person } of planned) await changeBlockList(exchange, person, { Add: [deviceId] });
  const open: string[] = [];
  for (const { deviceId, person, name } of devices) {
    const list = await blockList(exchange, person);
    if (!list?.ids.includes(deviceId.toLowerCase())) open.push(name);
  }
  if (open.length > 0) throw new NotDone(`Exchange does not show these devices as blocked: ${open.join(', ')}.`);
  const sentence =
    devices.length === 1
      ? 'One device is on the block list of its mailbox.'
      : `${devices.length} devices are on the block list of their mailboxes.`;
  return { sentence, blocked: planned };
}

export async function undoPersonal(
  exchange: ChangingExchange,
  blocked: NonNullable<StepResult['blocked']>,
): Promise<string[]> {
  for (const { deviceId, person } of blocked) await changeBlockList(exchange, person, { Remove: [deviceId] });
  const left: string[] = [];
  for (const { deviceId, person } of blocked) {
    const list = await blockList(exchange, person);
    if (list?.ids.includes(deviceId.toLowerCase())) left.push(deviceId);
  }
  return left.length === 0 ? [] : [`Exchange still shows ${left.join(', ')} on block lists`];
}

/** undefined: the mailbox is not there any more. Throws where its list cannot be read: one that is empty means something. */
async function blockList(
  exchange: ChangingExchange,
  person: string,
): Promise<{ identity: string; ids: string[] } | undefined> {
  let mailbox: MailboxRow | undefined;
  try {
    [mailbox] = await exchange.run(getMailbox, { Identity: person });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  if (mailbox?.guid !== person) throw notReadBack('a mailbox');
  const [settings] = await exchange.run(getCasMailbox, { Identity: mailbox.objectGuid });
  if (settings?.objectGuid !== mailbox.objectGuid || settings.unreadable.includes('ActiveSyncBlockedDeviceIDs'))
    throw notReadBack('the block list of a mailbox');
  return { identity: mailbox.objectGuid, ids: settings.blockedDeviceIds.map((id) => id.toLowerCase()) };
}

async function changeBlockList(
  exchange: ChangingExchange,
  person: string,
  change: { Add: string[] } | { Remove: string[] },
): Promise<void> {
  const list = await blockList(exchange, person);
  if (list === undefined) return;
  await exchange.run(setCasMailbox, { Identity: list.identity, ActiveSyncBlockedDeviceIDs: change });
}

export async function runEws(
  exchange: ChangingExchange,
  { agents }: PayloadOf<'ews'>,
  before: StepResult | null,
  remember: Remember,
): Promise<StepResult> {
  const [config] = await exchange.run(getOrganizationConfig, {});
  if (config === undefined) throw new NotDone('Exchange did not show its EWS settings.');
  if (config.ewsPolicy === 'EnforceAllowList') {
    throw new NotDone(
      'Exchange Web Services let in only what stands on an allow list here. A block list would take its place and let everything else in, so I left it: take the app off the allow list instead.',
    );
  }
  const has = (list: readonly string[], agent: string) => list.some((one) => one.toLowerCase() === agent.toLowerCase());
  const adding = agents.filter((agent) => !has(config.ewsBlockList, agent));
  const planned = before?.agents ?? adding;
  await remember({ agents: planned });
  if (adding.length > 0 || config.ewsPolicy !== 'EnforceBlockList') {
    await exchange.run(setOrganizationConfig, {
      EwsApplicationAccessPolicy: 'EnforceBlockList',
      EwsBlockList: { Add: adding.length > 0 ? adding : [...agents] },
    });
  }
  const [after] = await exchange.run(getOrganizationConfig, {});
  if (after?.ewsPolicy !== 'EnforceBlockList' || !agents.every((agent) => has(after.ewsBlockList, agent)))
    throw new NotDone('Exchange does not show the app on its EWS block list.');
  return {
    sentence: `Exchange Web Services refuse ${agents.join(', ')}; ${after.ewsBlockList.length} entries stand on the list. Their logs are not read by me.`,
    agents: planned,
  };
}

export async function undoEws(exchange: ChangingExchange, agents: readonly string[]): Promise<string[]> {
  if (agents.length === 0) return [];
  await exchange.run(setOrganizationConfig, {
    EwsApplicationAccessPolicy: 'EnforceBlockList',
    EwsBlockList: { Remove: [...agents] },
  });
  const [after] = await exchange.run(getOrganizationConfig, {});
  if (after === undefined || after.unreadable.includes('EwsBlockList')) throw notReadBack('its EWS block list');
  const left = after.ewsBlockList.filter((one) => agents.some((agent) => agent.toLowerCase() === one.toLowerCase()));
  if (left.length > 0) return [`Exchange still shows ${left.join(', ')} on its EWS block list`];
  return ['the EWS block list stays in force without these entries'];
}
