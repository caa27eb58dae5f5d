/** Alarms as a mail server and a webhook get them, over TLS. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { lost, security } from '../flow/scene.ts';
import { examplePolicy, type TestBot, testBot } from '../setup/bot.ts';

const { SMTPServer } = createRequire(import.meta.url)('smtp-server');
const Address = z.object({ port: z.number() });

let root: string;
let bot: TestBot;
let mails: { to: string; text: string }[] = [];
let posts: string[] = [];
let away = true;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mislaid-alarm-'));
  const caFile = join(root, 'cert.pem');
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', join(root, 'key.pem'), '-out', caFile],
  ]);
  const [key, cert] = await Promise.all([readFile(join(root, 'key.pem')), readFile(caFile)]);
  const smtp = new SMTPServer({
    key,
    cert,
    authOptional: true,
    logger: false,
    async onData(
      stream: Readable,
      session: { secure: boolean; envelope: { rcptTo: { address: string }[] } },
      done: (error?: Error) => void,
    ) {
      let text = '';
      for await (const chunk of stream) text += String(chunk);
      if (away || !session.secure) return done(new Error('not now'));
      mails.push({ to: session.envelope.rcptTo.map(({ address }) => address).join(), text });
      return done();
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, 'localhost', resolve));
  closing.push(() => new Promise((resolve) => smtp.close(resolve)));
  const hook: Server = createServer({ key, cert }, async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    posts.push(body);
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => hook.listen(0, 'localhost', resolve));
  closing.push(() => new Promise((resolve) => hook.close(resolve)));
  const { port } = Address.parse(smtp.server.address());
  const email = {
    from: 'mislaid@contoso.example',
    to: ['soc@contoso.example', 'Sasha@contoso.example', 'otto@contoso.example'],
    host: 'localhost',
    port,
    caFile,
  };
  const webhooks = [`https://localhost:${Address.parse(hook.address()).port}/alarm`];
  bot = await testBot({ policy: { ...examplePolicy(), alarms: { email, webhooks, caFile } } });
});
afterAll(async () => {
  await bot.close();
  for (const close of closing) await close();
  await rm(root, { recursive: true, force: true });
});

it('are sent again until they are taken, name nobody, and never go to whom they are about', async () => {
  await bot.type('sasha', security, 'lock wipes because something is odd');
  expect(mails).toEqual([]);
  away = false;
  await bot.until(() => mails.length >= 2, 20);
  expect(mails.map(({ to }) => to).sort()).toEqual(['otto@contoso.example', 'soc@contoso.example']);
  expect(mails[0]?.text).toContain('somebody locks all wipes');
  expect(JSON.stringify([mails, posts])).not.toMatch(/Petrov|something is odd/);
  expect(posts).toHaveLength(1);

  mails = [];
  posts = [];
  await lost(bot, 'otto', 'hana');
  await bot.until(() => mails.length >= 2, 20);
  // The lost phone may read his mail.
  expect(new Set(mails.map(({ to }) => to.toLowerCase()))).toEqual(
    new Set(['soc@contoso.example', 'sasha@contoso.example']),
  );
  expect(posts[0]).toContain('INC-101');
});
