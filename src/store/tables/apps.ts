/** Tables of the apps (migration 0005): the inventory as Exchange last told it, blocks with their steps, and scheduled reports. */
import type { Generated } from 'kysely';
import type { ConfigKind, Organisation } from '../../ground/identifiers.ts';
import type { Fixed, Json, NullableJson } from './columns.ts';

/** One mobile device partnership of the organisation; `gone` when the last refresh no longer found it. */
export type MobileDeviceTable = {
  organisation: Fixed<Organisation>;
  guid: Fixed<string>;
  /** null: the owner is not in the directory. */
  personGuid: string | null;
  deviceId: string;
  friendlyName: string;
  deviceType: string;
  deviceModel: string;
  deviceOs: string;
  userAgent: string;
  /** `EAS`, `Outlook`, `REST` … */
  clientType: string;
  /** EAS version times ten. */
  clientVersion: number | null;
  accessState: string;
  accessReason: string;
  /** Name of the access rule that decided; empty when none did. */
  accessRule: string;
  firstSync: Date | null;
  /** When the bot first saw it, which is later than its first sync for old phones. */
  firstSeenAt: Fixed<Date>;
  /** When Exchange last told something new of it. */
  readAt: Date;
  gone: boolean;
};

/** A device access rule as Exchange last told it. */
export type AccessRuleTable = {
  organisation: Fixed<Organisation>;
  guid: Fixed<string>;
  name: string;
  characteristic: string;
  queryString: string;
  accessLevel: string;
  firstSeenAt: Fixed<Date>;
  readAt: Date;
  /** When a refresh no longer found it. */
  goneAt: Date | null;
};

/** A phone as src/apps/phones.ts puts it together, added up: by its device id and its owner, or the account that names nobody. */
export type AppPhoneTable = {
  organisation: Fixed<Organisation>;
  key: Fixed<string>;
  /** Lower case; empty where only a user agent is known. */
  deviceId: string;
  /** null: only the logs know it. */
  deviceGuid: string | null;
  ownerGuid: string | null;
  account: string;
  /** Key, name and kind of its app. */
  app: string;
  appName: string;
  appKind: string;
  type: string;
  model: string;
  os: string;
  agent: string;
  requests: number;
  refused: number;
  refusedAt: Date | null;
  firstSeen: Date | null;
  lastSeen: Date | null;
};

export type AppBlockState = 'open' | 'ended';

/** One app that somebody set out to block; at most one open per app and organisation. */
export type AppBlockTable = {
  id: Generated<number>;
  organisation: Fixed<Organisation>;
  /** Key of the app (`cloudmagic`). */
  app: Fixed<string>;
  name: Fixed<string>;
  state: AppBlockState;
  requestedBy: Fixed<string>;
  requestedAt: Fixed<Date>;
  /** When the first rule, list entry or personal block stood: what verification counts from. */
  since: Date | null;
  endedAt: Date | null;
  endedBy: string | null;
  /** Verdict (src/apps/verify.ts) of the last look, and when that was. */
  verdict: NullableJson<Record<string, unknown>>;
  verdictAt: Date | null;
};

export type AppStepKind = 'notice' | 'rule' | 'personal' | 'ews' | 'web-config' | 'undo';
export type AppStepState = 'waiting' | 'approved' | 'done' | 'failed' | 'undone' | 'dropped';

/** One stage of a block, proposed, approved by a second person, carried out and undone on its own. */
export type AppBlockStepTable = {
  id: Generated<number>;
  blockId: Fixed<number>;
  kind: Fixed<AppStepKind>;
  /** StepPayload (src/apps/steps.ts): exactly what was approved. */
  payload: Json<Record<string, unknown>>;
  state: AppStepState;
  requestedBy: Fixed<string>;
  requestedAt: Fixed<Date>;
  approvalId: number | null;
  doneAt: Date | null;
  undoneAt: Date | null;
  /** What was there before, so that it can be put back; and a sentence for people. */
  result: NullableJson<Record<string, unknown>>;
};

/** A summary that is posted on a schedule. */
export type AppReportTable = {
  id: Generated<number>;
  organisation: Fixed<Organisation>;
  what: Fixed<'apps' | 'blocked-apps' | 'heartbeat'>;
  place: Fixed<string>;
  /** Cron of five fields, in `timeZone`. */
  cron: Fixed<string>;
  timeZone: Fixed<string>;
  /** As the person said it. */
  words: Fixed<string>;
  requestedBy: Fixed<string>;
  requestedAt: Fixed<Date>;
  nextAt: Date;
  stoppedAt: Date | null;
};

export type AppsTables = {
  mobileDevice: MobileDeviceTable;
  accessRule: AccessRuleTable;
  appPhone: AppPhoneTable;
  /** What was read of one organisation as a whole, and how far the watch got. */
  appInventory: {
    organisation: Fixed<Organisation>;
    defaultAccessLevel: string;
    readAt: Date;
    /** A sentence for people; null while all is well. */
    problem: string | null;
  };
  /** An app by its key, since when it is known: what "new" is measured by. */
  appSeen: {
    organisation: Fixed<Organisation>;
    app: Fixed<string>;
    name: string;
    firstSeenAt: Fixed<Date>;
  };
  /** When a person last looked at the apps: what is new to whom. */
  appLook: {
    organisation: Fixed<Organisation>;
    personGuid: Fixed<string>;
    lookedAt: Date;
  };
  appBlock: AppBlockTable;
  appBlockStep: AppBlockStepTable;
  /** One edit of a web.config: enough to put every byte back even when the backup file is lost. */
  configEdit: {
    id: Generated<number>;
    organisation: Fixed<Organisation>;
    stepId: Fixed<number>;
    server: Fixed<string>;
    kind: Fixed<ConfigKind>;
    path: Fixed<string>;
    /** SHA-256, hex. */
    beforeHash: Fixed<string>;
    afterHash: Fixed<string>;
    before: Fixed<Buffer>;
    /** Written before the file is; null until the write was answered. */
    backup: string | null;
    at: Fixed<Date>;
    undoneAt: Date | null;
    /** Somebody else's change was told to security once. */
    lostAt: Date | null;
  };
  appReport: AppReportTable;
  /** The lab's EWS settings of the organisation: one row, `id` 1. */
  labEws: {
    id: number;
    /** `EnforceAllowList`, `EnforceBlockList`, or empty. */
    policy: string;
    blockList: Json<string[]>;
    allowList: Json<string[]>;
  };
};
