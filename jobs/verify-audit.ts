import { z } from 'zod';
import { verifyAudit } from '../src/audit/verify.ts';
import { second } from '../src/ground/durations.ts';
import { defineJob } from '../src/incidents/job.ts';
import type { DraftMessage } from '../src/message/model.ts';
import { list, note, paragraph, strong, text } from '../src/message/text.ts';

const mostShown = 20;

export const verifyAuditJob = defineJob({
  name: 'verify-audit',
  does: 'Reads the whole audit chain, compares it with the signed checkpoints and tells who asked',
  lane: 'upkeep',
  payload: z.object({ identity: z.string(), token: z.string() }),
  retryAfter: (failures) => (failures < 3 ? 5 * second : undefined),
  async run({ store, seal, policy }, { identity, token }) {
    const checkpoints = await seal?.read();
    const verdict = await verifyAudit(store.db, checkpoints === undefined ? {} : { checkpoints });
    const message = verdictMessage(verdict, checkpoints !== undefined);
    await store.change(async (change) => {
      await change.privately(identity, message, `audit-verify:${token}`);
      change.audit({
        action: 'audit.verified',
        subject: 'audit',
        data: { ok: verdict.ok, size: verdict.size, problems: verdict.problems.length },
      });
      if (!verdict.ok) await change.notice(policy.channels.security, message, `audit-problem:${token}`);
    });
  },
});

function verdictMessage(verdict: Awaited<ReturnType<typeof verifyAudit>>, sealed: boolean): DraftMessage {
  const vouched = sealed
    ? `Signed checkpoints vouch for entries up to ${verdict.vouchedUpTo}.`
    : 'This process has no checkpoints, so a truncation could not be seen.';
  if (verdict.ok) {
    return {
      title: 'The audit is whole',
      tone: 'success',
      blocks: [paragraph(strong(`${verdict.size} entries, each one where it was written.`), ` ${vouched}`)],
    };
  }
  const shown = verdict.problems.slice(0, mostShown);
  return {
    title: 'The audit was tampered with',
    tone: 'danger',
    blocks: [
      list(...shown.map((problem) => text(strong(`Entry ${problem.seq}`), ` ${problem.kind}: ${problem.userMessage}`))),
      ...(verdict.problems.length > shown.length ? [note(`… ${verdict.problems.length - shown.length} more`)] : []),
      note(vouched),
    ],
  };
}
