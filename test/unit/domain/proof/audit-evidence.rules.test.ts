import { createHash } from 'node:crypto';
import { envelopeFault, isKnownEnvelope } from '../../../../src/domain/proof/audit-evidence.rules';

const EVENT_AT = '2026-11-23T10:00:00.000Z';
const MS = Date.parse(EVENT_AT);
const head = (time: number, channel = 'messaging'): string =>
  `{"object":"page","entry":[{"id":"100","time":${String(time)},"${channel}":[`;
const swapped = (time: number): string => `{"object":"page","entry":[{"time":${String(time)},"id":"100","messaging":[`;
const hex = (text: string): string => createHash('sha256').update(text).digest('hex');

const evidenceOf = (...pieces: readonly string[]) => ({
  at: EVENT_AT,
  hdr: '',
  i: 1,
  len: 0,
  segs: pieces.map((text, at) => [at % 2 === 0 ? 'p' : 'e', text.length, hex(text)] as const),
});
const PIECES = [head(MS), '{"a"}', ',', '{"b"}', ']}]}'];
const LISTED = evidenceOf(...PIECES);
const kept = (...positions: readonly number[]) =>
  positions.map((position) => ({ position, bytes: Buffer.from(PIECES[position] ?? '') }));

it.each([
  ['all of it', kept(0, 2, 4), null],
  ['nothing', [], null],
  ['less', kept(0, 4), 'evidence_missing'],
  ['more', kept(0, 2, 4, 6), 'evidence_changed'],
  ['it at the place of an event', kept(0, 1, 2, 4), 'evidence_changed'],
  ['another piece', [...kept(0, 2), { position: 4, bytes: Buffer.from(']}]} ') }], 'evidence_changed'],
])('judges an envelope of which there is %s', (_name, around, expected) => {
  expect(envelopeFault(LISTED, around, [0, 1, 2, 3, 4])).toBe(expected);
});

it('leaves a body in many pieces alone, whose outer two are not kept', () => {
  const segs = [...LISTED.segs].map(([, length, hash]) => ['e', length, hash] as const);
  expect(envelopeFault({ ...LISTED, segs }, kept(0, 2, 4), [0, 1, 2, 3, 4])).toBeNull();
});

it.each([
  ['all of it, and what others list', [70, 72, 74, 99], null],
  ['nothing', [], null],
  ['what others list alone', [99], 'evidence_missing'],
  ['less', [70, 74, 99], 'evidence_missing'],
  ['another piece', [70, 72, 74], 'evidence_changed'],
])('judges an envelope among runs of which there is %s', (name, positions, expected) => {
  const segs = LISTED.segs.map(([kind, length, hash], at) => [at === 1 ? ('m' as const) : kind, length, hash] as const);
  const isOther = name === 'another piece';
  const around = positions.map((position) => ({
    position,
    bytes: Buffer.from(isOther ? 'x' : (PIECES[position - 70] ?? 'of others')),
  }));
  expect(envelopeFault({ ...LISTED, segs }, around, [70, 71, 72, 73, 74])).toBe(expected);
});

it.each([
  ['made at once', PIECES, true],
  ['made within a minute', [head(MS + 60_000), 'e', ']}]}'], true],
  ['with the time first', [swapped(MS + 7), 'e', ']}]}'], true],
  ['of a thread that is only watched', [head(MS + 7, 'standby'), 'e', ']}]}'], true],
  ['made later', [head(MS + 60_001), 'e', ']}]}'], false],
  ['with a field more', [head(MS).replace('"time"', '"x":1,"time"'), 'e', ']}]}'], false],
  ['with a field more at the end', [head(MS), 'e', '],"x":1}]}'], false],
  ['of two Pages', [head(MS), 'e', ']},{"id":"7","time":1,"messaging":[', 'e', ']}]}'], false],
  ['of no pieces', [], false],
])('knows that nothing but an envelope %s was there: %s', (_name, pieces, expected) => {
  expect(isKnownEnvelope({ page: '100', event_at: EVENT_AT }, evidenceOf(...pieces))).toBe(expected);
});

it('knows nothing of an entry without a time', () => {
  expect(isKnownEnvelope({ page: '100' }, LISTED)).toBe(false);
});
