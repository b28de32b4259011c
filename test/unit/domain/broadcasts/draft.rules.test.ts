import { checkAudience, checkDraft, isPurpose } from '../../../../src/domain/broadcasts/draft.rules';

const now = new Date('2026-11-23T12:00:00.000Z');
const pointers = (patch: Parameters<typeof checkDraft>[0]) => checkDraft(patch, now).map((fault) => fault.pointer);

test('what is not given is not checked', () => {
  expect(checkDraft({}, now)).toEqual([]);
});

test.each<[string, Parameters<typeof checkDraft>[0]]>([
  ['the longest name', { name: 'x'.repeat(200) }],
  ['the shortest name', { name: 'x' }],
  ['every purpose', { purpose: 'informational' }],
  ['a hundred Pages', { pageIds: Array<string>(100).fill('1') }],
  ['the next millisecond', { schedule: { at: new Date(now.getTime() + 1) } }],
  ['no schedule', { schedule: null }],
  ['later features left empty', { quietHours: null, holdUntil: null, outOfWindow: 'skip' }],
  ['the greatest rate and delay', { ratePerSecond: 300, startDelaySeconds: 86_400 }],
  ['the least rate and delay', { ratePerSecond: 1, startDelaySeconds: 0 }],
  ['no rate', { ratePerSecond: null }],
  ['a message', { message: { text: 'Hello' } }],
])('%s is fine', (_what, patch) => {
  expect(checkDraft(patch, now)).toEqual([]);
});

test.each<[string, Parameters<typeof checkDraft>[0], string]>([
  ['a name that is too long', { name: 'x'.repeat(201) }, '/name'],
  ['a name with a control character', { name: 'a\u0000b' }, '/name'],
  ['a name with half a character', { name: 'a\ud800' }, '/name'],
  ['more than a hundred Pages', { pageIds: Array<string>(101).fill('1') }, '/page_ids'],
  ['this very moment', { schedule: { at: now } }, '/schedule/at'],
  ['a rate of 301', { ratePerSecond: 301 }, '/rate_per_second'],
  ['a rate that is no number', { ratePerSecond: Number.NaN }, '/rate_per_second'],
  ['a delay of more than a day', { startDelaySeconds: 86_401 }, '/start_delay_seconds'],
  ['half a second', { startDelaySeconds: 0.5 }, '/start_delay_seconds'],
  ['a text that is empty', { message: { text: ' ' } }, '/message/text'],
])('%s is refused', (_what, patch, pointer) => {
  expect(pointers(patch)).toEqual([pointer]);
});

test('what comes later is refused by name, and says so', () => {
  const faults = checkDraft(
    { schedule: { atLocal: '09:00' }, quietHours: {}, outOfWindow: 'hold', holdUntil: now, message: { template: {} } },
    now,
  );
  expect(faults.map((fault) => fault.pointer)).toEqual([
    '/schedule/at_local',
    '/quiet_hours',
    '/hold_until',
    '/out_of_window',
    '/message/template',
  ]);
  for (const fault of faults) expect(fault.detail).toContain('not available yet');
});

test('a filter may have a hundred values and a thousand leads', () => {
  const uuid = '2f6a1d5e-7c3b-4e7e-9a55-1f0c9d8b7a66';
  const many = (count: number): string[] => Array<string>(count).fill('x');
  expect(checkAudience({ tagsAny: many(100), leadIds: Array<string>(1_000).fill(uuid) })).toEqual([]);
  expect(checkAudience({ tagsAny: many(101) })).toMatchObject([{ pointer: '/audience/tags_any' }]);
  expect(checkAudience({ leadIds: Array<string>(1_001).fill(uuid) })).toMatchObject([
    { pointer: '/audience/lead_ids' },
  ]);
  expect(checkAudience({ refsAny: ['x'.repeat(2_001)] })).toMatchObject([{ pointer: '/audience/refs_any/0' }]);
  expect(checkAudience({ locales: ['en', 'en_US', 'EN'] })).toMatchObject([{ pointer: '/audience/locales/2' }]);
});

test('a purpose is one of three', () => {
  expect(['promotional', 'informational', 'utility', 'spam', ''].filter(isPurpose)).toEqual([
    'promotional',
    'informational',
    'utility',
  ]);
});
