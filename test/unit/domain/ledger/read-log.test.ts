import { parseTilePath } from '../../../../src/domain/ledger/read-log';

it.each([
  ['0/000', { level: 0, n: 0, width: 256 }],
  ['0/000.p/1', { level: 0, n: 0, width: 1 }],
  ['1/017.p/255', { level: 1, n: 17, width: 255 }],
  ['63/999', { level: 63, n: 999, width: 256 }],
  ['0/x001/x234/067', { level: 0, n: 1_234_067, width: 256 }],
  ['entries/x001/000.p/44', { level: -1, n: 1_000, width: 44 }],
])('reads the path %s', (path, expected) => {
  expect(parseTilePath(path)).toEqual(expected);
});

it.each([
  '',
  '0',
  '0/',
  '0/0',
  '00/000',
  '-1/000',
  '0/x001',
  '0/001/000',
  '0/x000/001',
  '0/000.p/0',
  '0/000.p/256',
  '0/000.p/',
  '0/000.p/01',
  '0/000/..',
  'entries/../000',
  'data/000',
  `0/${'x001/'.repeat(6)}000`,
])('refuses the path %j', (path) => {
  expect(parseTilePath(path)).toBeNull();
});
