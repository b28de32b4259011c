/** What a tap on one of our own buttons means. */
export type Tap =
  | {
      readonly kind:
        | 'get_started'
        | 'subscribe'
        | 'decline'
        | 'notice'
        | 'access'
        | 'erase'
        | 'erase_yes'
        | 'erase_and_mark'
        | 'erase_no';
    }
  | { readonly kind: 'unsubscribe'; readonly deliveryUuid: string | null };

const FIXED: ReadonlyMap<string, Tap> = new Map<string, Tap>([
  ['assent:v1:start', { kind: 'get_started' }],
  ['assent:v1:subscribe', { kind: 'subscribe' }],
  ['assent:v1:consent:yes', { kind: 'subscribe' }],
  ['assent:v1:consent:no', { kind: 'decline' }],
  ['assent:v1:notice', { kind: 'notice' }],
  ['assent:v1:data', { kind: 'access' }],
  ['assent:v1:erase', { kind: 'erase' }],
  ['assent:v1:erase:yes', { kind: 'erase_yes' }],
  ['assent:v1:erase:mark', { kind: 'erase_and_mark' }],
  ['assent:v1:erase:no', { kind: 'erase_no' }],
]);
const UNSUBSCRIBE = /^assent:v1:unsubscribe(?::(.*))?$/s;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Reads a payload, which is untrusted text. A broken delivery id must not keep anybody from unsubscribing. */
export function readTap(payload: string | null): Tap | null {
  if (payload === null) return null;
  const unsubscribe = UNSUBSCRIBE.exec(payload);
  if (unsubscribe === null) return FIXED.get(payload) ?? null;
  const id = unsubscribe[1];
  return { kind: 'unsubscribe', deliveryUuid: id !== undefined && UUID.test(id) ? id : null };
}
