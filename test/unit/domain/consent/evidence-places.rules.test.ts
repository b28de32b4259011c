import { listedSegment, placesOf } from '../../../../src/domain/consent/evidence-places.rules';

it('finds pieces by their number, where an entry lists all of them', () => {
  expect(
    placesOf([
      ['p', 58],
      ['e', 149],
      ['p', 4],
    ]),
  ).toEqual([0, 1, 2]);
});

it('finds pieces by where they begin, where an entry lists runs', () => {
  const segs = [
    ['p', 58],
    ['m', 1_000],
    ['p', 1],
    ['e', 149],
    ['p', 4],
  ] as const;
  expect(placesOf(segs).map((place) => place - 2 ** 24)).toEqual([0, 58, 1_058, 1_059, 1_208]);
});

it('says of a piece what entries say of it', () => {
  expect(listedSegment({ kind: 'm', length: 7, hash: Buffer.from('ab01', 'hex') })).toEqual(['m', 7, 'ab01']);
});
