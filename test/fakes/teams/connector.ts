/** The Bot Connector over real HTTP: posts, replies, updates, members, conversations, and a little of Microsoft Graph. */
import express, { type Response, type Router } from 'express';
import type { Tokens } from './tokens.ts';
import { Posted, type World } from './world.ts';

const largest = 28_000;

export function connectorRoutes(world: World, tokens: Tokens, onChange: (messageId: string) => void): Router {
  const routes = express.Router();
  routes.use(express.json({ limit: '5mb' }));
  routes.use('/v3', (request, response, next) => {
    if (tokens.isOurs(request.headers.authorization, 'teams')) next();
    else fail(response, 401, 'Unauthorized');
  });

  routes.post('/v3/conversations', (request, response) => {
    world.calls.push('create');
    if (faulty(world, 'create', response)) return;
    const person = world.who(String(request.body.members?.[0]?.id));
    if (person === undefined) return fail(response, 404, 'NotFound');
    if (!person.installed) return fail(response, 403, 'ForbiddenOperationException');
    response.json({ id: world.personal(person).id });
  });

  routes.post(
    ['/v3/conversations/:conversation/activities', '/v3/conversations/:conversation/activities/:under'],
    (request, response) => {
      const conversation = String(request.params.conversation);
      world.calls.push(`post ${conversation}`);
      const refused = refusal(world, conversation, request.body);
      if (refused !== undefined) return fail(response, refused.status, refused.code, refused.retryAfter);
      const fault = world.takeFault('post');
      if (fault === undefined || fault.arrives === true) {
        const message = world.add(conversation, Posted.parse(request.body));
        if (fault === undefined) response.status(201).json({ id: message.id });
        onChange(message.id);
      }
      if (fault !== undefined) strike(fault, response);
    },
  );

  routes.put('/v3/conversations/:conversation/activities/:id', (request, response) => {
    world.calls.push(`update ${request.params.conversation}`);
    const refused = refusal(world, request.params.conversation, request.body);
    if (refused !== undefined) return fail(response, refused.status, refused.code, refused.retryAfter);
    if (faulty(world, 'update', response)) return;
    const message = world.messages.find(({ id }) => id === request.params.id);
    if (message === undefined || message.deleted) return fail(response, 404, 'ActivityNotFoundInConversation');
    message.activity = Posted.parse(request.body);
    message.versions.push(message.activity);
    response.json({ id: message.id });
    onChange(message.id);
  });

  routes.delete('/v3/conversations/:conversation/activities/:id', (request, response) => {
    world.calls.push(`delete ${request.params.conversation}`);
    const message = world.messages.find(({ id }) => id === request.params.id);
    if (message !== undefined) message.deleted = true;
    response.json({});
  });

  routes.get('/v3/conversations/:conversation/members/:member', (request, response) => {
    world.calls.push('member');
    if (faulty(world, 'member', response)) return;
    const person = world.who(request.params.member);
    const conversation = world.conversations.get(rootOf(request.params.conversation));
    if (conversation === undefined) return fail(response, 404, 'ConversationNotFound');
    if (conversation.gone) return fail(response, 403, 'BotNotInConversationRoster');
    if (person === undefined || !conversation.members.includes(person.objectId)) {
      return fail(response, 404, 'MemberNotFoundInConversation');
    }
    const { mri, name, objectId, email, userRole, tenantId } = person;
    response.json({
      id: mri,
      name,
      objectId,
      aadObjectId: objectId,
      email,
      userPrincipalName: email,
      userRole,
      tenantId,
    });
  });

  routes.get('/v3/conversations/:conversation/pagedmembers', (request, response) => {
    world.calls.push('members');
    if (faulty(world, 'members', response)) return;
    const members = world.conversations.get(rootOf(request.params.conversation))?.members ?? [];
    response.json({
      members: members.flatMap((id) => world.people.get(id) ?? []).map(({ mri, name }) => ({ id: mri, name })),
    });
  });

  routes.get('/v1.0/users/:id/transitiveMemberOf/microsoft.graph.group', (request, response) => {
    world.calls.push('graph');
    if (!tokens.isOurs(request.headers.authorization, 'graph'))
      return fail(response, 401, 'InvalidAuthenticationToken');
    if (faulty(world, 'graph', response)) return;
    response.json({ value: (world.people.get(request.params.id)?.groups ?? []).map((id) => ({ id })) });
  });
  return routes;
}

function refusal(
  world: World,
  id: string,
  body: unknown,
): { status: number; code: string; retryAfter?: number } | undefined {
  const conversation = world.conversations.get(rootOf(id));
  if (conversation === undefined) return { status: 404, code: 'ConversationNotFound' };
  if (conversation.gone) return { status: 403, code: 'BotNotInConversationRoster' };
  if (Buffer.byteLength(JSON.stringify(body)) > largest) return { status: 413, code: 'MessageSizeTooBig' };
  if (!world.hasRoom(rootOf(id), Date.now())) return { status: 429, code: 'TooManyRequests', retryAfter: 1 };
  return undefined;
}

function faulty(world: World, on: Parameters<World['takeFault']>[0], response: Response): boolean {
  const fault = world.takeFault(on);
  if (fault === undefined) return false;
  strike(fault, response);
  return true;
}

function strike(fault: NonNullable<ReturnType<World['takeFault']>>, response: Response): void {
  if (fault.cut === true) response.destroy();
  else fail(response, fault.status ?? 500, fault.code ?? 'Fault', fault.retryAfter);
}

function fail(response: Response, status: number, code: string, retryAfter?: number): void {
  if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
  response.status(status).json({ error: { code, message: `the fake says ${code}` } });
}

function rootOf(id: string): string {
  return id.replace(/;messageid=.*$/, '');
}
