import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { parse as parseLossless, stringify as stringifyLossless } from 'lossless-json';
import { z } from 'zod';
import { faultsSchema, type Faults } from './faults';
import { ACT_KINDS, type Act, type PersonActs } from './person-acts';
import { readText } from './request-body';
import type { GraphPage, Person, SandboxState, StateQuery } from './sandbox.types';
import { receiptLines } from './state-view';
import type { WebhookOutbox } from './webhook-outbox';
import { isObject, parseObject } from './wire-json';
import type { World } from './world';

const actSchema = z.strictObject({
  page_id: z.string().optional(),
  person: z.string().min(1).max(80).optional(),
  psid: z.string().optional(),
  kind: z.enum(ACT_KINDS),
  text: z.string().optional(),
  title: z.string().optional(),
  payload: z.string().optional(),
  ref: z.string().optional(),
  url: z.string().optional(),
  mid: z.string().optional(),
  emoji: z.string().optional(),
  status: z.string().optional(),
  user_ref: z.string().optional(),
  /** Wall time in ms; back-dates the event and the window. */
  at: z.number().optional(),
  copies: z.number().int().min(1).max(100).optional(),
  /** How many people act; they are named `<prefix>-<n>`. */
  people: z.number().int().min(1).max(2_000_000).optional(),
  prefix: z.string().max(60).optional(),
  rate: z.number().positive().optional(),
  profile: z
    .strictObject({
      first_name: z.string().optional(),
      last_name: z.string().optional(),
      locale: z.string().optional(),
      timezone: z.number().optional(),
    })
    .optional(),
});
type ActBody = z.infer<typeof actSchema>;

const BULK_TICK_MS = 20;
const BULK_UNPACED_PER_TICK = 2_000;

export interface ControlContext {
  readonly world: World;
  readonly faults: Faults;
  readonly acts: PersonActs;
  readonly outbox: WebhookOutbox;
  readonly state: (query?: StateQuery) => SandboxState;
  /** Timers of running bulk acts, stopped on close. */
  readonly timers: Set<NodeJS.Timeout>;
}

/** `/state`, `/events`, `/faults`: how tests and benchmarks steer and watch the sandbox. */
export function createControlRoutes(context: ControlContext): Router {
  const router = express.Router();
  router.get('/state', (req, res) => {
    res.json(context.state(readQuery(req)));
  });
  router.get('/state/receipts', (req, res) => {
    res.type('application/x-ndjson').send(receiptLines(context.world, readQuery(req)));
  });
  router.post('/events', withText, (_req, res) => answerEvents(context, res));
  router.get('/faults', (_req, res) => {
    res.json(context.faults.list());
  });
  router.post('/faults', withText, (_req, res) => answerFaults(context.faults, res));
  router.delete('/faults', (_req, res) => {
    context.faults.clear();
    res.json(context.faults.list());
  });
  return router;
}

function readQuery(req: Request): StateQuery {
  const { page_id: pageId, summary, limit, after } = req.query;
  return {
    ...(typeof pageId === 'string' ? { pageId } : {}),
    summary: summary === '1' || summary === 'true',
    ...(typeof limit === 'string' ? { limit: Number(limit) } : {}),
    ...(typeof after === 'string' ? { after: Number(after) } : {}),
  };
}

/** Puts the body text where the handlers find it. */
export function withText(req: Request, res: Response, next: NextFunction): void {
  readText(req, (text) => {
    if (text === undefined) return void res.status(413).json({ error: 'The body is too long.' });
    res.locals['text'] = text;
    next();
  });
}

const refuse = (res: Response, error: string): void => void res.status(400).json({ error });

/** JSON is taken under every media type, as `curl -d` names it a form; what is a form in truth is told so. */
function refuseBody(res: Response): void {
  if (res.req.is('application/x-www-form-urlencoded') === false) refuse(res, 'The body must be a JSON object.');
  else res.status(415).json({ error: 'Send the body as application/json: a JSON object.' });
}

