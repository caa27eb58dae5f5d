/** Steps that change Exchange. Each remembers what was there before it changes anything, so that a run that comes twice and an undo both know. */
import { getActiveSyncDeviceAccessRule } from '../../exchange/cmdlets/get-activesync-device-access-rule.ts';
import { getCasMailbox } from '../../exchange/cmdlets/get-cas-mailbox.ts';
import { getMailbox } from '../../exchange/cmdlets/get-mailbox.ts';
import { getOrganizationConfig } from '../../exchange/cmdlets/get-organization-config.ts';
import { newActiveSyncDeviceAccessRule } from '../../exchange/cmdlets/new-activesync-device-access-rule.ts';
import { removeActiveSyncDeviceAccessRule } from '../../exchange/cmdlets/remove-activesync-device-access-rule.ts';
import { setActiveSyncDeviceAccessRule } from '../../exchange/cmdlets/set-activesync-device-access-rule.ts';
import { setCasMailbox } from '../../exchange/cmdlets/set-cas-mailbox.ts';
import { setOrganizationConfig } from '../../exchange/cmdlets/set-organization-config.ts';
import type { Exchange } from '../../exchange/port.ts';
import type { PayloadOf, Remember, StepOutcome, StepResult } from './steps.ts';

export async function runRule(
  exchange: Exchange<'read' | 'change'>,
  payload: PayloadOf<'rule'>,
  before: StepResult | null,
  remember: Remember,
): Promise<StepOutcome> {
  const there = await exchange.run(getActiveSyncDeviceAccessRule, {});
  const find = (rules: typeof there, wanted: { characteristic: string; queryString: string }) =>
    rules.find(
      (rule) =>
        rule.characteristic === wanted.characteristic &&
        rule.queryString.toLowerCase() === wanted.queryString.toLowerCase(),
    );
  const planned =
    before?.rules ??
    payload.rules.map((wanted) => {
      const known = find(there, wanted);
      return {
        guid: known?.guid ?? '',
        name: known?.name ?? `${wanted.queryString}(${wanted.characteristic})`,
        before: known?.accessLevel ?? null,
      };
    });
  await remember({ sentence: '', rules: planned });
  for (const wanted of payload.rules) {
    const known = find(there, wanted);
    if (known === undefined) {
      await exchange.run(newActiveSyncDeviceAccessRule, {
        AccessLevel: payload.level,
        Characteristic: wanted.characteristic,
        QueryString: wanted.queryString,
      });
    } else if (known.accessLevel !== payload.level) {
      await exchange.run(setActiveSyncDeviceAccessRule, { Identity: known.guid, AccessLevel: payload.level });
    }
  }
  const after = await exchange.run(getActiveSyncDeviceAccessRule, {});
  const missing = payload.rules.filter((wanted) => find(after, wanted)?.accessLevel !== payload.level);
  if (missing.length > 0) {
    return {
      done: false,
      sentence: `Exchange does not show ${missing.length} of ${payload.rules.length} rules as asked.`,
    };
  }
  const rules = planned.map((plan, index) => {
    const wanted = payload.rules[index];
    return { ...plan, guid: wanted === undefined ? plan.guid : (find(after, wanted)?.guid ?? plan.guid) };
  });
  const level = payload.level === 'Block' ? 'blocked' : 'quarantined';
  const names = payload.rules.map(({ characteristic, queryString }) => `${characteristic} ${queryString}`).join(', ');
  return { done: true, result: { sentence: `Exchange shows ${names} as ${level}.`, rules } };
}

export async function undoRule(exchange: Exchange<'read' | 'change'>, result: StepResult): Promise<string> {
  const there = await exchange.run(getActiveSyncDeviceAccessRule, {});
  const notes: string[] = [];
  for (const rule of result.rules ?? []) {
    const known = there.find(({ guid }) => guid === rule.guid);
    if (known === undefined) notes.push(`rule ${rule.name} was gone already`);
    else if (rule.before === null) await exchange.run(removeActiveSyncDeviceAccessRule, { Identity: known.guid });
    else if (rule.before === 'Allow' || rule.before === 'Block' || rule.before === 'Quarantine')
      await exchange.run(setActiveSyncDeviceAccessRule, { Identity: known.guid, AccessLevel: rule.before });
  }
  const after = await exchange.run(getActiveSyncDeviceAccessRule, {});
  const left = (result.rules ?? []).filter(
    (rule) => rule.before === null && after.some(({ guid }) => guid === rule.guid),
  );
  if (left.length > 0) notes.push(`Exchange still shows ${left.map(({ name }) => name).join(', ')}`);
  return notes.join('; ');
}

