/**
 * Who may call `/api/messages`, and with what we call Teams: the SDK's validation with its holes closed.
 *
 * What the SDK lets through and this refuses (measured on 4.23.3): tokens without expiry, tokens up to 300 s too old, activities
 * without service URL, tokens of the "emulator" (any tenant's Entra ID signs them) and other channels. What it answers 500 to and
 * this answers 401: bad signatures, changed payloads, `alg: none`, HS256, tokens of the future.
 */
import { ConfidentialClientApplication, type Configuration } from '@azure/msal-node';
import { type Activity, ConfigurationBotFrameworkAuthentication } from 'botbuilder';
import {
  type AuthenticateRequestResult,
  AuthenticationError,
  type ClaimsIdentity,
  type ConnectorClient,
  type ConnectorFactory,
  type ServiceClientCredentials,
  ServiceClientCredentialsFactory,
} from 'botframework-connector';
import { z } from 'zod';
import type { Config } from '../../src/config.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { readCertificate } from './certificate.ts';
import { callTimeoutMs } from './limits.ts';
import type { TeamsOptions } from './options.ts';
import { type ServiceCheck, serviceCheck } from './services.ts';

const unauthorized = 401;
/** A token's end and this machine's clock may differ by so much, not by the SDK's five minutes. */
const toleranceSeconds = 60;

const Claims = z.looseObject({ iss: z.string(), exp: z.number() });

/** The names that the public cloud and the US government's cloud give themselves. */
const clouds = {
  public: {
    issuer: 'https://api.botframework.com',
    metadata: 'https://login.botframework.com/v1/.well-known/openidconfiguration',
    login: 'https://login.microsoftonline.com',
    graph: 'https://graph.microsoft.com',
  },
  government: {
    issuer: 'https://api.botframework.us',
    metadata: 'https://login.botframework.azure.us/v1/.well-known/openidconfiguration',
    login: 'https://login.microsoftonline.us',
    graph: 'https://graph.microsoft.us',
  },
} as const;

export function cloudOf(openIdMetadataUrl: string | undefined): (typeof clouds)[keyof typeof clouds] {
  const isGovernment = openIdMetadataUrl !== undefined && new URL(openIdMetadataUrl).hostname.endsWith('.azure.us');
  return isGovernment ? clouds.government : clouds.public;
}

/** The check itself failed (keys cannot be fetched): nothing is known of the caller, so nothing is done for them. */
export class CheckUnavailable extends Error {
  override readonly name = 'CheckUnavailable';
}

export class GuardedAuthentication extends ConfigurationBotFrameworkAuthentication {
  readonly #issuer: string;
  readonly #development: boolean;
  /** Whether a service URL is one of Teams'. */
  readonly isService: ServiceCheck;

