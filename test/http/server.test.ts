import { expect, it } from 'vitest';
import { createChatApp, listen } from '../../src/http/server.ts';

it('keeps idle connections for longer than proxies do', async () => {
  const app = createChatApp();
  app.get('/', (_request, response) => {
    response.send('answer');
  });
  const server = await listen(app, '127.0.0.1', 0);
  try {
    const response = await fetch(`http://127.0.0.1:${server.port}/`);
    await response.text();

    const [, seconds] = /timeout=(\d+)/.exec(response.headers.get('keep-alive') ?? '') ?? [];
    expect(Number(seconds)).toBeGreaterThan(60);
  } finally {
    await server.stop();
  }
});
