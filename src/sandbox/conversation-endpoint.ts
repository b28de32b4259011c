import { createHash } from 'node:crypto';
import { messageOf } from './emitter';
import type { EndpointContext, GraphAnswer, GraphCall } from './endpoint.types';
import { invalid, objectMissing, throttled } from './graph-errors';
import type { Json, Person, ThreadEntry } from './sandbox.types';
import { refusal } from './send-endpoint';
import { isObject, textOf } from './wire-json';
import { profileOf } from './world';

const MESSAGE_FIELDS = new Set(['id', 'created_time', 'from', 'to', 'message', 'attachments']);
const NEWEST = 25;
const MAX_MESSAGES = 100;

/** `GET /{PAGE_ID}/conversations?user_id=…&fields=messages{…}`: the thread with one person, newest message first. */
export function answerConversations({ world, faults }: EndpointContext, call: GraphCall): GraphAnswer {
  const reads = call.page.conversationReads.add(world.clock.monotonicMs());
  const max = faults.limits.conversationCallsPerSecond;
  if (max > 0 && reads > max) return refusal(throttled(613, call.page.id, 100));
  const person = call.page.people.get(textOf(call.params['user_id']) ?? '');
  if (person?.started !== true) return json({ data: [] });
  const wanted = readFields(textOf(call.params['fields']) ?? 'id');
  if (wanted === undefined) return refusal(invalid('Tried accessing nonexisting field on conversations'));
  const conversation: Json = { id: threadId(person) };
  if (wanted.messages !== undefined) {
    const { fields, limit } = wanted.messages;
    const newest = person.thread.slice(-limit).reverse();
    conversation['messages'] = {
      data: newest.map((entry) => messageView(entry, fields)),
      paging: { cursors: { before: 'start', after: 'end' } },
    };
  }
  return json({ data: [conversation], paging: { cursors: { before: 'start', after: 'end' } } });
}

/** `GET /{MESSAGE_ID}`. */
export function answerMessage(entry: ThreadEntry, call: GraphCall): GraphAnswer {
  const fields = (textOf(call.params['fields']) ?? 'id,created_time').split(',');
  if (call.method !== 'GET') return refusal(objectMissing(call.method));
  if (fields.some((field) => !MESSAGE_FIELDS.has(field))) return refusal(invalid('Tried accessing nonexisting field'));
  return json(messageView(entry, fields));
}

const json = (value: unknown): GraphAnswer => ({ status: 200, body: JSON.stringify(value) });

interface Wanted {
  readonly messages?: { readonly fields: readonly string[]; readonly limit: number };
}

/** Understands `id,updated_time,messages.limit(5){id,message}`; undefined for a field that does not exist. */
function readFields(text: string): Wanted | undefined {
  const nested = /messages(?:\.limit\((\d+)\))?(?:\{([^{}]*)\})?/.exec(text);
  const plain = text.replace(nested?.[0] ?? '', '').split(',');
  if (plain.some((field) => !['', 'id', 'updated_time', 'participants'].includes(field.trim()))) return undefined;
  if (nested === null) return {};
  const fields = (nested[2] ?? 'id,created_time').split(',').map((field) => field.trim());
  if (fields.some((field) => !MESSAGE_FIELDS.has(field))) return undefined;
  return { messages: { fields, limit: Math.min(MAX_MESSAGES, Number(nested[1] ?? NEWEST)) } };
}

/** An opaque id: stable for the thread, without the page-scoped id in it. */
function threadId(person: Person): string {
  return `t_${createHash('sha256').update(person.psid).digest('hex').slice(0, 24)}`;
}

function messageView(entry: ThreadEntry, fields: readonly string[]): Json {
  const { person } = entry;
  const page = { name: person.page.name, id: person.page.id };
  const profile = profileOf(person);
  const lead = { name: `${profile.first_name} ${profile.last_name}`, id: person.psid };
  const message = messageOf(entry);
  const attachment = message?.['attachment'];
  const all: Json = {
    id: entry.mid,
    created_time: new Date(entry.atMs).toISOString().replace(/\.\d{3}Z$/, '+0000'),
    from: entry.fromPage ? page : lead,
    to: { data: [entry.fromPage ? lead : page] },
    message: visibleText(message),
  };
  if (attachment !== undefined) all['attachments'] = { data: [attachment] };
  const view: Json = { id: entry.mid };
  for (const field of fields) {
    if (all[field] !== undefined) view[field] = all[field];
  }
  return view;
}

function visibleText(message: Json | undefined): string {
  const attachment = message?.['attachment'];
  const payload = isObject(attachment) && isObject(attachment['payload']) ? attachment['payload'] : undefined;
  return textOf(message?.['text']) ?? textOf(payload?.['text']) ?? '';
}
