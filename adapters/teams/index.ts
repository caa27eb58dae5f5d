import { type Activity, CloudAdapter } from 'botbuilder';
import express, { type Request as HttpRequest, type Response as HttpResponse } from 'express';
import { z } from 'zod';
import { type ChatAdapter, DeliveryError } from '../../src/chat/port.ts';
import type { Config } from '../../src/config.ts';
import { TeamsActivity } from './activity.ts';
import { CheckUnavailable, cloudOf, configuredClient, GuardedAuthentication } from './authentication.ts';
import { createConnector } from './connector.ts';
import { Turns } from './events.ts';
import { createEntraGroups } from './groups.ts';
import { createPeople } from './identity.ts';
import { teamsLimits } from './limits.ts';
import type { TeamsOptions } from './options.ts';
import { readAddress } from './refs.ts';
import type { Response } from './responses.ts';
import { Sending } from './send.ts';

/** The address of Teams for everybody, used until it was heard from (learn.microsoft.com, "Send proactive messages"). */
const globalService = 'https://smba.trafficmanager.net/teams/';
const anyTenant = 'development';

export function teamsOptions(
  config: Config,
  rest: Pick<TeamsOptions, 'clock' | 'timeZone' | 'log' | 'images'>,
): TeamsOptions {
  const cloud = cloudOf(config.TEAMS_OPENID_METADATA_URL);
  return {
    ...rest,
    appId: config.TEAMS_APP_ID,
    tenant: config.TEAMS_TENANT_ID ?? anyTenant,
    client: configuredClient(config),
    openIdMetadataUrl: config.TEAMS_OPENID_METADATA_URL,
    audience: cloud.issuer,
    serviceUrl: config.TEAMS_SERVICE_URL ?? globalService,
    graphUrl: config.TEAMS_GRAPH_GROUPS ? (config.TEAMS_GRAPH_URL ?? cloud.graph) : undefined,
  };
}

export function createTeamsAdapter(options: TeamsOptions): ChatAdapter {
  const { tenant, log, client, graphUrl } = options;
  const authentication = new GuardedAuthentication(options);
  const bot = new TeamsBot(authentication);
  const connector = createConnector(authentication, options);
  const sending: Sending = new Sending({ ...options, connector, people: () => people });
  const groups =
    client === undefined || graphUrl === undefined ? undefined : createEntraGroups({ client, graphUrl, tenant, log });
  const people = createPeople({
    connector,
    tenant,
    serviceUrl: () => sending.serviceUrl(),
    groups,
    trustsActivities: client === undefined,
  });
  let turns: Turns | undefined;

  async function receive(request: HttpRequest, response: HttpResponse): Promise<void> {
    const { status, body } = await answerTo(request);
    response.status(status);
    if (body === undefined) response.end();
    else response.json(body);
  }

  async function answerTo(request: HttpRequest): Promise<Response> {
    if (turns === undefined) return { status: 503 };
    if (client === undefined && !isLoopback(request.socket.remoteAddress)) return { status: 403 };
    const parsed = TeamsActivity.safeParse(request.body);
    if (!parsed.success) return { status: await bot.knows(request) };
    const activity = parsed.data;
    if (client !== undefined && !isOfTenant(activity, tenant)) {
      // Whoever is not Teams learns nothing of tenants.
      const status = await bot.knows(request);
      if (status === 400) log.warn('an activity of another tenant was refused');
      return { status: status === 400 ? 403 : status };
    }
    const taking = turns;
    return await bot.receive(request, () => taking.take(activity));
  }

  function open<T>(work: () => Promise<T>): Promise<T> {
    if (turns !== undefined) return work();
    return Promise.reject(new DeliveryError({ kind: 'not-sent' }, 'the Teams adapter is not open'));
  }

  return {
    name: 'teams',
    identityPrefix: 'entra',
    limits: teamsLimits,
    start: async ({ app, onCommand, view, onUndelivered }) => {
      turns = new Turns({ tenant, log, sending, people, onCommand, view, onUndelivered });
      app.post('/api/messages', express.json({ limit: '1mb' }), (request, response, next) => {
        receive(request, response).catch(next);
      });
    },
    post: (...post) => open(() => sending.post(...post)),
    /**
     * Teams lets a bot search nothing, so a post whose answer was lost is known again only when somebody looked at it or pressed
     * it: its buttons and its refresh carry the key. Until then it counts as lost and is posted again: two cards of an incident
     * are a nuisance and share their buttons, no card at all is a wipe that nobody approves. The copy goes when it is looked at.
     */
    find: async (_, key) => sending.find(key),
    edit: (...post) => open(() => sending.edit(...post)),
    reply: (...post) => open(() => sending.reply(...post)),
    privately: (identity, message, key, address) =>
      open(() => sending.privately(identity, message, key, readAddress(address))),
    identify: (identity) => people.identify(identity),
    stop: async () => {
      turns = undefined;
    },
  };
}

/** The SDK's adapter, with statuses of our own: the stock one answers 500 with the error's text and writes it to the console. */
class TeamsBot extends CloudAdapter {
  /** Checks the caller, then takes the activity. */
  async receive(request: HttpRequest, take: () => Promise<Response>): Promise<Response> {
    let response: Response | undefined;
    try {
      await this.processActivity(request.headers.authorization ?? '', untrusted(request.body), async () => {
        response = await take();
      });
      return response ?? { status: 200 };
    } catch (error) {
      return { status: error instanceof CheckUnavailable ? 503 : 401 };
    }
  }

  /** The status for a body that cannot be taken: 400 to Teams itself, what anybody gets to anybody else. */
  async knows(request: HttpRequest): Promise<number> {
    const { status } = await this.receive(request, async () => ({ status: 400 }));
    return status;
  }
}

/** The SDK reads three texts of an activity to check its caller; what is used afterwards was parsed. */
function untrusted(body: unknown): Activity {
  const text = z.string().catch('');
  const read = z.object({ type: text, id: text, channelId: text, serviceUrl: text }).safeParse(body);
  const nobody = { id: '', name: '' };
  return {
    ...(read.data ?? { type: '', id: '', channelId: '', serviceUrl: '' }),
    from: nobody,
    recipient: nobody,
    conversation: { id: '', name: '', isGroup: false, conversationType: '' },
    label: '',
    listenFor: [],
    valueType: '',
    localTimezone: '',
    callerId: '',
    text: '',
  };
}

/** Both where Teams says it; neither may name another. */
function isOfTenant({ conversation, channelData }: TeamsActivity, tenant: string): boolean {
  const named = [conversation.tenantId, channelData?.tenant?.id].filter((id) => id !== undefined);
  return named.length > 0 && named.every((id) => id.toLowerCase() === tenant.toLowerCase());
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);
}
