/**
 * What a reading of an incident's phone says of requests that others made of Exchange: a new one opens no second incident but is told
 * on this one and to security, voids a proposal that it contradicts, and its hand-over and acknowledgement are said.
 */
import { personByGuid } from '../../directory/find.ts';
import { notify } from '../../notices/notify.ts';
import { approvalsHash, type Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import { openApproval } from '../approvals/approvals.ts';
import { type DeviceFacts, wipeTimesKnown } from '../devices/device.ts';
import { type HeldRequest, requestorName, unfinishedRequests, wipeRequests } from '../devices/held-requests.ts';
import type { FactsChange } from '../devices/record-devices.ts';
import { holdAfterWipes, holdForOthers } from '../hold/hold.ts';
import { replyOnIncident } from '../incident/reply.ts';
import { requestsOf } from '../incident/view.ts';
import type { JobContext } from '../job.ts';
import { changedSince, Frozen } from '../wipe/frozen.ts';
import { promiseOf } from '../wipe/scope.ts';
import { openWipeOf } from '../wipe/wipes.ts';
import { recordOutsideWipes, watchedSince } from './outside-wipes.ts';

export type RequestNews = {
  policy: Policy;
  incident: number;
  ownerGuid: string;
  changes: readonly FactsChange[];
};

export async function recordRequestNews(change: Change, news: RequestNews): Promise<void> {
  const { policy, incident } = news;
  const known = news.changes.filter(({ after }) => wipeTimesKnown(after));
  if (known.length === 0) return;
  const owner = await personByGuid(change.tx, news.ownerGuid);
  if (owner !== undefined) {
    const since = await watchedSince(change.tx, owner.organisation, change.now);
    await recordOutsideWipes(change, policy, { person: owner, devices: known.map(({ after }) => after), since });
  }
  const { own } = await requestsOf(
    change.tx,
    known.map(({ after }) => after.guid),
  );
  for (const each of known) {
    const ours = own.get(each.after.guid) ?? [];
    for (const request of wipeRequests(each.after)) {
      if (ours.some((instant) => Date.parse(instant) === Date.parse(request.requestedAt))) continue;
      await tellProgress(change, policy, incident, each, request);
    }
  }
  // A request of others that has ended may have been the last that the password waited for.
  const fewer = known.some(
    ({ before, after }) => before !== undefined && unfinishedRequests(after).length < unfinishedRequests(before).length,
  );
  if (fewer) await holdAfterWipes(change, incident, null);
  const more = known.some(({ before, after }) => {
    const earlier = before === undefined ? [] : unfinishedRequests(before);
    return unfinishedRequests(after).some(({ requestedAt }) => !earlier.some((one) => one.requestedAt === requestedAt));
  });
  if (more) await holdForOthers(change, incident);
}

/** Handed over, or acknowledged, since the reading before. */
async function tellProgress(
  change: Change,
  policy: Policy,
  incident: number,
  { number, before, after }: FactsChange,
  request: HeldRequest,
): Promise<void> {
  const earlier =
    before === undefined
      ? undefined
      : wipeRequests(before).find((one) => one.scope === request.scope && one.requestedAt === request.requestedAt);
  if (earlier === undefined) return;
  const by = `the ${request.scope} wipe that ${requestorName(request)} asked for`;
  if (earlier.acknowledgedAt === null && request.acknowledgedAt !== null) {
    const said = `Phone ${number} acknowledged ${by}.`;
    await replyOnIncident(change, incident, 'success', said, ` ${promiseOf(request.scope)}`);
    await notify(change, policy, 'request-acknowledged', {
      incident,
      line: [`phone ${number} (${after.name}) acknowledged ${by}`],
      key: `${after.guid}:${request.scope}:${request.acknowledgedAt}`,
    });
    return;
  }
  if (earlier.sentAt === null && request.sentAt !== null) {
    await replyOnIncident(change, incident, 'warning', `Exchange handed ${by} to phone ${number}.`, '');
  }
}

/** Ends what waits for a decision, or for being issued, and rests on facts of this device that are others now. */
export async function voidContradicted(
  change: Change,
  { policy, approvals }: Pick<JobContext, 'policy' | 'approvals'>,
  device: DeviceFacts,
): Promise<void> {
  if (!wipeTimesKnown(device)) return;
  const wipe = await openWipeOf(change.tx, device.guid);
  if (wipe === undefined || (wipe.state !== 'awaiting-approval' && wipe.state !== 'approved')) return;
  const { mailboxGuid, scope } = wipe;
  const changes = changedSince(Frozen.parse(wipe.frozen), {
    mailboxGuid,
    device,
    scope,
    approvalsHash: approvalsHash(policy),
  });
  const approval = await openApproval(change.tx, 'wipe', String(wipe.id));
  if (changes.length === 0 || approval === undefined) return;
  await approvals.end(change, policy, approval, 'voided', { by: null, why: changes.join(' ') });
}