export async function runPersonal(
  exchange: Exchange<'read' | 'change'>,
  payload: PayloadOf<'personal'>,
  before: StepResult | null,
  remember: Remember,
): Promise<StepOutcome> {
  const planned = before?.blocked ?? [];
  if (before?.blocked === undefined) {
    for (const { deviceId, person } of payload.devices) {
      const list = await blockedIds(exchange, person);
      if (list !== undefined && !list.ids.includes(deviceId.toLowerCase())) planned.push({ deviceId, person });
    }
  }
  await remember({ sentence: '', blocked: planned });
  for (const { deviceId, person } of planned) await changeBlocked(exchange, person, { Add: [deviceId] });
  const open: string[] = [];
  for (const { deviceId, person, name } of payload.devices) {
    const list = await blockedIds(exchange, person);
    if (list === undefined || !list.ids.includes(deviceId.toLowerCase())) open.push(name);
  }
  if (open.length > 0)
    return { done: false, sentence: `Exchange does not show these devices as blocked: ${open.join(', ')}.` };
  return {
    done: true,
    result: {
      sentence: `${payload.devices.length === 1 ? 'One device is' : `${payload.devices.length} devices are`} on the block list of ${payload.devices.length === 1 ? 'its mailbox' : 'their mailboxes'}.`,
      blocked: planned,
    },
  };
}

export async function undoPersonal(exchange: Exchange<'read' | 'change'>, result: StepResult): Promise<string> {
  for (const { deviceId, person } of result.blocked ?? [])
    await changeBlocked(exchange, person, { Remove: [deviceId] });
  return '';
}

/** undefined: the mailbox is not there any more. */
async function blockedIds(
  exchange: Exchange<'read'>,
  person: string,
): Promise<{ identity: string; ids: string[] } | undefined> {
  const [mailbox] = await exchange.run(getMailbox, { Identity: person });
  if (mailbox?.guid !== person) return undefined;
  const [settings] = await exchange.run(getCasMailbox, { Identity: mailbox.objectGuid });
  return { identity: mailbox.objectGuid, ids: (settings?.blockedDeviceIds ?? []).map((id) => id.toLowerCase()) };
}

async function changeBlocked(
  exchange: Exchange<'read' | 'change'>,
  person: string,
  change: { Add: string[] } | { Remove: string[] },
): Promise<void> {
  const list = await blockedIds(exchange, person);
  if (list === undefined) return;
  await exchange.run(setCasMailbox, { Identity: list.identity, ActiveSyncBlockedDeviceIDs: change });
}

export async function runEws(
  exchange: Exchange<'read' | 'change'>,
  payload: PayloadOf<'ews'>,
  before: StepResult | null,
  remember: Remember,
): Promise<StepOutcome> {
  const [config] = await exchange.run(getOrganizationConfig, {});
  if (config === undefined) return { done: false, sentence: 'Exchange did not show its EWS settings.' };
  if (config.ewsPolicy === 'EnforceAllowList') {
    return {
      done: false,
      sentence:
        'Exchange Web Services let in only what stands on an allow list here. A block list would take its place and let everything else in, so I left it: take the app off the allow list instead.',
    };
  }
  const has = (list: readonly string[], agent: string) => list.some((one) => one.toLowerCase() === agent.toLowerCase());
  const planned = before?.agents ?? payload.agents.filter((agent) => !has(config.ewsBlockList, agent));
  await remember({ sentence: '', agents: planned });
  const adding = payload.agents.filter((agent) => !has(config.ewsBlockList, agent));
  if (adding.length > 0 || config.ewsPolicy !== 'EnforceBlockList') {
    await exchange.run(setOrganizationConfig, {
      EwsApplicationAccessPolicy: 'EnforceBlockList',
      EwsBlockList: { Add: adding.length > 0 ? adding : [...payload.agents] },
    });
  }
  const [after] = await exchange.run(getOrganizationConfig, {});
  const stands =
    after?.ewsPolicy === 'EnforceBlockList' && payload.agents.every((agent) => has(after.ewsBlockList, agent));
  if (!stands) return { done: false, sentence: 'Exchange does not show the app on its EWS block list.' };
  return {
    done: true,
    result: {
      sentence: `Exchange Web Services refuse ${payload.agents.join(', ')}; ${after.ewsBlockList.length} entries stand on the list. Their logs are not read by me.`,
      agents: planned,
    },
  };
}

export async function undoEws(exchange: Exchange<'read' | 'change'>, result: StepResult): Promise<string> {
  const agents = result.agents ?? [];
  if (agents.length === 0) return '';
  await exchange.run(setOrganizationConfig, {
    EwsApplicationAccessPolicy: 'EnforceBlockList',
    EwsBlockList: { Remove: agents },
  });
  return 'the EWS block list stays in force without these entries';
}
