import { BroadcastStateError } from '../../../src/domain/broadcasts';
import { problemFor, PRESENTATIONS } from '../../../src/http/error-map';
import { HttpError } from '../../../src/http/http.errors';
import { problemSchema } from '../../../src/http/problem';
import { InvariantError, OperationalError, UserError } from '../../../src/kernel/errors';

class Fault extends OperationalError {
  constructor(readonly sqlState: string) {
    super('database_error', 'database fault');
  }
}

describe('problemFor', () => {
  it.each(Object.entries(PRESENTATIONS))('presents %s', (code, { status, title }) => {
    const { problem } = problemFor(new UserError(code, 'words', [{ pointer: '/a', detail: 'b' }]), 'request-1');
    expect(problemSchema.strict().parse(problem)).toEqual({
      type: `/docs#problem-${code}`,
      title,
      status,
      detail: 'words',
      request_id: 'request-1',
      errors: [{ pointer: '/a', detail: 'b' }],
    });
  });

  it('keeps the headers of our own refusals and does not log them', () => {
    const failure = problemFor(new HttpError('idempotency_in_progress', 'wait', [], { 'Retry-After': '2' }), 'r');
    expect([failure.headers, failure.severity]).toEqual([{ 'Retry-After': '2' }, 'info']);
  });

  it('carries the states that allow the call, and what Meta said', () => {
    const state = problemFor(new BroadcastStateError('draft', ['sending'], 'no'), 'r');
    expect([state.problem.status, state.problem.allowed]).toEqual([409, ['sending']]);
    const refusal = Object.assign(new UserError('page_token_refused', 'no'), { metaCode: 190, metaSubcode: 463 });
    expect(problemFor(refusal, 'r').problem).toMatchObject({ meta_code: 190, meta_subcode: 463 });
    expect(problemFor(new UserError('page_not_found', 'no'), 'r').problem).not.toHaveProperty('meta_code');
  });

  it.each(['connection', 'ECONNREFUSED', '57P01', '53300', '40001', '08006'])('asks to try again after %s', (state) => {
    const { problem, headers, severity } = problemFor(new Fault(state), 'r');
    expect([problem.status, headers, severity]).toEqual([503, { 'Retry-After': '5' }, 'error']);
  });

  it.each(['22P02', '23505', '42P01'])('owns up to %s', (state) => {
    const { problem, headers, fields } = problemFor(new Fault(state), 'r');
    expect([problem.status, headers]).toEqual([500, {}]);
    expect(fields).toEqual({ code: 'database_error', sql_state: state });
  });

  it.each([
    ['an unknown code', new UserError('no_such_code', 'a secret')],
    ['an invariant', new InvariantError('x', 'a secret')],
    ['a stranger', new TypeError('a secret')],
    ['no error at all', 'a secret'],
    ['nothing', undefined],
    ['a name of every object', new UserError('toString', 'a secret')],
  ])('tells nothing of %s', (_what, error) => {
    const failure = problemFor(error, 'r');
    expect([failure.problem.status, failure.severity]).toEqual([500, 'error']);
    expect(JSON.stringify(failure)).not.toContain('a secret');
  });
});
