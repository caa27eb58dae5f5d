import type { Actor } from '../directory/actor.ts';
import type { AuditEntry } from '../store/port.ts';
import type { Incoming } from './port.ts';
import type { Request } from './request.ts';

/** One authorisation decision for the audit: who, what and where, without anything that was typed. */
export function decisionEntry(input: {
  /** Why it was refused; absent when it was allowed. */
  refusedBecause?: string;
  incoming: Incoming;
  inboxId: number;
  actor?: Actor;
  request?: Extract<Request, { kind: 'command' }>;
}): AuditEntry {
  const { refusedBecause, incoming, inboxId, actor, request } = input;
  const incident = request?.args.incident;
  return {
    action: refusedBecause === undefined ? 'command.allowed' : 'command.refused',
    subject: `command:${inboxId}`,
    ...(typeof incident === 'number' && Number.isSafeInteger(incident) ? { incident } : {}),
    actor: { guid: actor?.person.guid ?? null, identity: incoming.sender.identity },
    data: {
      via: request?.via ?? incoming.input.kind,
      ...(refusedBecause === undefined ? {} : { code: refusedBecause }),
      ...(request === undefined ? {} : { command: request.command.id, effect: request.command.effect }),
      ...(incoming.place === undefined ? {} : { place: incoming.place }),
    },
  };
}
