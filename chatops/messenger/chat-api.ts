import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Chat } from './chat';
import type { Conversations } from './conversations';
import { type Faults, fault } from './faults';
import type { ChatFeed } from './feed';
import type { DeliveryFigures } from './figures';
import { streamEvents } from './stream';

export interface ChatApiDeps {
  readonly chat: Chat;
  readonly conversations: Conversations;
  readonly feed: ChatFeed;
  readonly faults: Faults;
  readonly figures: DeliveryFigures;
  readonly stopping: AbortSignal;
}

/** Page-scoped ids are digits at Facebook; here a name a person can read. */
const studentId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'use 1 to 64 letters, digits, _ . or -');

const said = z
  .object({
    text: z.string().max(2000).optional(),
    payload: z.string().min(1).max(1000).optional(),
    /** The press of a button that stays, rather than of a quick reply. */
    postback: z.boolean().default(false),
  })
  .refine(({ text, payload }) => (text ?? '').trim() !== '' || payload !== undefined, 'give a text or a payload');

const range = z.object({
  after: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});

type OfStudent = FastifyRequest<{ Params: { env: string; id: string } }>;
type OfEnvironment = FastifyRequest<{ Params: { env: string } }>;

/** JSON addresses of the page, for people's browsers, the command line, scenarios and benchmarks. */
export function chatApi(
  app: FastifyInstance,
  { chat, conversations, feed, faults, figures, stopping }: ChatApiDeps,
): void {
  const students = '/:env/students';

  app.get(students, async ({ params }: OfEnvironment) => ({ students: await conversations.students(params.env) }));
  app.put(`${students}/:id`, async ({ params }: OfStudent, response) => {
    const id = studentId.safeParse(params.id);
    if (!id.success) return refuse(response, id.error);
    await conversations.addStudent(params.env, id.data);
    return { id: id.data };
  });
  app.put(`${students}/:id/blocked`, async ({ params, body }: OfStudent, response) => {
    const wanted = z.object({ blocked: z.boolean() }).safeParse(body);
    if (!wanted.success) return refuse(response, wanted.error);
    await conversations.block(params.env, params.id, wanted.data.blocked);
    return wanted.data;
  });

  app.post(`${students}/:id/messages`, async ({ params, body }: OfStudent, response) => {
    const [id, wanted] = [studentId.safeParse(params.id), said.safeParse(body)];
    if (!id.success) return refuse(response, id.error);
    if (!wanted.success) return refuse(response, wanted.error);
    const { text, payload, postback } = wanted.data;
    return response.code(201).send(await chat.say(params.env, id.data, { text: text ?? '', payload, postback }));
  });
  app.get(`${students}/:id/messages`, async ({ params, query }: OfStudent, response) => {
    const wanted = range.safeParse(query);
    if (!wanted.success) return refuse(response, wanted.error);
    const { after, limit } = wanted.data;
    return {
      messages: await conversations.messages(params.env, params.id, { limit, ...(after !== undefined && { after }) }),
    };
  });

  app.get(`${students}/:id/events`, (request: OfStudent, response) => {
    const { env, id } = request.params;
    const after = range.safeParse(request.query).data?.after ?? Number(request.headers['last-event-id'] ?? Number.NaN);
    const backlog = () =>
      Number.isFinite(after) ? conversations.messages(env, id, { after, limit: 1000 }) : Promise.resolve([]);
    return streamEvents(response, stopping, (listener) => feed.subscribe(env, id, listener), backlog);
  });
  app.get('/:env/events', (request: OfEnvironment, response) =>
    streamEvents(
      response,
      stopping,
      (listener) => feed.subscribe(request.params.env, undefined, listener),
      () => Promise.resolve([]),
    ),
  );

  app.get('/:env/figures', async ({ params }: OfEnvironment) => figures.of(params.env));
  app.put('/:env/faults', async ({ params, body }: OfEnvironment, response) => {
    const wanted = z.array(fault).max(20).safeParse(body);
    if (!wanted.success) return refuse(response, wanted.error);
    faults.plan(params.env, wanted.data);
    return { faults: wanted.data };
  });
}

function refuse(response: FastifyReply, error: z.ZodError): FastifyReply {
  return response.code(400).send({ error: z.prettifyError(error) });
}
