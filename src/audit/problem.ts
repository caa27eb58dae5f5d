export type AuditProblem = { seq: number; kind: AuditProblemKind; userMessage: string };

export type AuditProblemKind =
  | 'edited'
  | 'deleted'
  | 'reordered'
  | 'truncated'
  | 'rewritten'
  /** A line of the checkpoint file is not ours; its `seq` is the line's number. */
  | 'checkpoint-forged';
