import { readTap } from '../../../../src/domain/inbox/payload.rules';

const ID = '11111111-1111-4111-8111-111111111111';

test.each([
  ['assent:v1:start', { kind: 'get_started' }],
  ['assent:v1:subscribe', { kind: 'subscribe' }],
  ['assent:v1:consent:yes', { kind: 'subscribe' }],
  ['assent:v1:consent:no', { kind: 'decline' }],
  ['assent:v1:notice', { kind: 'notice' }],
  ['assent:v1:unsubscribe', { kind: 'unsubscribe', deliveryUuid: null }],
  [`assent:v1:unsubscribe:${ID}`, { kind: 'unsubscribe', deliveryUuid: ID }],
  ['assent:v1:unsubscribe:', { kind: 'unsubscribe', deliveryUuid: null }],
  ['assent:v1:unsubscribe:x\ny', { kind: 'unsubscribe', deliveryUuid: null }],
  ['assent:v1:unsubscribed', null],
  ['xassent:v1:unsubscribe', null],
  ['assent:v2:start', null],
  ['ASSENT:V1:START', null],
  ['', null],
  [null, null],
])('%j', (payload, expected) => {
  expect(readTap(payload)).toEqual(expected);
});
