import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { parseWebhook } from '../../../../src/domain/inbox/webhook.rules';
import type { InboundKind } from '../../../../src/domain/inbox/inbound.types';

interface Fixture {
  readonly name: string;
  readonly body?: unknown;
  readonly raw?: string;
  readonly expect: readonly { readonly kind: InboundKind }[];
}

const FOLDER = path.join(__dirname, '../../../fixtures/webhooks');
const FIXTURES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Fixture);

const bytesOf = (fixture: Fixture): Buffer => Buffer.from(fixture.raw ?? JSON.stringify(fixture.body));

const ALL_KINDS: Record<InboundKind, true> = {
  message: true,
  message_edit: true,
  message_deleted: true,
  reaction: true,
  echo: true,
  postback: true,
  referral: true,
  optin_plugin: true,
  marketing_optin: true,
  optout: true,
  delivery: true,
  read: true,
  policy_enforcement: true,
  business_integrity: true,
  handover: true,
  account_linking: true,
  marketing_receipt: true,
  ignored: true,
};

const oneItem = (item: string): Buffer =>
  Buffer.from(`{"object":"page","entry":[{"id":"10","time":1760000000500,"messaging":[${item}]}]}`);

describe('parseWebhook', () => {
  it.each(FIXTURES.map((fixture) => [fixture.name, fixture] as const))('reads %s', (_, fixture) => {
    expect(parseWebhook(bytesOf(fixture))).toEqual({ ok: true, events: fixture.expect });
  });

  it('has a fixture for every kind of event', () => {
    const seen = new Set(FIXTURES.flatMap((fixture) => fixture.expect.map((event) => event.kind)));
    expect([...seen].sort()).toEqual(Object.keys(ALL_KINDS).sort());
    expect(new Set(FIXTURES.map((fixture) => fixture.name)).size).toBe(FIXTURES.length);
  });

  it.each([
    ['a list', '[]', 'not_an_object'],
    ['a number', '12345678901234567890', 'not_an_object'],
    ['nothing', '', 'not_json'],
    ['two bodies', '{}{}', 'trailing_bytes'],
    ['a body that names its object twice', '{"object":"page","object":"user"}', 'duplicate_key'],
  ])('refuses %s', (_, body, reason) => {
    expect(parseWebhook(Buffer.from(body))).toEqual({ ok: false, reason });
  });

  it.each([
    ['no object', '{"entry":[{"id":"1","messaging":[{}]}]}'],
    ['no entry', '{"object":"page"}'],
    ['an entry that is no list', '{"object":"page","entry":{"messaging":[{}]}}'],
    ['lists that are no lists', '{"object":"page","entry":[{"id":"1","messaging":{"0":{}}}, 3, null]}'],
  ])('finds no events in a body with %s', (_, body) => {
    expect(parseWebhook(Buffer.from(body))).toEqual({ ok: true, events: [] });
  });

  it('never takes a label from the bytes of the sender', () => {
    const result = parseWebhook(oneItem('{"sender":{"id":"7"},"timestamp":1760000000123,"canary_5551":{"x":1}}'));
    expect(result).toMatchObject({ ok: true, events: [{ kind: 'ignored', reason: 'unknown_messaging', psid: '7' }] });
    expect(JSON.stringify(result)).not.toContain('canary');
  });

  it('takes nothing from a member named __proto__', () => {
    const result = parseWebhook(oneItem('{"__proto__":{"message":{"mid":"m","text":"x"},"sender":{"id":"7"}}}'));
    expect(result).toMatchObject({ ok: true, events: [{ kind: 'ignored', reason: 'unknown_messaging', psid: null }] });
  });

  it('drops what PostgreSQL cannot store, and refuses an id of odd characters', () => {
    const stored = parseWebhook(oneItem('{"sender":{"id":"7"},"message":{"mid":"m","text":"a\\u0000b\\ud800c"}}'));
    expect(stored).toMatchObject({ ok: true, events: [{ kind: 'message', text: 'abc' }] });
    const odd = parseWebhook(oneItem('{"sender":{"id":"7\\u0027;--"},"message":{"mid":"m","text":"x"}}'));
    expect(odd).toMatchObject({ ok: true, events: [{ kind: 'ignored', reason: 'no_sender' }] });
  });

  it('takes an absurd time for none', () => {
    for (const time of ['0', '-5', '1e30', '99999999999999999999', '"soon"', 'null', '1.5']) {
      const result = parseWebhook(oneItem(`{"sender":{"id":"7"},"timestamp":${time},"message":{"mid":"m"}}`));
      expect(result).toMatchObject({ ok: true, events: [{ kind: 'message', atMs: null }] });
    }
  });

  it('reads 10^11 as milliseconds and one less as seconds', () => {
    const at = (time: number) =>
      parseWebhook(oneItem(`{"sender":{"id":"7"},"timestamp":${time},"message":{"mid":"m"}}`));
    expect(at(100_000_000_000)).toMatchObject({ events: [{ atMs: 100_000_000_000 }] });
    expect(at(99_999_999_999)).toMatchObject({ events: [{ atMs: 99_999_999_999_000 }] });
  });

  it('yields one event for every element, whatever the elements are', () => {
    const known = fc.constantFrom('sender', 'message', 'postback', 'optin', 'delivery', 'read', 'reaction', 'referral');
    const item = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.dictionary(known, fc.jsonValue({ maxDepth: 2 })));
    const lists = fc.record({ messaging: fc.array(item), standby: fc.array(item), changes: fc.array(item) });
    fc.assert(
      fc.property(fc.array(lists, { maxLength: 3 }), (entries) => {
        const body = { object: 'page', entry: entries.map((lists_) => ({ id: '10', time: 1, ...lists_ })) };
        const result = parseWebhook(Buffer.from(JSON.stringify(body)));
        const total = entries.reduce(
          (sum, one) => sum + one.messaging.length + one.standby.length + one.changes.length,
          0,
        );
        expect(result.ok && result.events.map((event) => event.segmentIndex)).toEqual(
          Array.from({ length: total }, (_, index) => 2 * index + 1),
        );
      }),
      { numRuns: 500 },
    );
  });
});
