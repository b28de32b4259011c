import type { Person, ThreadEntry } from './sandbox.types';
import type { WebhookOutbox } from './webhook-outbox';
import { isObject, parseObject } from './wire-json';

export interface Emitter {
  /** Sends `members` (the JSON members after the timestamp) as an event of the person, if the Page subscribed to `field`. */
  fromPerson(person: Person, field: string, members: string, atMs: number): void;
  /** The same without a sender. */
  fromNobody(person: Person, field: string, members: string, atMs: number): void;
  echo(entry: ThreadEntry, message: Record<string, unknown>, atMs: number): void;
  delivery(entry: ThreadEntry, atMs: number): void;
  read(person: Person, atMs: number): void;
}

export function createEmitter(outbox: WebhookOutbox, appId: string, nowMs: () => number): Emitter {
  const emit = (person: Person, field: string, json: string): void => {
    if (person.page.subscribedFields.has(field)) outbox.push(person.page.id, field, json, nowMs());
  };
  const ends = (person: Person): string => `"sender":{"id":"${person.psid}"},"recipient":{"id":"${person.page.id}"}`;
  return {
    fromPerson: (person, field, members, atMs) =>
      emit(person, field, `{${ends(person)},"timestamp":${atMs},${members}}`),
    fromNobody: (person, field, members, atMs) =>
      emit(person, field, `{"recipient":{"id":"${person.page.id}"},"timestamp":${atMs},${members}}`),
    echo: (entry, message, atMs) => {
      const { person } = entry;
      if (!person.page.subscribedFields.has('message_echoes')) return;
      const metadata = entry.metadata === undefined ? '' : `"metadata":${JSON.stringify(entry.metadata)},`;
      const json =
        `{"sender":{"id":"${person.page.id}"},"recipient":{"id":"${person.psid}"},"timestamp":${atMs},` +
        `"message":{"is_echo":true,"app_id":${appId},${metadata}"mid":"${entry.mid}"${echoContent(message)}}}`;
      outbox.push(person.page.id, 'message_echoes', json, nowMs());
    },
    delivery: (entry, atMs) =>
      emit(
        entry.person,
        'message_deliveries',
        `{${ends(entry.person)},"delivery":{"mids":["${entry.mid}"],"watermark":${atMs}}}`,
      ),
    read: (person, atMs) =>
      emit(person, 'message_reads', `{${ends(person)},"timestamp":${atMs},"read":{"watermark":${atMs}}}`),
  };
}

function echoContent(message: Record<string, unknown>): string {
  if (message['text'] !== undefined) return `,"text":${JSON.stringify(message['text'])}`;
  if (message['attachment'] !== undefined) return `,"attachments":[${JSON.stringify(message['attachment'])}]`;
  return '';
}

/** The message of a stored entry, or undefined once its content was dropped. */
export function messageOf(entry: ThreadEntry): Record<string, unknown> | undefined {
  const message = entry.body === '' ? undefined : parseObject(entry.body)?.['message'];
  return isObject(message) ? message : undefined;
}
