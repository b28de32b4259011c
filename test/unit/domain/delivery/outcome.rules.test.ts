import {
  MAX_FAILURES,
  randomShare,
  refusedInARow,
  retryDelayMs,
  stopsChunk,
  verdictOf,
} from '../../../../src/domain/delivery/outcome.rules';
import type { SendOutcome } from '../../../../src/domain/delivery/sender.types';

const rejected = (errorClass: string): SendOutcome =>
  ({ kind: 'rejected', errorClass, code: 100, subcode: 7 }) as SendOutcome;
const throttled = (scope: 'page' | 'app' | 'recipient', retryAfterMs: number | null = null): SendOutcome => ({
  kind: 'throttled',
  scope,
  code: 613,
  subcode: null,
  retryAfterMs,
});
const later: SendOutcome = { kind: 'retry-later', code: 2, subcode: null };

it.each<[string, SendOutcome, number, object]>([
  ['accepted', { kind: 'accepted', messageId: 'm', recipientId: null }, 0, { status: 'accepted', code: null }],
  ['uncertain', { kind: 'uncertain', cause: 'lost' }, 0, { status: 'uncertain', dueInMs: null }],
  ['never sent', { kind: 'not-sent', cause: 'ECONNREFUSED' }, 2, { status: 'pending', failures: 2, dueInMs: 3_000 }],
  ['rejected', rejected('request-invalid'), 0, { status: 'rejected', code: 100, subcode: 7 }],
  ['outside the window', rejected('outside-window'), 0, { status: 'skipped', reason: 'window_closed', code: 100 }],
  ['the Page throttled', throttled('page', 5_000), 4, { status: 'pending', failures: 4, dueInMs: 0 }],
  ['the app throttled', throttled('app'), 4, { status: 'pending', failures: 4 }],
  ['the person throttled', throttled('recipient', 9_000), 0, { status: 'pending', failures: 1, dueInMs: 9_000 }],
  ['the person throttled without a time', throttled('recipient'), 0, { status: 'pending', dueInMs: 900_000 }],
  [
    'the Page stopped',
    { kind: 'page-stopped', errorClass: 'page-token', code: 190, subcode: null },
    0,
    { status: 'pending', dueInMs: 0 },
  ],
  ['something that may pass', later, 0, { status: 'pending', failures: 1, dueInMs: 60_000 }],
  [
    'the same for the last time',
    later,
    MAX_FAILURES - 1,
    { status: 'rejected', failures: MAX_FAILURES, dueInMs: null },
  ],
])('decides a row for: %s', (_what, outcome, failures, verdict) => {
  expect(verdictOf(outcome, failures, 0.5)).toMatchObject(verdict);
});

it('spreads retries by a fifth to both sides', () => {
  expect([0, 0.5, 1].map((random) => retryDelayMs(1, random))).toEqual([144_000, 180_000, 216_000]);
  const shares = [Buffer.from([0, 0]), Buffer.from([255, 255])].map((bytes) =>
    randomShare({ uuid: () => '', bytes: () => bytes }),
  );
  expect(shares).toEqual([0, 1]);
});

it('counts refusals of the content in a row, over other answers, until one message is accepted', () => {
  const outcomes = [rejected('request-invalid'), rejected('recipient-unavailable'), rejected('request-invalid'), later];
  expect(outcomes.reduce(refusedInARow, 1)).toBe(3);
  expect(refusedInARow(4, { kind: 'accepted', messageId: 'm', recipientId: null })).toBe(0);
});

it.each<[SendOutcome, boolean]>([
  [throttled('page'), true],
  [throttled('app'), true],
  [throttled('recipient'), false],
  [{ kind: 'page-stopped', errorClass: 'page-policy', code: 368, subcode: null }, true],
  [{ kind: 'not-sent', cause: 'ECONNREFUSED' }, true],
  [rejected('request-invalid'), false],
  [{ kind: 'uncertain', cause: 'lost' }, false],
  [later, false],
])('%j stops the chunk: %s', (outcome, stops) => {
  expect(stopsChunk(outcome)).toBe(stops);
});
