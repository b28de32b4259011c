import { patiently, RECORD_PATIENCE_MS, recordPatience } from '../../../../src/domain/delivery/patiently';
import { OperationalError } from '../../../../src/kernel/errors';

class Away extends OperationalError<'away'> {
  constructor() {
    super('away', 'the database is away');
  }
}

function setUp() {
  let nowMs = 5_000;
  const pauses: number[] = [];
  const clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs };
  const sleep = (ms: number) => {
    pauses.push(ms);
    nowMs += ms;
    return Promise.resolve();
  };
  return { pauses, patience: recordPatience({ clock, sleep }) };
}

it('repeats a write with doubled pauses until the patience is over', async () => {
  const { pauses, patience } = setUp();
  let writes = 0;
  const write = () => {
    writes += 1;
    return Promise.reject(new Away());
  };
  await expect(patiently(patience, write)).rejects.toThrow(Away);
  expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 1_700]);
  expect(pauses.reduce((sum, ms) => sum + ms)).toBe(RECORD_PATIENCE_MS);
  expect(writes).toBe(8);
  await expect(patiently(patience, write)).rejects.toThrow(Away);
  expect(writes).toBe(9);
});

it('ends with the first write that succeeds, and repeats no fault of ours', async () => {
  const { pauses, patience } = setUp();
  let writes = 0;
  const write = () => {
    writes += 1;
    return writes < 3 ? Promise.reject(new Away()) : Promise.resolve(writes);
  };
  expect(await patiently(patience, write)).toBe(3);
  await expect(patiently(patience, () => Promise.reject(new RangeError('ours')))).rejects.toThrow(RangeError);
  expect(pauses).toEqual([100, 200]);
});
