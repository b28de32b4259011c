import { policyText, README_TEXT } from '../../../../src/domain/proof/bundle-texts.rules';

describe('the policy of a bundle', () => {
  it.each([
    [[], 'log log.test+1+A\nquorum none\n'],
    [['w.test/a+2+B'], 'log log.test+1+A\nwitness w.test/a w.test/a+2+B\nquorum w.test/a\n'],
    [
      ['w.test/a+2+B', 'w.test/b+3+C'],
      'log log.test+1+A\nwitness w.test/a w.test/a+2+B\nwitness w.test/b w.test/b+3+C\n' +
        'group any-witness any w.test/a w.test/b\nquorum any-witness\n',
    ],
  ])('takes any one of the witnesses %j', (witnesses, expected) => {
    expect(policyText('log.test+1+A', witnesses)).toBe(expected);
  });
});

it('tells the reader to take the key from elsewhere', () => {
  expect(README_TEXT).toContain('Never take the key from there');
});