  constructor(options: TeamsOptions) {
    const cloud = cloudOf(options.openIdMetadataUrl);
    const { appId = '', tenant } = options;
    super(
      {
        MicrosoftAppId: appId,
        MicrosoftAppTenantId: tenant,
        MicrosoftAppType: 'SingleTenant',
        // Any one of these turns the SDK's defaults off, so all of them are given.
        ToBotFromChannelOpenIdMetadataUrl: options.openIdMetadataUrl ?? cloud.metadata,
        ToBotFromChannelTokenIssuer: cloud.issuer,
        ToChannelFromBotOAuthScope: cloud.issuer,
        ToChannelFromBotLoginUrl: `${cloud.login}/${tenant}`,
      },
      new Credentials(appId, options.client),
    );
    this.#issuer = cloud.issuer;
    this.#development = options.client === undefined;
    this.isService = serviceCheck({ configured: options.serviceUrl, development: this.#development });
  }

  /** Throws AuthenticationError for whoever is not Teams, CheckUnavailable when that cannot be found out. */
  override async authenticateRequest(activity: Activity, authHeader: string): Promise<AuthenticateRequestResult> {
    if (typeof activity.serviceUrl === 'string' && activity.serviceUrl !== '' && !this.isService(activity.serviceUrl))
      throw refused('the service URL is none of Teams');
    if (this.#development) return await super.authenticateRequest(activity, authHeader);
    if (activity.channelId !== 'msteams' || typeof activity.serviceUrl !== 'string' || activity.serviceUrl === '') {
      throw refused('the activity names another channel or no service URL');
    }
    // Before any key is fetched: the SDK would ask other issuers about their tokens.
    if (claimsOf(authHeader)?.iss !== this.#issuer) throw refused('the token was issued by somebody else');
    const result = await this.#authenticate(activity, authHeader);
    const expires = result.claimsIdentity.getClaimValue('exp');
    const now = systemClock.now().getTime() / 1000;
    if (typeof expires !== 'number' || expires + toleranceSeconds < now)
      throw refused('the token has no end, or is over');
    return { ...result, connectorFactory: this.createConnectorFactory(result.claimsIdentity) };
  }

  async #authenticate(activity: Activity, authHeader: string): Promise<AuthenticateRequestResult> {
    try {
      return await super.authenticateRequest(activity, authHeader);
    } catch (cause) {
      if (cause instanceof AuthenticationError) throw cause;
      if (isTokenProblem(cause)) throw refused('the token is not right');
      throw new CheckUnavailable('the keys that sign tokens could not be read', { cause });
    }
  }

  override createConnectorFactory(claimsIdentity: ClaimsIdentity): ConnectorFactory {
    const factory = super.createConnectorFactory(claimsIdentity);
    return {
      create: async (serviceUrl: string, audience: string) => oneTry(await factory.create(serviceUrl, audience)),
    };
  }
}

/** The bot's tokens, kept and renewed by the token library itself. */
class Credentials extends ServiceClientCredentialsFactory {
  readonly #appId: string;
  readonly #client: ConfidentialClientApplication | undefined;

  constructor(appId: string, client: ConfidentialClientApplication | undefined) {
    super();
    this.#appId = appId;
    this.#client = client;
  }

  override async isValidAppId(appId: string): Promise<boolean> {
    return appId === this.#appId && appId !== '';
  }

  override async isAuthenticationDisabled(): Promise<boolean> {
    return this.#client === undefined;
  }

  override async createCredentials(_: string, audience: string): Promise<ServiceClientCredentials> {
    const client = this.#client;
    return {
      signRequest: async (request) => {
        if (client === undefined) return request;
        const token = await client.acquireTokenByClientCredential({ scopes: [`${audience}/.default`] });
        if (token === null) throw new Error('Entra ID gave no token for Teams');
        request.headers.set('authorization', `Bearer ${token.accessToken}`);
        return request;
      },
    };
  }
}

/** What the SDK's client hides: the pipeline that its requests go through. */
const Inner = z.object({ client: z.object({ pipeline: z.custom<Pipeline>((value) => typeof value === 'object') }) });
type Pipeline = {
  removePolicy(which: { phase: 'Retry' }): unknown;
  addPolicy(policy: {
    name: string;
    sendRequest<R>(request: { timeout: number }, next: (request: { timeout: number }) => Promise<R>): Promise<R>;
  }): void;
};

/** A retried post is a second post, so the client's own retries go; without a limit a call could hang for ever. */
function oneTry(client: ConnectorClient): ConnectorClient {
  const { pipeline } = Inner.parse(client).client;
  pipeline.removePolicy({ phase: 'Retry' });
  pipeline.addPolicy({
    name: 'mislaidTimeout',
    sendRequest: (request, next) => {
      request.timeout = callTimeoutMs;
      return next(request);
    },
  });
  return client;
}

/** What the libraries throw for a token, as opposed to a network. */
function isTokenProblem(error: unknown): boolean {
  const names = ['JsonWebTokenError', 'TokenExpiredError', 'NotBeforeError', 'SyntaxError', 'TypeError'];
  return error instanceof Error && names.includes(error.name);
}

function refused(why: string): AuthenticationError {
  return new AuthenticationError(`Unauthorized: ${why}.`, unauthorized);
}

/** What the token says of itself; nothing of it is believed before its signature was checked. */
function claimsOf(authHeader: string): z.infer<typeof Claims> | undefined {
  const payload = /^Bearer [^.]+\.([^.]+)\./.exec(authHeader)?.[1];
  if (payload === undefined) return undefined;
  try {
    return Claims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** The bot's own account as the settings say; undefined in development. */
export function configuredClient(config: Config): ConfidentialClientApplication | undefined {
  const { TEAMS_APP_ID: appId, TEAMS_TENANT_ID: tenant = '' } = config;
  if (appId === undefined) return undefined;
  return openClient({
    appId,
    tenant,
    password: config.TEAMS_APP_PASSWORD,
    certificateFile: config.TEAMS_CERTIFICATE_FILE,
    tokenUrl: config.TEAMS_TOKEN_URL,
    login: cloudOf(config.TEAMS_OPENID_METADATA_URL).login,
  });
}

/** The bot's own account in Entra ID: with a secret, or with a certificate and its key in one PEM file. */
export function openClient(input: {
  appId: string;
  tenant: string;
  password?: string | undefined;
  certificateFile?: string | undefined;
  tokenUrl?: string | undefined;
  login: string;
}): ConfidentialClientApplication {
  const { appId, tenant, password, certificateFile, tokenUrl, login } = input;
  const authority = `${login}/${tenant}`;
  const secret =
    certificateFile === undefined
      ? { clientSecret: password ?? '' }
      : { clientCertificate: readCertificate(certificateFile, systemClock.now()).forEntra };
  const metadata =
    tokenUrl === undefined ? {} : { authorityMetadata: JSON.stringify(authorityOf(authority, tokenUrl)) };
  const configuration: Configuration = { auth: { clientId: appId, authority, ...secret, ...metadata } };
  return new ConfidentialClientApplication(configuration);
}

/** With its metadata given, the library asks no other address for a token than the one configured. */
function authorityOf(authority: string, tokenUrl: string): Record<string, unknown> {
  return {
    token_endpoint: tokenUrl,
    issuer: `${authority}/v2.0`,
    authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
    end_session_endpoint: `${authority}/oauth2/v2.0/logout`,
    jwks_uri: `${authority}/discovery/v2.0/keys`,
  };
}
