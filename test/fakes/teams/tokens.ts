/** The Bot Framework's token service and Entra ID in one: signs what Teams signs, and gives the bot its own tokens. */
import { createHash, X509Certificate } from 'node:crypto';
import express, { type Router } from 'express';
import {
  decodeProtectedHeader,
  exportJWK,
  type GenerateKeyPairResult,
  generateKeyPair,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';
import { z } from 'zod';
import { appId } from './world.ts';

export const issuer = 'https://api.botframework.com';

/** The bot's secret in Entra ID. */
export const appSecret = 'a-secret-of-the-fake';

export type Tokens = {
  readonly routes: Router;
  /** A token of Teams for this service URL; every part can be bent. */
  sign(options: Signing): Promise<string>;
  /** Whether this is a token that was given to the bot for Teams, or for Graph. */
  isOurs(authorization: string | undefined, audience: 'teams' | 'graph'): boolean;
  /** How often the bot asked for a token of its own. */
  readonly asked: string[];
  /** How the bot proved itself each time. */
  readonly proofs: ('secret' | 'certificate')[];
  /** Refuses the bot from now on, as after a secret ran out. */
  refuseBot(): void;
  /** Uploads a certificate (PEM) to the app registration. */
  trust(certificate: string): void;
};

export type Signing = {
  serviceUrl: string;
  appId: string;
  claims?: JWTPayload;
  /** Seconds from now. */
  expiresIn?: number;
  /** `stranger`: a key that no metadata names, under the known name. `other`: known, but not for Teams. */
  key?: 'teams' | 'stranger' | 'other';
  /** Leaves these claims out. */
  without?: readonly string[];
};

/** Making RSA keys takes most of a second: one set serves every fake of a test file. */
let made: Promise<Record<'teams' | 'stranger' | 'other', GenerateKeyPairResult>> | undefined;

function keyPairs(): NonNullable<typeof made> {
  const pair = () => generateKeyPair('RS256', { extractable: true });
  made ??= Promise.all([pair(), pair(), pair()]).then(([teams, stranger, other]) => ({ teams, stranger, other }));
  return made;
}

export async function createTokens(base: () => string): Promise<Tokens> {
  const pairs = await keyPairs();
  const given = new Map<string, 'teams' | 'graph'>();
  const asked: string[] = [];
  const proofs: ('secret' | 'certificate')[] = [];
  const trusted: X509Certificate[] = [];
  let refusing = false;

  /** undefined: what Entra ID does not believe. */
  async function proofIn(body: unknown): Promise<'secret' | 'certificate' | undefined> {
    const { client_id, client_secret, client_assertion } = TokenRequest.parse(body);
    if (client_id !== appId) return undefined;
    if (client_assertion === undefined) return client_secret === appSecret ? 'secret' : undefined;
    const { 'x5t#S256': thumbprint } = decodeProtectedHeader(client_assertion);
    const certificate = trusted.find(({ raw }) => createHash('sha256').update(raw).digest('base64url') === thumbprint);
    if (certificate === undefined) return undefined;
    const checked = await jwtVerify(client_assertion, certificate.publicKey, {
      algorithms: ['PS256'],
      issuer: appId,
      subject: appId,
      audience: `${base()}/token`,
      requiredClaims: ['exp', 'jti'],
      // Entra ID allows minutes; the library rounds the beginning up to half a second into the future.
      clockTolerance: 5,
    }).catch(() => undefined);
    return checked === undefined ? undefined : 'certificate';
  }

  const routes = express.Router();
  routes.get('/openid', (_, response) => {
    response.json({ issuer, jwks_uri: `${base()}/keys`, id_token_signing_alg_values_supported: ['RS256'] });
  });
  routes.get('/keys', async (_, response) => {
    const keys = await Promise.all(
      (['teams', 'other'] as const).map(async (kid) => ({
        ...(await exportJWK(pairs[kid].publicKey)),
        kid,
        endorsements: kid === 'teams' ? ['msteams'] : ['webchat'],
      })),
    );
    response.json({ keys });
  });
  routes.post('/token', express.urlencoded(), async (request, response) => {
    const scope = String(request.body.scope);
    asked.push(scope);
    const proof = await proofIn(request.body);
    if (proof !== undefined) proofs.push(proof);
    if (refusing || proof === undefined) {
      response.status(401).json({ error: 'invalid_client', error_description: 'AADSTS7000222: the secret is over' });
      return;
    }
    const audience = scope.startsWith(issuer) ? 'teams' : 'graph';
    const token = `${audience}-token-${given.size + 1}`;
    given.set(token, audience);
    response.json({ token_type: 'Bearer', expires_in: 3_600, access_token: token });
  });

  return {
    routes,
    asked,
    proofs,
    trust: (certificate) => {
      trusted.push(new X509Certificate(certificate));
    },
    refuseBot: () => {
      refusing = true;
    },
    isOurs: (authorization, audience) => given.get(authorization?.replace(/^Bearer /, '') ?? '') === audience,
    sign: async ({ serviceUrl, appId, claims = {}, expiresIn = 3_600, key = 'teams', without = [] }) => {
      const now = Math.floor(Date.now() / 1000);
      const all: JWTPayload = {
        iss: issuer,
        aud: appId,
        serviceurl: serviceUrl,
        nbf: now - 10,
        exp: now + expiresIn,
        ...claims,
      };
      for (const claim of without) delete all[claim];
      const kid = key === 'stranger' ? 'teams' : key;
      return await new SignJWT(all).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid }).sign(pairs[key].privateKey);
    },
  };
}

const TokenRequest = z.looseObject({
  client_id: z.string(),
  client_secret: z.string().optional(),
  client_assertion: z.string().optional(),
});
