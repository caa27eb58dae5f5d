/** The lab's own tables (migration 0002): nothing but src/exchange/lab and src/servers/lab reads them. */
import type { Generated } from 'kysely';
import type { Fixed, Json } from './columns.ts';

export type LabMailboxTable = {
  exchangeGuid: Fixed<string>;
  /** GUID of the directory object: Get-CASMailbox and Get-User know the mailbox by this one. */
  objectGuid: Fixed<string>;
  displayName: string;
  firstName: string;
  lastName: string;
  alias: string;
  upn: string;
  primarySmtp: string;
  /** As EmailAddresses prints them: `SMTP:` is the primary one. */
  emailAddresses: Json<string[]>;
  department: string;
  title: string;
  phone: string;
  mobilePhone: string;
  manager: string;
  recipientTypeDetails: string;
  accountDisabled: boolean;
  /** Where the active database is mounted: phones' requests end there. */
  server: string;
  database: string;
  activeSyncEnabled: boolean;
  allowedIds: Json<string[]>;
  blockedIds: Json<string[]>;
  policy: string;
  passwordChangedAt: Date | null;
  /** New messages an hour: what ends a Ping early. */
  mailsPerHour: number;
};

/** What a phone will do at its next contact. */
export type LabStep = 'request' | 'ping-end' | 'provision' | 'acknowledge';

/** Its heartbeat elapsed, new mail came, the edge closed the connection, or the server's pool was recycled. */
export type LabPingEnd = 'expired' | 'mail' | 'cut' | 'dropped';

/** How a phone behaves: it holds a connection, looks now and then, or never comes. */
export type LabRhythm = 'push' | 'poll';

/** A phone and its partnership. The phone outlives the partnership: `present` is false after Remove-MobileDevice. */
export type LabDeviceTable = {
  /** The phone itself. */
  id: number;
  /** GUID of the partnership: a new one each time it is created. */
  guid: string;
  present: boolean;
  mailboxGuid: Fixed<string>;
  deviceId: string;
  friendlyName: string;
  deviceType: string;
  deviceModel: string;
  deviceOs: string;
  userAgent: string;
  imei: string;
  phoneNumber: string;
  operator: string;
  clientType: 'EAS' | 'REST' | 'Outlook';
  /** As Exchange prints it: `16.1` for EAS, `161` for REST and Outlook. */
  clientVersion: string;
  ip: string;
  firstSyncTime: Date | null;
  lastSyncAttempt: Date | null;
  lastSuccessSync: Date | null;
  lastPolicyUpdate: Date | null;
  /** Seconds; what the phone asked for last. */
  lastPingHeartbeat: number | null;
  wipeRequestTime: Date | null;
  wipeSentTime: Date | null;
  wipeAckTime: Date | null;
  wipeRequestor: string | null;
  accountWipeRequestTime: Date | null;
  accountWipeSentTime: Date | null;
  accountWipeAckTime: Date | null;
  accountWipeRequestor: string | null;
  notify: Json<string[]>;
  wipeSupported: boolean;
  /** State and reason that Exchange holds against it apart from lists and rules (quarantine, MDM). */
  accessState: string;
  accessReason: string;
  managed: boolean;
  compliant: boolean;
  policyStatus: string;
  folders: number;
  /** What follows is the phone's own. */
  rhythm: LabRhythm;
  /** Seconds between looks of a phone that does not hold a connection. */
  pollSeconds: number;
  /** Heartbeat that it asks for now, the longest that worked, the shortest that was cut, and what it would like. Seconds. */
  heartbeat: number;
  heartbeatWorks: number;
  heartbeatCut: number | null;
  heartbeatWish: number;
  step: LabStep;
  /** null: it never comes. Lab time. */
  nextContactAt: Date | null;
  /** How the Ping under way will end: after so many milliseconds, and why. */
  pingMs: number;
  pingEnd: LabPingEnd;
  contacts: number;
  /** It still sends the password from before the change. */
  stalePassword: boolean;
  /** It answers a wipe with status 2: could not. */
  refusesWipe: boolean;
  /** It wipes itself, and Exchange does not hear of it (as Exchange Online reports it). */
  silentWipe: boolean;
  erasedAt: Date | null;
};

/** One request of a phone, written when it ended, as the log lines are. */
export type LabContactTable = {
  id: Generated<number>;
  /** When the request ended. */
  at: Fixed<Date>;
  durationMs: Fixed<number>;
  server: Fixed<string>;
  edge: Fixed<string | null>;
  mailboxGuid: Fixed<string>;
  deviceId: Fixed<string>;
  deviceType: Fixed<string>;
  deviceOs: Fixed<string>;
  userAgent: Fixed<string>;
  /** EAS version times ten: 161. */
  version: Fixed<number>;
  upn: Fixed<string>;
  smtp: Fixed<string>;
  ip: Fixed<string>;
  command: Fixed<string>;
  heartbeat: Fixed<number | null>;
  httpStatus: Fixed<number>;
  /** null: the request never reached EAS code (401). */
  easStatus: Fixed<number | null>;
  win32Status: Fixed<number>;
  /** The `Error:` token. */
  error: Fixed<string | null>;
  /** The `As:` token: access state and the first letter of its reason. */
  access: Fixed<string>;
  requestId: Fixed<string>;
};

export type LabAccessRuleTable = {
  guid: Fixed<string>;
  name: Fixed<string>;
  characteristic: Fixed<string>;
  queryString: Fixed<string>;
  accessLevel: 'Allow' | 'Block' | 'Quarantine';
};

export type LabTables = {
  /** What the lab as a whole remembers: one row, `id` 1. */
  labState: {
    id: number;
    /** Milliseconds that the lab's clock is ahead of real time. */
    offsetMs: number;
    seed: string;
    /** Until when the phones' contacts are computed (lab time). */
    tickedAt: Date;
    /** The speed at which the phones' next contacts were laid out. */
    pace: number;
    /** Contacts written since midnight (UTC). */
    keptToday: number;
    /** false: Exchange does not answer at all. */
    available: boolean;
    /** Set-ActiveSyncOrganizationSettings' DefaultAccessLevel. */
    defaultAccessLevel: 'Allow' | 'Block' | 'Quarantine';
  };
  labServer: {
    name: string;
    edge: string | null;
    ip: string;
    /** Back end ClientAccess\Sync\web.config, and the front end's two, as text. */
    syncConfig: string;
    ewsConfig: string;
    easConfig: string;
    configsAt: Date;
    /** When MSExchangeSyncAppPool last started: what it read of web.config then is what counts, and the heartbeat buffers began. */
    poolStartedAt: Date;
    minHeartbeat: number;
    maxHeartbeat: number;
    sampleSize: number;
    alertThreshold: number;
  };
  labEdge: {
    name: string;
    ip: string;
    /** Seconds after which it closes an idle connection. */
    idleSeconds: number;
  };
  labMailbox: LabMailboxTable;
  labDevice: LabDeviceTable;
  labContact: LabContactTable;
  /** Every change that was asked of the lab's Exchange, in the transaction of its effect. */
  labLedger: {
    id: Generated<number>;
    at: Fixed<Date>;
    /** The cmdlet's id (`clear-mobile-device`) and PowerShell name. */
    cmdlet: Fixed<string>;
    name: Fixed<string>;
    /** The identity it was asked for. */
    target: Fixed<string>;
    arguments: Json<Record<string, unknown>>;
    by: Fixed<string>;
    /** `done`, or the type of the error that Exchange answered with. */
    outcome: Fixed<string>;
  };
  labAccessRule: LabAccessRuleTable;
};
