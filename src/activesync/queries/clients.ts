import { type Kysely, sql } from 'kysely';
import type { Organisation } from '../../directory/person.ts';
import type { LogKind } from '../../servers/port.ts';
import type { Database } from '../../store/schema.ts';
import { bareAccount } from '../account.ts';
import type { AccountOwnerOf } from './accounts.ts';

/** One kind of client: same device type, model, agent, system and signature. */
export type ClientKind = {
  deviceType: string;
  model: string;
  userAgent: string;
  os: string;
  /** What requests signed themselves with (`Cm=CloudMagic`). */
  stray: string;
  /** Directory GUIDs where known, else bare account names. */
  people: string[];
  deviceIds: string[];
  requests: number;
  firstAt: Date;
  lastAt: Date;
};

export type ClientsQuery = {
  organisation: Organisation;
  /** Heard of since then; default: ever. */
  from?: Date;
  ownerOf?: AccountOwnerOf;
};

type Row = {
  account: string;
  deviceId: string;
  deviceType: string;
  userAgent: string;
  stray: string;
  os: string;
  model: string;
  firstAt: Date;
  lastAt: Date;
  kinds: Partial<Record<LogKind, number>>;
};

/** The inventory, by people and then requests, most first. A request that several logs tell of counts once. */
export async function clients(db: Kysely<Database>, query: ClientsQuery): Promise<ClientKind[]> {
  const from = query.from ?? new Date(0);
  const { rows } = await sql<Row>`
    with counted as (
      select client_id, kind, sum(requests) as requests, max(last_end) as last_at from log_rollup
      where hour >= date_trunc('hour', ${from}::timestamptz) group by client_id, kind),
    told as (select client_id, max(last_at) as last_at, jsonb_object_agg(kind, requests) as kinds from counted group by client_id)
    select account, device_id, device_type, user_agent, stray, os, model, first_at, told.last_at, told.kinds
    from log_client c join told on told.client_id = c.id
    where organisation = ${query.organisation} and told.last_at >= ${from}`.execute(db);
  const ownerOf = query.ownerOf ?? (() => undefined);
  const kinds = new Map<string, { client: ClientKind; people: Set<string>; devices: Set<string> }>();
  for (const row of rows) {
    const { deviceType, model, userAgent, os, stray } = row;
    const key = [deviceType, model, userAgent, os, stray].join('\n');
    const found = kinds.get(key);
    const person = ownerOf(row.account) ?? bareAccount(row.account);
    const requests = Math.max(0, ...Object.values(row.kinds));
    if (found === undefined) {
      const client = {
        deviceType,
        model,
        userAgent,
        os,
        stray,
        people: [],
        deviceIds: [],
        requests,
        firstAt: row.firstAt,
        lastAt: row.lastAt,
      };
      kinds.set(key, { client, people: new Set([person]), devices: new Set([row.deviceId]) });
      continue;
    }
    found.people.add(person);
    found.devices.add(row.deviceId);
    found.client.requests += requests;
    if (row.firstAt < found.client.firstAt) found.client.firstAt = row.firstAt;
    if (row.lastAt > found.client.lastAt) found.client.lastAt = row.lastAt;
  }
  return [...kinds.values()]
    .map(({ client, people, devices }) => ({
      ...client,
      people: [...people].filter((person) => person !== '').sort(),
      deviceIds: [...devices].filter((id) => id !== '').sort(),
    }))
    .sort((a, b) => b.people.length - a.people.length || b.requests - a.requests);
}

/** Kinds of clients that nobody used before `since`. */
export async function newClients(db: Kysely<Database>, query: ClientsQuery & { since: Date }): Promise<ClientKind[]> {
  const all = await clients(db, query);
  return all.filter(({ firstAt }) => firstAt >= query.since);
}
