export type AuditProblem = { seq: number; kind: AuditProblemKind; userMessage: string };

export type AuditProblemKind =
  | 'edited'
  | 'deleted'
  | 'reordered'
  | 'truncated'
  | 'rewritten'
  /** What an entry said is gone, and no erasure in the audit says so. */
  | 'content-missing'
  /** No checkpoint vouches for entries that one should vouch for. */
  | 'checkpoints-missing'
  /** A line of the checkpoint file is not ours; its `seq` is the line's number. */
  | 'checkpoint-forged';
