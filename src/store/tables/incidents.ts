/** Incidents, their devices and their timelines. */
import type { Generated } from 'kysely';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Fixed, Json } from './columns.ts';

export type IncidentTable = {
  number: Generated<number>;
  organisation: Fixed<Organisation>;
  drill: Fixed<boolean>;
  kind: 'lost' | 'stolen' | 'missing' | 'suspicious' | 'outside-wipe';
  /** The owner of the devices. */
  personGuid: Fixed<string>;
  openedBy: Fixed<string | null>;
  openedVia: Fixed<string | null>;
  /** The owner reported it herself. */
  byOwner: Fixed<boolean>;
  /** What was said of the case, in the reporter's words. */
  remark: string | null;
  openedAt: Fixed<Date>;
  state: 'open' | 'closed';
  closedAt: Date | null;
  closedBy: string | null;
  closeReason: string | null;
  hold: 'open' | 'closed';
  holdClosedAt: Date | null;
  holdClosedBy: string | null;
  holdClosedWhy: string | null;
  /** When holdMaxHours last made us ask a person about the hold. */
  holdAskedAt: Date | null;
  /** Until when Plan B keeps quiet because somebody said `keep waiting`. */
  planBQuietUntil: Date | null;
  planBRaisedAt: Date | null;
  planBRaisedTimes: Generated<number>;
};

/** The incident's timeline. */
export type IncidentEventTable = {
  id: Generated<number>;
  incidentNumber: Fixed<number>;
  at: Fixed<Date>;
  kind: Fixed<string>;
  actorGuid: Fixed<string | null>;
  data: Json<Record<string, unknown>>;
};

export type IncidentsTables = {
  incident: IncidentTable;
  /** What is known of one device of an incident; its number is given once and never reused or moved. */
  incidentDevice: {
    incidentNumber: Fixed<number>;
    number: Fixed<number>;
    deviceGuid: Fixed<string>;
    /** DeviceFacts (src/incidents/device.ts) as last read. */
    facts: Json<Record<string, unknown>>;
    readAt: Date;
    /** false: the last read no longer found the partnership. */
    present: boolean;
    /** A wipe was chosen for it, or somebody said it is the lost one. */
    chosen: Generated<boolean>;
    /** The owner said from chat that she still has it: a remark, not a fact. */
    keptReportedAt: Date | null;
    /** The last sync as it was when she said so. */
    keptReportedSync: Date | null;
    keptVerifiedBy: string | null;
  };
  incidentEvent: IncidentEventTable;
};
