import { leftOutText, policyText, readmeText } from '../../../../src/domain/proof/bundle-texts.rules';

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
  expect(readmeText(null, true)).toContain('Never take the key from there');
});

describe('the messages that are not in a bundle', () => {
  const newest =
    'The newest 500 of 731 messages to this person are in this bundle; ask for single messages or a broadcast for others.';

  it('are counted for one person, and not spoken of when all are in it', () => {
    expect(leftOutText('lead', { shown: 500, inAll: 731 })).toBe(newest);
    expect(leftOutText('lead', { shown: 500, inAll: 500 })).toBeNull();
    expect(leftOutText('lead', { shown: 0, inAll: 0 })).toBeNull();
  });

  it.each([
    ['message', /only the one that was asked for/],
    ['broadcast', /the message of this broadcast, and no other/],
    ['audit', /whole chain of entries, and of the messages those authorised in this time/],
  ] as const)('are named in a bundle of the kind %s', (kind, words) => {
    expect(leftOutText(kind)).toMatch(words);
  });

  it('stand on top of the readme', () => {
    expect(readmeText(newest, true)).toContain(`sent to them on that.\n\n${newest}\n\nTo check it`);
    expect(readmeText(null, true)).toContain('sent to them on that.\n\nTo check it');
  });
});

it('names the script for one person only where it lies', () => {
  expect(readmeText(null, true)).toContain('verify-by-hand.sh checks levels 1 and 2 and the commitments with');
  expect(readmeText(null, false)).not.toContain('verify-by-hand.sh');
});
