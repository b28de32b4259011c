import { compareRings, pageOfRing } from '../../../../src/domain/restore/rings.rules';

const rings = (of: Record<string, number>): ReadonlyMap<string, number> => new Map(Object.entries(of));

it('tells rings that changed since the backup from one that a crash left a step ahead', () => {
  const files = rings({ system: 5, 'page-a': 4, 'page-b': 9, 'page-new': 1, 'page-old': 2 });
  const rows = rings({ system: 5, 'page-a': 3, 'page-b': 7, 'page-gone': 3, 'page-old': 3 });
  expect(compareRings(files, rows)).toEqual({
    ahead: ['page-b'],
    older: ['page-old'],
    missing: ['page-gone'],
    unknown: ['page-new'],
  });
});

it('names the Page of a ring, and none for that of the installation', () => {
  expect([pageOfRing('page-5c8a8f4e'), pageOfRing('system')]).toEqual(['5c8a8f4e', null]);
});
