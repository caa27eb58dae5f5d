/**
 * Evidence on a device's card: what else is known of it, from places other than Exchange's own facts. A provider reads the
 * store only. To add one: write it beside its subject and add a line in src/start/registries.ts.
 */
import type { Kysely } from 'kysely';
import type { Span } from '../../message/model.ts';
import type { Policy } from '../../policy.ts';
import type { Database } from '../../store/schema.ts';
import type { IncidentView } from '../incident/view.ts';

export type DeviceEvidence = {
  /** Where it comes from, for the timeline: `logs`, `heartbeat`. */
  source: string;
  text: readonly (string | Span)[];
};

export type EvidenceInput = { db: Kysely<Database>; view: IncidentView; now: Date; policy: Policy };

/** By device guid. */
export type EvidenceProvider = (input: EvidenceInput) => Promise<ReadonlyMap<string, DeviceEvidence>>;

export async function incidentEvidence(
  providers: readonly EvidenceProvider[],
  input: EvidenceInput,
): Promise<ReadonlyMap<string, readonly DeviceEvidence[]>> {
  const collected = new Map<string, DeviceEvidence[]>();
  for (const found of await Promise.all(providers.map((provider) => provider(input)))) {
    for (const [guid, evidence] of found) collected.set(guid, [...(collected.get(guid) ?? []), evidence]);
  }
  return collected;
}
