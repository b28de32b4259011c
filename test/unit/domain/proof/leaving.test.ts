import type { ExportRecord } from '../../../../src/domain/proof/export-record';
import { inPieces, leavingTogether, type Portion } from '../../../../src/domain/proof/leaving';

/** An export's record over people of whom some are gone. */
function recordOver(gone: Set<string>) {
  const disclosed: string[] = [];
  let leaving: string[] = [];
  const record: ExportRecord = {
    disclose: (ids) => {
      leaving = ids.filter((id) => !gone.has(id));
      disclosed.push(...leaving);
      return Promise.resolve(new Set(leaving));
    },
    areThere: () => Promise.resolve(leaving.every((id) => !gone.has(id))),
    sent: () => undefined,
    end: () => Promise.resolve(),
  };
  return { record, disclosed };
}

const FILES = '{}';
const peopleOf = (count: number, read: string[] = []) =>
  (async function* () {
    for (let at = 1; at <= count; at += 1) {
      read.push(String(at));
      yield await Promise.resolve({ leadId: String(at), files: Buffer.from(FILES) });
    }
  })();
const LINE = '{"record":1,"files":{}}\n'.length;
const start = (record: ExportRecord, people: ReturnType<typeof peopleOf>, portion: Portion, most = 1_000) => {
  const leftOut = { tooLarge: 0 };
  return { leftOut, portions: leavingTogether(record, people, { portion, mostRecordBytes: most, leftOut }) };
};
const textOf = (lines: readonly Buffer[]): string => Buffer.concat(lines).toString();
async function all(portions: AsyncGenerator<readonly Buffer[]>): Promise<string[]> {
  const texts: string[] = [];
  for await (const lines of portions) texts.push(textOf(lines));
  return texts;
}
const line = (n: number): string => `{"record":${String(n)},"files":{}}\n`;

it('leave in portions of so many records, or so many bytes, numbered through', async () => {
  const { record, disclosed } = recordOver(new Set());
  const byCount = await all(start(record, peopleOf(5), { records: 2, bytes: 10_000 }).portions);
  expect(byCount).toEqual([line(1) + line(2), line(3) + line(4), line(5)]);
  expect(disclosed).toEqual(['1', '2', '3', '4', '5']);
  const byBytes = await all(start(record, peopleOf(3), { records: 100, bytes: 2 * LINE }).portions);
  expect(byBytes).toEqual([line(1) + line(2), line(3)]);
  expect(await all(start(record, peopleOf(2), { records: 100, bytes: 1 }).portions)).toEqual([line(1), line(2)]);
});

it('leaves out who went while the portion before was taken, and numbers on without a gap', async () => {
  const gone = new Set<string>();
  const { record, disclosed } = recordOver(gone);
  const { portions } = start(record, peopleOf(6), { records: 2, bytes: 10_000 });
  expect(textOf((await portions.next()).value as Buffer[])).toBe(line(1) + line(2));
  for (const id of ['1', '3', '5', '6']) gone.add(id);
  expect(await all(portions)).toEqual([line(3), '']);
  expect(disclosed).toEqual(['1', '2', '4']);
});

it('counts whose record would be too long, and writes nobody down for it', async () => {
  const { record, disclosed } = recordOver(new Set());
  const { portions, leftOut } = start(record, peopleOf(3), { records: 2, bytes: 10_000 }, LINE - 1);
  expect([await all(portions), leftOut.tooLarge, disclosed]).toEqual([[], 3, []]);
});

it('breaks off in the middle of somebody who went, and not for somebody who left before', async () => {
  const gone = new Set<string>();
  const { record } = recordOver(gone);
  const parts = async function* () {
    for (const id of ['1', '2']) {
      await record.disclose([id]);
      yield Buffer.alloc(200_000);
    }
    await record.disclose([]);
    yield Buffer.alloc(200_000);
  };
  const whole: number[] = [];
  for await (const { length } of inPieces(record, parts())) {
    whole.push(length);
    if (whole.length === 4) gone.add('1');
    if (whole.length === 8) gone.add('2');
  }
  expect(whole.reduce((sum, length) => sum + length, 0)).toBe(600_000);
  gone.clear();
  const pieces = inPieces(record, parts());
  await pieces.next();
  gone.add('1');
  await expect(pieces.next()).rejects.toMatchObject({ code: 'export_outdated' });
});
