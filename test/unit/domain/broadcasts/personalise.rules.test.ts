import fc from 'fast-check';
import {
  longestLength,
  MAX_FIRST_NAME_CHARS,
  personalise,
  placeholderFault,
} from '../../../../src/domain/broadcasts/personalise.rules';

describe('personalise', () => {
  it('puts in the first name, or the fall-back where there is none', () => {
    expect(personalise('Hi {{first_name|there}}!', 'Ada')).toBe('Hi Ada!');
    expect(personalise('Hi {{ first_name | dear friend }}!', null)).toBe('Hi dear friend!');
    expect(personalise('Hi {{first_name|there}}, {{first_name|you}}', '  ')).toBe('Hi there, you');
  });

  it('puts a name in as it is, even one that looks like a pattern or a placeholder', () => {
    expect(personalise('Hi {{first_name|there}}!', '$& $1 {{first_name|x}}')).toBe('Hi $& $1 {{first_name|x}}!');
    expect(personalise('Hi {{first_name|there}}!', 'A\n\u0000B')).toBe('Hi A B!');
  });

  it('cuts a long name, never through a character', () => {
    expect(personalise('{{first_name|x}}', 'a'.repeat(80))).toBe('a'.repeat(50));
    expect(personalise('{{first_name|x}}', `a${'😀'.repeat(40)}`)).toBe(`a${'😀'.repeat(24)}`);
  });

  it('never grows past the length that was checked', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('{{first_name|there}}', '{{first_name|my dear}}'),
    );
    fc.assert(
      fc.property(fc.array(part), fc.string({ unit: 'grapheme', maxLength: 90 }), (parts, name) => {
        const template = parts.join('');
        expect(personalise(template, name).length).toBeLessThanOrEqual(longestLength(template));
      }),
    );
    expect(longestLength('{{first_name|x}}')).toBe(MAX_FIRST_NAME_CHARS);
    expect(longestLength(`{{first_name|${'y'.repeat(60)}}}`)).toBe(60);
  });
});

describe('placeholderFault', () => {
  it.each([
    ['no placeholder', null],
    ['{{first_name|there}} and {{first_name|you}}', null],
    ['{ one brace } is fine', null],
    ['{{first_name|}}', 'empty_fallback'],
    ['{{first_name|  }}', 'empty_fallback'],
    ['{{first_name}}', 'unknown_placeholder'],
    ['{{last_name|you}}', 'unknown_placeholder'],
    ['{{first_name|you', 'unknown_placeholder'],
    ['first_name|you}}', 'unknown_placeholder'],
    ['{{first_name|a{b}}', 'unknown_placeholder'],
  ])('%s: %s', (template, fault) => {
    expect(placeholderFault(template)).toBe(fault);
  });
});