function answerFaults(faults: Faults, res: Response): void {
  const input = faultsSchema.safeParse(parseObject(res.locals['text'] as string));
  if (!input.success) {
    refuse(res, z.prettifyError(input.error));
    return;
  }
  faults.apply(input.data);
  res.json(faults.list());
}

function answerEvents(context: ControlContext, res: Response): void {
  const text = res.locals['text'] as string;
  const body = parseObject(text);
  if (body === undefined) {
    refuseBody(res);
    return;
  }
  if (typeof body['body'] === 'string') {
    context.outbox.pushBody(body['body']);
    return void res.status(202).json({ queued: 1 });
  }
  const page = findPage(context.world, body['page_id']);
  if (page === undefined) {
    refuse(res, 'No such Page.');
    return;
  }
  if (body['raw'] !== undefined) {
    answerRaw(context, page, text, res);
    return;
  }
  const act = actSchema.safeParse(body);
  if (!act.success) {
    refuse(res, z.prettifyError(act.error));
    return;
  }
  if (act.data.people !== undefined) {
    answerBulk(context, page, act.data, res);
    return;
  }
  answerAct(context, page, act.data, res);
}

function findPage(world: World, id: unknown): GraphPage | undefined {
  if (id === undefined) return world.pages[0];
  return typeof id === 'string' ? world.page(id) : undefined;
}

/** Parsed without rounding: a raw item may hold 17-digit ids as numbers. */
function answerRaw(context: ControlContext, page: GraphPage, text: string, res: Response): void {
  const lossless = parseLossless(text);
  const item = isObject(lossless) ? stringifyLossless(lossless['raw']) : undefined;
  if (item === undefined) {
    refuse(res, 'raw must be JSON.');
    return;
  }
  context.outbox.push(page.id, 'raw', item, context.world.nowMs());
  res.status(202).json({ queued: 1 });
}

function answerAct(context: ControlContext, page: GraphPage, body: ActBody, res: Response): void {
  if (body.kind === 'optin' && body.user_ref !== undefined) {
    const value = { ref: body.ref ?? '', user_ref: body.user_ref };
    const item = JSON.stringify({ recipient: { id: page.id }, timestamp: context.world.nowMs(), optin: value });
    if (page.subscribedFields.has('messaging_optins')) {
      context.outbox.push(page.id, 'messaging_optins', item, context.world.nowMs());
    }
    return void res.json({ user_ref: body.user_ref });
  }
  const person = findPerson(context.world, page, body);
  if (person === undefined) {
    refuse(res, 'Name a person, or the psid of a known one.');
    return;
  }
  if (body.profile !== undefined) setProfile(person, body.profile);
  res.json(context.acts.act(person, toAct(body)));
}

function findPerson(world: World, page: GraphPage, body: ActBody): Person | undefined {
  if (body.psid !== undefined) return page.people.get(body.psid);
  return body.person === undefined ? undefined : world.personByName(page, body.person);
}

function setProfile(person: Person, given: NonNullable<ActBody['profile']>): void {
  person.profile = {
    first_name: given.first_name ?? person.name,
    last_name: given.last_name ?? 'Sandbox',
    locale: given.locale ?? 'en_US',
    timezone: given.timezone ?? 0,
  };
}

const toAct = ({ at, ...rest }: ActBody): Act => ({ ...rest, atMs: at });

function answerBulk(context: ControlContext, page: GraphPage, body: ActBody, res: Response): void {
  const total = body.people ?? 0;
  const prefix = body.prefix ?? 'lead';
  const act = toAct(body);
  const perTick = body.rate === undefined ? BULK_UNPACED_PER_TICK : (body.rate * BULK_TICK_MS) / 1_000;
  let done = 0;
  let allowance = 0;
  const tick = (): void => {
    allowance += perTick;
    while (done < total && allowance >= 1) {
      context.acts.act(context.world.personByName(page, `${prefix}-${done}`), act);
      done += 1;
      allowance -= 1;
    }
    if (done >= total) {
      clearInterval(timer);
      context.timers.delete(timer);
    }
  };
  const timer = setInterval(tick, body.rate === undefined ? 1 : BULK_TICK_MS);
  context.timers.add(timer);
  tick();
  res.status(202).json({ people: total, started: done });
}
