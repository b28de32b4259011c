import {
  BROADCAST_STATUSES,
  isDeletable,
  isLate,
  LATE_START_MS,
  startStatus,
  statesAllowing,
  transition,
  TRANSITIONS,
  type BroadcastAction,
} from '../../../../src/domain/broadcasts/state.rules';

const ACTIONS: readonly BroadcastAction[] = [
  'edit',
  'launch',
  'pause',
  'resume',
  'cancel',
  'due',
  'late',
  'freeze',
  'finish',
  'reopen',
  'block',
  'unblock',
];

/** One line a status, in the order of ACTIONS; `-` cannot happen. */
const EXPECTED = {
  draft: ['same', 'start', '-', '-', '-', '-', '-', '-', '-', '-', '-', '-'],
  scheduled: ['same', 'same', 'paused', 'same', 'cancelled', 'preparing', 'blocked', '-', '-', '-', '-', '-'],
  preparing: ['-', 'same', 'paused', 'same', 'cancelled', 'same', 'blocked', 'frozen', '-', '-', '-', '-'],
  sending: ['-', 'same', 'paused', 'same', 'cancelled', '-', '-', '-', 'completed', 'same', 'blocked', 'same'],
  paused: ['same', '-', 'same', 'back', 'cancelled', '-', '-', '-', '-', 'same', 'same', 'same'],
  holding: ['-', 'same', 'paused', 'same', 'cancelled', '-', '-', '-', 'completed', 'sending', 'blocked', 'same'],
  completed: ['-', 'same', '-', '-', '-', '-', '-', '-', '-', 'sending', '-', '-'],
  cancelled: ['-', '-', '-', '-', 'same', '-', '-', '-', '-', '-', '-', '-'],
  blocked: ['-', 'back', '-', 'back', 'cancelled', '-', '-', '-', '-', 'same', 'same', 'sending'],
} as const;

test('the table is complete: every status with every action', () => {
  expect(BROADCAST_STATUSES).toEqual(Object.keys(EXPECTED));
  for (const status of BROADCAST_STATUSES) {
    expect({ status, to: ACTIONS.map((action) => TRANSITIONS[status][action] ?? '-') }).toEqual({
      status,
      to: EXPECTED[status],
    });
  }
  expect(ACTIONS.length * BROADCAST_STATUSES.length).toBe(108);
});

test('an answer names where it leads, or the states that would allow it', () => {
  for (const status of BROADCAST_STATUSES) {
    for (const action of ACTIONS) {
      const to = TRANSITIONS[status][action];
      const allowed = BROADCAST_STATUSES.filter((each) => TRANSITIONS[each][action] !== undefined);
      expect(transition(status, action)).toEqual(to === undefined ? { ok: false, allowed } : { ok: true, to });
    }
  }
  expect(statesAllowing('edit')).toEqual(['draft', 'scheduled', 'paused']);
});

test('what is over stays over, except that a completed broadcast may be opened again', () => {
  expect(Object.keys(TRANSITIONS.cancelled)).toEqual(['cancel']);
  expect(Object.keys(TRANSITIONS.completed)).toEqual(['launch', 'reopen']);
});

test('a launch waits for a time that lies ahead, and only for that', () => {
  const now = new Date('2026-11-23T12:00:00Z');
  expect(startStatus(null, now)).toBe('preparing');
  expect(startStatus(now, now)).toBe('preparing');
  expect(startStatus(new Date(now.getTime() - 1), now)).toBe('preparing');
  expect(startStatus(new Date(now.getTime() + 1), now)).toBe('scheduled');
});

test('only what has no audience can be deleted', () => {
  const frozenAt = new Date(0);
  const deletable = BROADCAST_STATUSES.filter((status) => isDeletable(status, null));
  expect(deletable).toEqual(['draft', 'cancelled']);
  expect(isDeletable('cancelled', frozenAt)).toBe(false);
});

test('late is more than 15 minutes', () => {
  const start = new Date('2026-11-23T12:00:00Z');
  expect(LATE_START_MS).toBe(900_000);
  expect(isLate(start, new Date(start.getTime() + LATE_START_MS))).toBe(false);
  expect(isLate(start, new Date(start.getTime() + LATE_START_MS + 1))).toBe(true);
});
