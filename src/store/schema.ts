/**
 * The tables as Kysely sees them (camel case here, snake case in PostgreSQL; migrations in migrations/), one file of tables/ for
 * each room. The store is the system of record: what is not here did not happen.
 */
import type { ActiveSyncTables } from './tables/activesync.ts';
import type { ApprovalsTables } from './tables/approvals.ts';
import type { AppsTables } from './tables/apps.ts';
import type { AuditTables } from './tables/audit.ts';
import type { ChatTables } from './tables/chat.ts';
import type { DeliveriesTables } from './tables/deliveries.ts';
import type { HeartbeatTables } from './tables/heartbeat.ts';
import type { IncidentsTables } from './tables/incidents.ts';
import type { LabTables } from './tables/lab.ts';
import type { PeopleTables } from './tables/people.ts';
import type { TrustTables } from './tables/trust.ts';
import type { WipesTables } from './tables/wipes.ts';
import type { WorkTables } from './tables/work.ts';

export type Database = ActiveSyncTables &
  ApprovalsTables &
  AppsTables &
  AuditTables &
  ChatTables &
  DeliveriesTables &
  HeartbeatTables &
  IncidentsTables &
  LabTables &
  PeopleTables &
  TrustTables &
  WipesTables &
  WorkTables;
