/**
 * Two HTTP servers: chat webhooks on HOST:PORT (opened only when a platform needs it), health and metrics on loopback.
 * Chat routes are mounted by the adapters before any body parser: Slack's signature is over the raw bytes.
 */
import { createServer, type Server } from 'node:http';
import express, { type Express } from 'express';
import type { Registry } from 'prom-client';

type Listening = { readonly port: number; stop(): Promise<void> };

/** A part of readiness: `required` fails /readyz, the others are only shown. */
type Check = {
  readonly name: string;
  readonly required: boolean;
  check(): Promise<{ ok: boolean; found: string }>;
};

/** The app that adapters mount their routes on; it has no body parser and tells nothing about itself. */
export function createChatApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  return app;
}

export function createAdminApp(input: { checks: readonly Check[]; registry: Registry }): Express {
  const app = createChatApp();
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/readyz', async (_request, response) => {
    const rows = await Promise.all(
      input.checks.map(async ({ name, required, check }) => {
        const result = await check().catch(() => ({ ok: false, found: 'does not answer' }));
        return { name, required, ...result };
      }),
    );
    const ready = rows.every((row) => row.ok || !row.required);
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready', checks: rows });
  });
  app.get('/metrics', async (_request, response) => {
    response.type(input.registry.contentType).send(await input.registry.metrics());
  });
  return app;
}

/**
 * Longer than proxies keep idle connections to us (nginx 60 s): with Node's 5 s a connection ends just as a request comes over it,
 * and a slash command is not sent again.
 */
const keepAliveMs = 65_000;

/** Listens; rejects with the system's error (`EADDRINUSE`) when it cannot. */
export async function listen(app: Express, host: string, port: number): Promise<Listening> {
  const server = createServer(app);
  server.keepAliveTimeout = keepAliveMs;
  server.headersTimeout = keepAliveMs + 5_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : port, stop: () => stop(server) };
}

/** Ends idle keep-alive connections at once and running requests after their answer. */
function stop(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeIdleConnections();
    // A client that keeps a connection open must not keep the bot alive.
    setTimeout(() => server.closeAllConnections(), 2_000).unref();
  });
}
