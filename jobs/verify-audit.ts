import { z } from 'zod';
import type { Checkpoint, CheckpointReading } from '../src/audit/checkpoint.ts';
import { type AuditVerdict, verifyAudit } from '../src/audit/verify.ts';
import { second } from '../src/ground/durations.ts';
import { defineJob, type JobContext } from '../src/incidents/job.ts';
import type { DraftMessage, Span } from '../src/message/model.ts';
import { code, list, note, paragraph, present, strong, text, time } from '../src/message/text.ts';
import { counted } from '../src/message/words.ts';
import { notify } from '../src/notices/notify.ts';

const mostShown = 20;

export const verifyAuditJob = defineJob({
  name: 'verify-audit',
  does: 'Reads what is new in the audit chain, or all of it, compares it with the signed checkpoints and tells who asked',
  lane: 'rounds',
  payload: z.object({
    identity: z.string(),
    token: z.string(),
    /** From the beginning, whatever was found whole before. */
    whole: z.boolean().optional(),
    /** A checkpoint that the person kept, as they pasted it. */
    copy: z.string().optional(),
  }),
  retryAfter: (failures) => (failures < 3 ? 5 * second : undefined),
  async run(context, { identity, token, copy, whole = false }) {
    const { store, seal, policy, clock } = context;
    const checkpoints = await seal?.read();
    const copied = copy === undefined ? undefined : await seal?.readCopy(copy);
    const posted = await postedCopies(context);
    const verdict = await verifyAudit(store.db, {
      now: clock.now(),
      recent: !whole,
      ...(checkpoints === undefined ? {} : { checkpoints }),
      ...(seal === undefined ? {} : { publicKeys: await seal.publicKeys() }),
      copies: [...(copied?.checkpoints ?? []), ...posted],
    });
    const message = verdictMessage(verdict, { sealed: checkpoints !== undefined, copied, posted: posted.length });
    if (verdict.ok && verdict.vouching !== undefined) await seal?.verified(verdict.vouching);
    await store.change(async (change) => {
      await change.privately(identity, message, `audit-verify:${token}`);
      change.audit({
        action: 'audit.verified',
        subject: 'audit',
        data: {
          ok: verdict.ok,
          size: verdict.size,
          ...(verdict.since === undefined ? {} : { since: verdict.since.size }),
          problems: verdict.problems.length,
          ...(verdict.gaps.length === 0 ? {} : { gaps: verdict.gaps.length }),
        },
      });
      if (!verdict.ok) await notify(change, policy, 'audit-problem', { key: token, message });
    });
  },
});

/** What this bot posted in the audit channels, as far as they can be read from here; what others wrote there is not signed. */
async function postedCopies({ seal, policy, readBack }: JobContext): Promise<readonly Checkpoint[]> {
  if (seal === undefined || readBack === undefined) return [];
  const texts = await Promise.all(policy.channels.audit.map((place) => readBack(place)));
  const { checkpoints } = await seal.readCopy(texts.flatMap((each) => each ?? []).join('\n'));
  return checkpoints;
}

function verdictMessage(
  verdict: AuditVerdict,
  { sealed, copied, posted }: { sealed: boolean; copied: CheckpointReading | undefined; posted: number },
): DraftMessage {
  const channel = posted === 0 ? '' : ` Compared with ${counted(posted, 'copy', 'copies')} in the audit channel, too.`;
  const erased =
    verdict.erased === 0 ? '' : ` ${counted(verdict.erased, 'entry', 'entries')}: signature valid, content erased.`;
  const vouched = sealed
    ? `Signed checkpoints vouch for entries up to ${verdict.vouchedUpTo}.${channel}${erased}`
    : 'This process has no checkpoints, so a truncation could not be seen.';
  const copy = copied !== undefined && paragraph(...aboutCopy(copied, verdict.ok));
  const lost = verdict.gaps.length > 0 && list(...verdict.gaps.slice(-mostShown).map(aboutGap));
  const { since } = verdict;
  const older = since !== undefined && paragraph(...notRead(since));
  if (verdict.ok) {
    const read = paragraph(
      strong(`${counted(verdict.size, 'entry', 'entries')}, each one where it was written.`),
      ` ${vouched}`,
    );
    const gaps = verdict.gaps.length === 0 ? '' : `, but for what ${counted(verdict.gaps.length, 'restore')} lost`;
    const whole = `${since === undefined ? 'The audit is whole' : 'What is new in the audit is whole'}${gaps}`;
    const strange = copied?.checkpoints.length === 0;
    return {
      title: strange ? `${whole}; your copy is not ours` : whole,
      // A gap that is known is still one: what stood there, nobody can say.
      tone: strange || verdict.gaps.length > 0 ? 'warning' : 'success',
      blocks: present(read, lost, older, copy),
    };
  }
  const shown = verdict.problems.slice(0, mostShown);
  const unvouched = verdict.problems.every(
    ({ kind }) => kind === 'checkpoints-missing' || kind === 'checkpoint-forged',
  );
  return {
    title: unvouched ? 'The audit cannot be vouched for' : 'The audit was tampered with',
    tone: 'danger',
    blocks: present(
      list(...shown.map((problem) => text(strong(`Entry ${problem.seq}`), ` ${problem.kind}: ${problem.userMessage}`))),
      verdict.problems.length > shown.length && note(`… ${verdict.problems.length - shown.length} more`),
      note(vouched),
      lost,
      older,
      copy,
    ),
  };
}

function aboutGap({ kept, known, next, from, until }: AuditVerdict['gaps'][number]) {
  const most =
    known === null
      ? 'how many there were is not known'
      : `at least ${counted(known - kept, 'entry', 'entries')} of them`;
  return text(
    strong(`Entries ${kept + 1} to ${next - 1} are lost`),
    ` (${most}): a backup of `,
    time(from),
    ' was restored ',
    time(until),
    '. Entry ',
    String(next),
    ', signed by me, says so.',
  );
}

function notRead({ size, at }: Checkpoint): (string | Span)[] {
  return [
    `Read from entry ${size + 1} on, after the checkpoint of `,
    time(at),
    `: up to there an earlier check found it whole. Those ${counted(size, 'entry', 'entries')} were not read again, only the ones that checkpoints name. `,
    code('audit verify all'),
    ' reads every one.',
  ];
}

function aboutCopy({ checkpoints, forged }: CheckpointReading, ok: boolean): (string | Span)[] {
  const copy: Checkpoint | undefined = checkpoints[0];
  if (copy !== undefined) {
    const fits = ok ? 'It fits' : 'It was compared, too';
    return ['Your copy is signed by me: ', counted(copy.size, 'entry', 'entries'), ', ', time(copy.at), `. ${fits}.`];
  }
  const why = forged[0]?.why;
  if (why === 'bad-signature')
    return ['Your copy does not fit its signature: somebody changed it, or a part is missing.'];
  if (why === 'unknown-key') return ['Your copy is signed with a key that is neither mine nor named as an old one.'];
  return ['What you gave is no checkpoint. Copy the whole line in braces from the audit channel.'];
}
