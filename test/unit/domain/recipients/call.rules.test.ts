import { createHmac } from 'node:crypto';
import {
  accountErased,
  CALL_LIFE_MS,
  callId,
  personErased,
  postOf,
  waitAfter,
} from '../../../../src/domain/recipients/call.rules';

const AT = new Date('2026-11-27T10:00:00.500Z');
const KEY = Buffer.alloc(32, 1);

it('waits twice as long each time, and an hour at the longest, within 72 hours', () => {
  expect([1, 2, 3, 4].map(waitAfter)).toEqual([5_000, 10_000, 20_000, 40_000]);
  expect([11, 12, 5_000].map(waitAfter)).toEqual([3_600_000, 3_600_000, 3_600_000]);
  expect(CALL_LIFE_MS).toBe(259_200_000);
});

it('tells of a person what finds them, and of an account which Pages', () => {
  expect(JSON.parse(personErased('an-id', { metaPageId: '12', psid: '34', erasedAt: AT }))).toEqual({
    id: 'an-id',
    type: 'person.erased',
    page_id: '12',
    page_scoped_id: '34',
    erased_at: AT.toISOString(),
  });
  expect(JSON.parse(accountErased('an-id', ['12', '13'], AT))).toEqual({
    id: 'an-id',
    type: 'account.erased',
    page_ids: ['12', '13'],
    erased_at: AT.toISOString(),
  });
});

it('signs the moment and the body, and puts nothing of them into the address', () => {
  const to = { id: 'an-id', endpoint: 'https://example.com/hook', secret: 'a secret', body: '{"page_scoped_id":"34"}' };
  const { endpoint, headers, body } = postOf(to, AT);
  const seconds = String(Math.floor(AT.getTime() / 1_000));
  const mac = createHmac('sha256', 'a secret').update(`${seconds}.${body}`).digest('hex');
  expect([endpoint, body]).toEqual([to.endpoint, to.body]);
  expect(headers).toEqual({
    'content-type': 'application/json',
    'idempotency-key': 'an-id',
    'assent-signature': `t=${seconds},v1=${mac}`,
  });
});

it('names a call the same each time, by erasure and recipient, and differently under another key', () => {
  const id = callId(KEY, 'erasure', 'recipient');
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(callId(KEY, 'erasure', 'recipient')).toBe(id);
  const others = [
    callId(KEY, 'erasure', 'another'),
    callId(KEY, 'another', 'recipient'),
    callId(Buffer.alloc(32, 2), 'erasure', 'recipient'),
  ];
  expect(new Set([id, ...others]).size).toBe(4);
});
