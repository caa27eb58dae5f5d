import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { mailboxesOf } from '../src/directory/holders.ts';
import { personFromRow } from '../src/directory/store-people.ts';
import { backOff } from '../src/ground/back-off.ts';
import { hour, second } from '../src/ground/durations.ts';
import { defineJob, type JobContext } from '../src/incidents/job.ts';
import { mailAlarm, postAlarm, targetOf } from '../src/notices/alarm.ts';
import { noticeKinds } from '../src/notices/table.ts';

export const sendAlarmJob = defineJob({
  name: 'send-alarm',
  does: "Sends an alarm by e-mail or webhook, as policy's alarms say; never to the mailbox of whom it is about",
  lane: 'alarms',
  payload: z.object({
    kind: z.enum(noticeKinds),
    incident: z.number().int().nullable(),
    at: z.iso.datetime(),
    /** Hash of the address or webhook. */
    target: z.string(),
    about: z.array(z.string()),
  }),
  // Some two and a half days: what a server refuses for good must not be tried for ever.
  retryAfter: (failures) => (failures < 70 ? backOff(failures, { first: 5 * second, most: hour }) : undefined),
  async run(context, { kind, incident, at, target, about }) {
    const { policy, forwarding, log } = context;
    const alarm = { kind, incident, at: new Date(at) };
    const { email, webhooks = [] } = policy.alarms ?? {};
    const hook = webhooks.find((url) => targetOf(url) === target);
    if (hook !== undefined) {
      const caFile = policy.alarms?.caFile;
      await postAlarm(alarm, hook, caFile === undefined ? undefined : await readFile(caFile));
      return;
    }
    const to = email?.to.find((address) => targetOf(address) === target);
    if (email === undefined || to === undefined) return;
    if ((await addressesOf(context, incident, about)).has(to.toLowerCase())) {
      log.info({ kind }, 'an alarm is not sent to the mailbox of whom it is about');
      return;
    }
    await mailAlarm(alarm, to, email, forwarding?.smtpPassword);
  },
});

/** Every address of whom it is about: the owner of the case, who did it, and whoever is suspended, because a lost phone reads their mail. */
async function addressesOf(
  { store, policy }: JobContext,
  incident: number | null,
  about: readonly string[],
): Promise<Set<string>> {
  const rows = await store.db
    .selectFrom('person')
    .selectAll()
    .where((eb) =>
      eb.or([
        eb('guid', 'in', ['', ...about]),
        eb(
          'guid',
          'in',
          eb
            .selectFrom('incident')
            .select('personGuid')
            .where('number', '=', incident ?? 0),
        ),
        eb('guid', 'in', eb.selectFrom('suspension').select('personGuid').where('state', '=', 'active')),
      ]),
    )
    .execute();
  const found = new Set<string>();
  for (const person of rows.map(personFromRow))
    for (const { primarySmtp, upn, addresses } of await mailboxesOf(store.db, policy, person))
      for (const address of [primarySmtp, upn, ...addresses]) found.add(address.toLowerCase().replace(/^smtp:/, ''));
  return found;
}
