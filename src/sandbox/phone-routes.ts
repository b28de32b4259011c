import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { withText } from './control-routes';
import { messageOf } from './emitter';
import type { Act, PersonActs } from './person-acts';
import { PHONE_SCRIPT, PHONE_STYLE } from './phone-assets';
import { menuItems, renderPhone, renderThread } from './phone-view';
import type { Json, Person } from './sandbox.types';
import { isObject, listOf, parseObject, textOf } from './wire-json';
import type { World } from './world';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const MAX_LISTED = 100;

const actSchema = z.strictObject({
  page: z.string(),
  person: z.string(),
  act: z.enum(['start', 'text', 'tap', 'quick_reply', 'menu', 'referral', 'read', 'reaction', 'block', 'unblock']),
  text: z.string().max(1_999).optional(),
  ref: z.string().max(2_000).optional(),
  mid: z.string().optional(),
  element: z.number().int().optional(),
  index: z.number().int().optional(),
});
type PhoneAct = z.infer<typeof actSchema>;

export interface PhoneContext {
  readonly world: World;
  readonly acts: PersonActs;
}

/** The page on which a developer plays the lead. Page-scoped ids and payloads stay on the server. */
export function createPhoneRoutes(context: PhoneContext): Router {
  const router = express.Router();
  router.use((_req, res, next) => {
    res.set({
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    next();
  });
  router.get('/', (req, res) => showPhone(context.world, req, res));
  router.get('/phone.js', (_req, res) => {
    res.type('text/javascript').send(PHONE_SCRIPT);
  });
  router.get('/phone.css', (_req, res) => {
    res.type('text/css').send(PHONE_STYLE);
  });
  router.get('/thread', (req, res) => {
    const person = findPerson(context.world, query(req, 'page'), query(req, 'person'));
    if (person === undefined) res.status(404).json({ error: 'No such person.' });
    else res.type('html').send(renderThread(person));
  });
  router.post('/choose', withText, (req, res) => choose(context.world, req, res));
  router.post('/act', withText, (_req, res) => answerAct(context, res));
  return router;
}

function query(req: Request, name: string): string | undefined {
  const value = req.query[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function findPerson(world: World, pageId: string | undefined, handle: string | undefined): Person | undefined {
  const page = pageId === undefined ? undefined : world.page(pageId);
  return page === undefined || handle === undefined ? undefined : world.personByHandle(page, handle);
}

function showPhone(world: World, req: Request, res: Response): void {
  const page = world.page(query(req, 'page') ?? '') ?? world.pages[0];
  if (page === undefined) return void res.status(404).send('No Page.');
  const handle = query(req, 'person');
  const person = handle === undefined ? undefined : world.personByHandle(page, handle);
  const people = [...page.byName.values()].slice(0, MAX_LISTED);
  res.type('html').send(
    renderPhone({
      base: req.baseUrl,
      pages: world.pages,
      page,
      people: people.map((known) => ({ name: known.name, handle: world.handleOf(known) })),
      person,
      handle,
      ref: query(req, 'ref'),
    }),
  );
}

/** Picks or makes up a person; their first act, not this, starts the conversation. */
function choose(world: World, req: Request, res: Response): void {
  const form = new URLSearchParams(res.locals['text'] as string);
  const page = world.page(form.get('page') ?? '');
  const name = (form.get('name') ?? '').trim().slice(0, 40);
  if (page === undefined || name === '') return void res.status(400).send('Choose a Page and a person.');
  const target = new URLSearchParams({ page: page.id, person: world.handleOf(world.personByName(page, name)) });
  const ref = form.get('ref');
  if (ref !== null && ref !== '') target.set('ref', ref);
  res.redirect(303, `${req.baseUrl}?${target.toString()}`);
}

function answerAct(context: PhoneContext, res: Response): void {
  const input = actSchema.safeParse(parseObject(res.locals['text'] as string));
  if (!input.success) return void res.status(400).json({ error: 'The phone sent something unreadable.' });
  const person = findPerson(context.world, input.data.page, input.data.person);
  if (person === undefined) return void res.status(404).json({ error: 'No such person.' });
  if (input.data.act === 'read' && !hasUnread(person)) return void res.json({ ok: true });
  const act = translate(person, input.data);
  if (act === undefined) return void res.status(409).json({ error: 'That button is no longer there.' });
  context.acts.act(person, act);
  res.json({ ok: true });
}

const hasUnread = (person: Person): boolean =>
  person.thread.some((entry) => entry.fromPage && entry.atMs > person.lastReadAtMs);

/** What the tap means is read from the stored message, never from the browser. */
function translate(person: Person, tap: PhoneAct): Act | undefined {
  return TAPS[tap.act](person, tap);
}

const TAPS: Readonly<Record<PhoneAct['act'], (person: Person, tap: PhoneAct) => Act | undefined>> = {
  start: (person, tap) => (person.started ? undefined : { kind: 'get_started', ref: tap.ref }),
  text: (_, tap) => ({ kind: 'message', text: tap.text ?? '' }),
  referral: (_, tap) => ({ kind: 'referral', ref: tap.ref }),
  tap: fromButton,
  quick_reply: fromQuickReply,
  menu: (person, tap) => fromPostback(menuItems(person.page)[tap.index ?? -1]),
  read: () => ({ kind: 'read' }),
  reaction: () => ({ kind: 'reaction' }),
  block: () => ({ kind: 'block' }),
  unblock: () => ({ kind: 'unblock' }),
};

function messageByMid(person: Person, mid: string | undefined): Json | undefined {
  const entry = person.thread.find((candidate) => candidate.fromPage && candidate.mid === mid);
  return entry === undefined ? undefined : messageOf(entry);
}

function fromButton(person: Person, tap: PhoneAct): Act | undefined {
  const attachment = messageByMid(person, tap.mid)?.['attachment'];
  const payload = isObject(attachment) ? attachment['payload'] : undefined;
  if (!isObject(payload)) return undefined;
  if (payload['template_type'] === 'notification_messages') {
    return { kind: 'marketing_optin', payload: textOf(payload['payload']), title: textOf(payload['title']) };
  }
  const holder = (tap.element ?? -1) < 0 ? payload : listOf(payload['elements'])[tap.element ?? -1];
  return fromPostback(isObject(holder) ? listOf(holder['buttons'])[tap.index ?? -1] : undefined);
}

function fromPostback(button: unknown): Act | undefined {
  if (!isObject(button)) return undefined;
  if (button['type'] === 'account_link') return { kind: 'account_linking' };
  if (button['type'] === 'account_unlink') return { kind: 'account_linking', status: 'unlinked' };
  if (button['type'] !== 'postback') return undefined;
  return { kind: 'postback', title: textOf(button['title']), payload: textOf(button['payload']) };
}

/** Quick replies vanish as soon as anything follows them. */
function fromQuickReply(person: Person, tap: PhoneAct): Act | undefined {
  if (person.thread[person.thread.length - 1]?.mid !== tap.mid) return undefined;
  const reply = listOf(messageByMid(person, tap.mid)?.['quick_replies'])[tap.index ?? -1];
  if (!isObject(reply)) return undefined;
  const title = textOf(reply['title']);
  if (reply['content_type'] === 'text') return { kind: 'quick_reply', text: title, payload: textOf(reply['payload']) };
  const value = reply['content_type'] === 'user_email' ? 'ann@example.com' : '+15550100';
  return { kind: 'quick_reply', text: value, payload: value };
}
