import { type Activity, CloudAdapter } from 'botbuilder';
import { AuthenticationError } from 'botframework-connector';
import express, { type Request as HttpRequest, type Response as HttpResponse } from 'express';
import { type ChatAdapter, DeliveryError } from '../../src/chat/port.ts';
import type { Config } from '../../src/config.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { TeamsActivity } from './activity.ts';
import { CheckUnavailable, cloudOf, GuardedAuthentication, openClient } from './authentication.ts';
import { createConnector } from './connector.ts';
import { createTurns, type Turns } from './events.ts';
import { createEntraGroups } from './groups.ts';
import { createPeople } from './identity.ts';
import { teamsLimits } from './limits.ts';
import type { TeamsOptions } from './options.ts';
import { readAddress } from './refs.ts';
import type { Response } from './responses.ts';
import { createSending } from './send.ts';

/** The address of Teams for everybody, used until it was heard from (learn.microsoft.com, "Send proactive messages"). */
const globalService = 'https://smba.trafficmanager.net/teams/';
const anyTenant = 'development';

export function teamsOptions(
  config: Config,
  rest: Pick<TeamsOptions, 'clock' | 'timeZone' | 'log' | 'images'>,
): TeamsOptions {
  const {
    TEAMS_APP_ID: appId,
    TEAMS_TENANT_ID: tenant = anyTenant,
    TEAMS_OPENID_METADATA_URL: openIdMetadataUrl,
  } = config;
  const metadata = openIdMetadataUrl === undefined ? {} : { openIdMetadataUrl };
  const cloud = cloudOf(metadata);
  const common = {
    ...rest,
    ...metadata,
    tenant,
    audience: cloud.issuer,
    serviceUrl: config.TEAMS_SERVICE_URL ?? globalService,
  };
  if (appId === undefined) return common;
  const client = openClient({
    appId,
    tenant,
    password: config.TEAMS_APP_PASSWORD,
    certificateFile: config.TEAMS_CERTIFICATE_FILE,
    tokenUrl: config.TEAMS_TOKEN_URL,
    login: cloud.login,
  });
  const graph = config.TEAMS_GRAPH_GROUPS ? { graphUrl: config.TEAMS_GRAPH_URL ?? cloud.graph } : {};
  return { ...common, ...graph, appId, client };
}

export function createTeamsAdapter(options: TeamsOptions): ChatAdapter {
  const { tenant, clock, log, client, graphUrl } = options;
  const authentication = new GuardedAuthentication(options);
  const bot = new TeamsBot(authentication);
  const connector = createConnector(authentication, options);
  const sending = createSending({ ...options, connector, people: () => people });
  const groups =
    client === undefined || graphUrl === undefined
      ? undefined
      : createEntraGroups({ client, graphUrl, tenant, clock: systemClock, log });
  const people = createPeople({
    connector,
    tenant,
    serviceUrl: sending.serviceUrl,
    groups,
    clock: systemClock,
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
    start: async ({ app, onCommand, view }) => {
      turns = createTurns({ ...options, sending, people, onCommand, view, now: () => clock.now() });
      app.post('/api/messages', express.json({ limit: '1mb' }), (request, response, next) => {
        receive(request, response).catch(next);
      });
    },
    post: (place, message, key) => open(() => sending.post(place, message, key)),
    /**
     * Teams lets a bot search nothing, so a post whose answer was lost is known again only when somebody looked at it or pressed
     * it: its buttons and its refresh carry the key. Until then it counts as lost and is posted again: two cards of an incident
     * are a nuisance and share their buttons, no card at all is a wipe that nobody approves. The copy goes when it is looked at.
     */
    find: async (_, key) => sending.find(key),
    edit: (ref, message) => open(() => sending.edit(ref, message)),
    reply: (ref, message, key) => open(() => sending.reply(ref, message, key)),
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
      return { status: statusOf(error) };
    }
  }

  /** The status for a body that cannot be taken: 400 to Teams itself, what anybody gets to anybody else. */
  async knows(request: HttpRequest): Promise<number> {
    const { status } = await this.receive(request, async () => ({ status: 400 }));
    return status;
  }
}

function statusOf(error: unknown): number {
  if (error instanceof AuthenticationError) return 401;
  return error instanceof CheckUnavailable ? 503 : 401;
}

/** The SDK reads three texts of an activity to check its caller; what is used afterwards was parsed. */
function untrusted(body: unknown): Activity {
  const text = (name: string): string => {
    const value =
      typeof body === 'object' && body !== null ? Object.entries(body).find(([key]) => key === name)?.[1] : undefined;
    return typeof value === 'string' ? value : '';
  };
  const nobody = { id: '', name: '' };
  return {
    type: text('type'),
    id: text('id'),
    channelId: text('channelId'),
    serviceUrl: text('serviceUrl'),
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
