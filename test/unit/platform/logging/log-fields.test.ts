import { allowedFields } from '../../../../src/platform/logging/log-fields';

describe('allowedFields', () => {
  it('keeps what is on the list and drops everything else', () => {
    expect(allowedFields({ count: 3, code: 'x', psid: '7123456789012345', text: 'hello', token: 'EAA' })).toEqual({
      count: 3,
      code: 'x',
    });
  });

  it('drops values that are not plain', () => {
    expect(
      allowedFields({ reason: { text: 'hello' }, error: new Error('hello'), state: ['hello'], kind: undefined }),
    ).toEqual({});
  });

  it('cuts long texts', () => {
    expect(allowedFields({ reason: 'x'.repeat(1_000) })).toEqual({ reason: 'x'.repeat(200) });
  });
});
