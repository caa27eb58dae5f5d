/** What comes from chat: commands, buttons, and the images that messages show. */
import type { Generated } from 'kysely';
import type { Fixed, Json } from './columns.ts';

/** What a button does: only its id reaches a chat platform. */
export type StoredActionTable = {
  id: Fixed<string>;
  subject: Fixed<string>;
  command: Fixed<string>;
  args: Json<Record<string, unknown>>;
  epoch: Fixed<string>;
  label: Fixed<string>;
  createdAt: Fixed<Date>;
  /** When and by whom its effect happened (null: not yet). A refused click leaves both empty. */
  usedAt: Date | null;
  usedBy: string | null;
};

export type ChatTables = {
  /** Every command, stored before it is acknowledged. */
  inbox: {
    id: Generated<number>;
    eventKey: Fixed<string>;
    identity: Fixed<string>;
    /** Incoming of src/chat/port.ts, as it was stored. */
    incoming: Json<Record<string, unknown>>;
    receivedAt: Fixed<Date>;
    /** `refused`: the insert landed after the person had been told that it was not stored. */
    state: 'stored' | 'handled' | 'refused' | 'too-old';
    handledAt: Date | null;
    /** The command's id and how it ended, for metrics and the audit; never its text. */
    command: string | null;
    outcome: string | null;
  };
  storedAction: StoredActionTable;
  /** PNGs that messages show. */
  image: {
    id: Fixed<string>;
    png: Fixed<Buffer>;
    width: Fixed<number>;
    height: Fixed<number>;
    alt: Fixed<string>;
    createdAt: Fixed<Date>;
  };
};
