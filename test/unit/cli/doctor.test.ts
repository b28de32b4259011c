import { judgeLog, type LogState } from '../../../src/cli/doctor';

const NOTE = 'log.test\n7\nroot\n\nsignature\n';
const WHOLE: LogState = { size: 7, head: { note: NOTE, ageMs: 61_000 }, copy: NOTE, pending: 0, rejected: 0 };

describe('the line of doctor about the log', () => {
  it('tells of size, age and what waits', () => {
    expect(judgeLog(WHOLE)).toEqual({
      check: 'log',
      status: 'ok',
      detail: '7 entries signed (the last 61 s ago), 0 waiting, 0 set aside',
    });
  });

  it.each<[string, Partial<LogState>, string, RegExp]>([
    ['nothing was signed yet', { size: 0, head: null, copy: null }, 'ok', /^0 entries signed, 0 waiting/],
    ['the copy is older', { copy: NOTE.replace('7', '6') }, 'ok', /^7 entries/],
    ['there is no copy', { copy: null }, 'ok', /^7 entries/],
    ['entries have just come', { pending: 3, head: { note: NOTE, ageMs: 9_000 } }, 'ok', /3 waiting/],
    ['entries wait too long', { pending: 3 }, 'warning', /start a worker/],
    ['entries wait and nothing was ever signed', { size: 0, head: null, copy: null, pending: 1 }, 'warning', /worker/],
    ['the copy is ahead', { copy: NOTE.replace('7', '8') }, 'failed', /halted.*set back.*8 beside the keys/],
    ['all is gone but the copy', { size: 0, head: null }, 'failed', /halted.*set back/],
    ['the copy is of another log', { copy: NOTE.replace('root', 'Root') }, 'failed', /halted.*another log/],
    ['rows were set aside', { rejected: 2 }, 'failed', /somebody wrote.*2 set aside.*assent audit/],
  ])('when %s', (_name, over, status, detail) => {
    const found = judgeLog({ ...WHOLE, ...over });
    expect([found.check, found.status]).toEqual(['log', status]);
    expect(found.detail).toMatch(detail);
  });
});
