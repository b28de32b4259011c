import fc from 'fast-check';
import { classifySend, readGraphError } from '../../../../src/platform/messenger/send-outcome';

const answered = (status: number, body: unknown) =>
  classifySend({ kind: 'answered', status, bodyText: typeof body === 'string' ? body : JSON.stringify(body) });
const failed = (code: number, subcode?: number, more: object = {}) =>
  answered(400, { error: { message: 'x', code, error_subcode: subcode, ...more } });

describe('classifySend', () => {
  it('is accepted with a message id, also without a recipient or with ids as numbers', () => {
    expect(answered(200, { recipient_id: '1008372609250235', message_id: 'm_1' })).toEqual({
      kind: 'accepted',
      messageId: 'm_1',
      recipientId: '1008372609250235',
    });
    expect(answered(200, { message_id: 'm_1' })).toEqual({ kind: 'accepted', messageId: 'm_1', recipientId: null });
    expect(answered(200, '{"recipient_id":25381719828140933,"message_id":"m_1"}')).toMatchObject({
      recipientId: '25381719828140933',
    });
  });

  it('was not sent when no connection came about', () => {
    expect(classifySend({ kind: 'never-connected', cause: 'ECONNREFUSED' })).toEqual({
      kind: 'not-sent',
      cause: 'ECONNREFUSED',
    });
    expect(classifySend({ kind: 'never-connected', cause: 'connect to 10.0.0.1 for person 7' })).toEqual({
      kind: 'not-sent',
      cause: 'UNKNOWN',
    });
  });

  it.each([
    ['a lost answer', { kind: 'lost', cause: 'UND_ERR_BODY_TIMEOUT' }, 'lost'],
    ['200 without message id', { kind: 'answered', status: 200, bodyText: '{"recipient_id":"1"}' }, 'no_message_id'],
    ['200 with an empty message id', { kind: 'answered', status: 200, bodyText: '{"message_id":""}' }, 'no_message_id'],
    ['200 with half an answer', { kind: 'answered', status: 200, bodyText: '{"message_id":"m_' }, 'unreadable_answer'],
    ['200 with nothing', { kind: 'answered', status: 200, bodyText: '' }, 'unreadable_answer'],
    ['200 with a list', { kind: 'answered', status: 200, bodyText: '[]' }, 'unreadable_answer'],
    ['502 with a page of HTML', { kind: 'answered', status: 502, bodyText: '<html>' }, 'server_error'],
    ['500 with other JSON', { kind: 'answered', status: 500, bodyText: '{"message_id":"m_1"}' }, 'server_error'],
    ['408', { kind: 'answered', status: 408, bodyText: '' }, 'server_error'],
    ['a redirect', { kind: 'answered', status: 302, bodyText: '' }, 'unexpected_status'],
    [
      '1/1357046',
      { kind: 'answered', status: 400, bodyText: '{"error":{"code":1,"error_subcode":1357046}}' },
      'ambiguous_error',
    ],
  ] as const)('is uncertain after %s', (_, reply, cause) => {
    expect(classifySend(reply)).toEqual({ kind: 'uncertain', cause });
  });

  it('reads an error under 200, and its code as text', () => {
    expect(answered(200, { error: { message: 'x', code: 36000 } })).toMatchObject({ kind: 'rejected', code: 36000 });
    expect(answered(400, { error: { code: '551', error_subcode: '1545041' } })).toEqual({
      kind: 'rejected',
      errorClass: 'recipient-unavailable',
      code: 551,
      subcode: 1545041,
    });
  });

  it('classes an error by its envelope, whatever the status', () => {
    expect(answered(500, { error: { code: 2 } })).toEqual({ kind: 'retry-later', code: 2, subcode: null });
    expect(answered(503, { error: { code: 190 } })).toMatchObject({ kind: 'page-stopped', errorClass: 'page-token' });
  });

  it.each([
    [4, undefined, 'app'],
    [341, undefined, 'app'],
    [4, 2018022, 'page'],
    [613, undefined, 'page'],
    [32, undefined, 'page'],
    [80006, undefined, 'page'],
    [613, 2018338, 'recipient'],
  ])('%d/%s throttles the %s', (code, subcode, scope) => {
    expect(failed(code, subcode)).toEqual({
      kind: 'throttled',
      scope,
      code,
      subcode: subcode ?? null,
      retryAfterMs: null,
    });
  });

  it('takes the wait from error_data, as an object and as text', () => {
    expect(failed(2300078, undefined, { error_data: { remaining_seconds: 90 } })).toMatchObject({
      retryAfterMs: 90_000,
    });
    expect(failed(2300078, undefined, { error_data: '{"remaining_seconds":"90"}' })).toMatchObject({
      retryAfterMs: 90_000,
    });
    expect(failed(2300078, undefined, { error_data: 'soon' })).toMatchObject({ retryAfterMs: null });
    expect(failed(2300078, undefined, { error_data: { remaining_seconds: -1 } })).toMatchObject({ retryAfterMs: null });
  });

  it.each([
    [190, 460, 'page-token'],
    [230, undefined, 'page-permission'],
    [368, undefined, 'page-policy'],
    [2300011, undefined, 'page-billing'],
  ])('%d/%s stops the Page: %s', (code, subcode, errorClass) => {
    expect(failed(code, subcode)).toEqual({ kind: 'page-stopped', errorClass, code, subcode: subcode ?? null });
  });

  it.each([
    [10, 2018278, 'outside-window'],
    [100, 2018001, 'recipient-unknown'],
    [10, 1893015, 'recipient-opted-out'],
    [2300037, undefined, 'recipient-opt-in-expired'],
    [2018300, undefined, 'thread-not-owned'],
    [100, undefined, 'request-invalid'],
    [100, 2018048, 'ignore'],
  ])('%d/%s rejects this message alone: %s', (code, subcode, errorClass) => {
    expect(failed(code, subcode)).toEqual({ kind: 'rejected', errorClass, code, subcode: subcode ?? null });
  });

  it('goes by the status only where there is no envelope', () => {
    expect(answered(429, 'slow down')).toMatchObject({ kind: 'throttled', scope: 'page', code: 429 });
    expect(answered(403, '<html>')).toEqual({ kind: 'retry-later', code: null, subcode: null });
    expect(answered(400, { error: 'no object' })).toEqual({ kind: 'retry-later', code: null, subcode: null });
  });

  it('never takes a message for unsent that may have left, whatever the answer', () => {
    fc.assert(
      fc.property(fc.constantFrom(200, 201, 204, 302, 408, 500, 502, 503, 504), fc.string(), (status, bodyText) => {
        expect(['accepted', 'uncertain']).toContain(classifySend({ kind: 'answered', status, bodyText }).kind);
      }),
    );
  });
});

describe('readGraphError', () => {
  it('finds the envelope or nothing', () => {
    expect(readGraphError('{"error":{"code":190}}')).toMatchObject({ errorClass: 'page-token', code: 190 });
    expect(readGraphError('{"success":true}')).toBeNull();
    expect(readGraphError('nonsense')).toBeNull();
  });
});
