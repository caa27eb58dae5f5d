/** Entra groups of a person, from Microsoft Graph: application permission GroupMember.Read.All, believed for a minute. */
import type { ConfidentialClientApplication } from '@azure/msal-node';
import type { Logger } from 'pino';
import { z } from 'zod';
import { Remembered } from '../../src/ground/remembered.ts';
import { callTimeoutMs, groupsMs } from './limits.ts';

const Page = z.object({ value: z.array(z.object({ id: z.string() })), '@odata.nextLink': z.string().optional() });
/** 999 groups a page: nobody has more than Entra ID's limit of 2,000 or so. */
const mostPages = 10;

export type EntraGroups = ReturnType<typeof createEntraGroups>;

export function createEntraGroups(input: {
  client: ConfidentialClientApplication;
  graphUrl: string;
  tenant: string;
  log: Logger;
  /** Milliseconds that only move forward. */
  now?: () => number;
}) {
  const { client, graphUrl, tenant, log, now } = input;
  const base = graphUrl.replace(/\/+$/, '');
  const known = new Remembered<readonly string[]>({ most: 5_000, forMs: groupsMs, now });

  async function token(): Promise<string> {
    const result = await client.acquireTokenByClientCredential({ scopes: [`${base}/.default`] });
    if (result === null) throw new Error('Entra ID gave no token for Graph');
    return result.accessToken;
  }

  async function read(objectId: string): Promise<string[]> {
    const groups: string[] = [];
    let next: string | undefined =
      `${base}/v1.0/users/${encodeURIComponent(objectId)}/transitiveMemberOf/microsoft.graph.group?$select=id&$top=999`;
    for (let page = 0; next !== undefined && page < mostPages; page += 1) {
      const response = await fetch(next, {
        headers: { authorization: `Bearer ${await token()}` },
        signal: AbortSignal.timeout(callTimeoutMs),
      });
      if (!response.ok) throw new Error(`Graph answered ${response.status}`);
      const { value, '@odata.nextLink': link } = Page.parse(await response.json());
      groups.push(...value.map(({ id }) => `entra:${tenant}/${id}`));
      // The token goes nowhere else than to Graph.
      next = link !== undefined && new URL(link).origin === new URL(base).origin ? link : undefined;
    }
    return groups;
  }

  return {
    /** `entra:<tenant>/<group id>`; none when Graph does not answer: whoever is not known for certain is in no group. */
    of: async (objectId: string): Promise<readonly string[]> => {
      try {
        return await known.get(objectId, () => read(objectId));
      } catch (error) {
        log.warn({ err: error }, 'Entra groups could not be read; nobody is helpdesk by a group now');
        return [];
      }
    },
  };
}
