import { createHmac } from 'node:crypto';
import { chainEndMac, closedLeafMac } from '../../../../src/domain/ledger/closed-leaf.rules';
import { isSameMac } from '../../../../src/kernel/crypto/short-mac';

const KEY = Buffer.alloc(32, 7);
const OTHER_KEY = Buffer.alloc(32, 8);
const CLOSING = '7f3f1f0a-3d53-4d4e-8a54-0a41a3f0d0a1';

it('covers the leaf and what became of it', () => {
  const expected = createHmac('sha256', KEY).update('assent/closed-leaf/v1|258|erased').digest().subarray(0, 16);
  expect(closedLeafMac(KEY, 258, 'erased')).toEqual(expected);
  for (const other of [
    closedLeafMac(KEY, 258, 'closed'),
    closedLeafMac(KEY, 257, 'erased'),
    closedLeafMac(OTHER_KEY, 258, 'erased'),
  ])
    expect(isSameMac(other, expected)).toBe(false);
});

it('covers the leaf in which a chain ended and the closing that ended it', () => {
  const expected = createHmac('sha256', KEY).update(`assent/chain-end/v1|258|${CLOSING}`).digest().subarray(0, 16);
  expect(chainEndMac(KEY, 258, CLOSING)).toEqual(expected);
  for (const other of [chainEndMac(KEY, 257, CLOSING), chainEndMac(OTHER_KEY, 258, CLOSING)])
    expect(isSameMac(other, expected)).toBe(false);
});
