import { classifyGraphError, META_ERRORS } from '../../../config/meta-errors';

const classOf = (code: number, subcode?: number, message?: string, isTransient?: boolean) =>
  classifyGraphError({ code, error_subcode: subcode, message, is_transient: isTransient }).errorClass;

describe('classifyGraphError', () => {
  it('gives every row of the table its own class back', () => {
    for (const row of META_ERRORS) {
      const found = classifyGraphError({ code: row.code, error_subcode: row.subcode ?? undefined });
      expect([row.code, row.subcode, found.errorClass, found.known]).toEqual([
        row.code,
        row.subcode,
        row.errorClass,
        true,
      ]);
    }
    expect(META_ERRORS.length).toBeGreaterThan(120);
    expect(new Set(META_ERRORS.map((row) => `${row.code}/${row.subcode ?? ''}`)).size).toBe(META_ERRORS.length);
  });

  it.each([
    [10, 2018278, 'outside-window'],
    [10, 1893063, 'page-policy'],
    [10, 2018108, 'recipient-unavailable'],
    [10, 1893015, 'recipient-opted-out'],
    [100, 2018001, 'recipient-unknown'],
    [100, 2534013, 'request-invalid'],
    [100, 2534037, 'request-invalid'],
    [190, 460, 'page-token'],
    [200, 1545041, 'recipient-unavailable'],
    [613, 2018338, 'throttle-recipient'],
    [1, 1357046, 'ambiguous'],
    [2, 2018344, 'page-permission'],
    [4, 2018354, 'throttle-recipient'],
  ])('%d/%d is %s', (code, subcode, wanted) => {
    expect(classOf(code, subcode)).toBe(wanted);
  });

  it.each([
    [2300034, 'recipient-opted-out'],
    [2300037, 'recipient-opt-in-expired'],
    [2300061, 'transient'],
    [2300044, 'throttle-recipient'],
    [2300058, 'page-billing'],
    [2018300, 'thread-not-owned'],
    [9000001, 'recipient-unknown'],
  ])('%d counts as code and as subcode of any code: %s', (number, wanted) => {
    expect(classOf(number)).toBe(wanted);
    expect(classOf(10, number)).toBe(wanted);
  });

  it('finds a subcode under a code it was not listed with, but not a small one', () => {
    expect(classOf(10, 1545041)).toBe('recipient-unavailable');
    expect(classOf(100, 460)).toBe('request-invalid');
    expect(classOf(10, 33)).toBe('page-permission');
  });

  it('falls back to the code when the subcode is not listed', () => {
    expect(classOf(190, 999)).toBe('page-token');
    expect(classOf(613, 7777777)).toBe('throttle');
  });

  it.each([
    [100, '(#100) No matching user found', 'recipient-unknown'],
    [100, '(# 100) INVALID FBID', 'recipient-unknown'],
    [100, '(#100) Invalid tag.', 'request-invalid'],
    [100, '(#100) Invalid parameter', 'request-invalid'],
    [10, '(#10) This message is sent outside of allowed window.', 'outside-window'],
    [10, '(#10) Application does not have permission', 'page-permission'],
    [190, "pages_messaging permission(s) must be granted before impersonating a user's page.", 'page-permission'],
    [551, 'No matching user found', 'recipient-unavailable'],
  ])('%d "%s" is %s', (code, message, wanted) => {
    expect(classOf(code, undefined, message)).toBe(wanted);
  });

  it('lets a listed subcode decide before the words', () => {
    expect(classOf(100, 2018109, 'No matching user found')).toBe('request-invalid');
  });

  it('believes Meta on whether an unknown error will pass', () => {
    expect(classOf(1)).toBe('transient');
    expect(classOf(1, undefined, undefined, true)).toBe('transient');
    expect(classOf(1, undefined, undefined, false)).toBe('request-invalid');
    expect(classOf(424242, undefined, undefined, true)).toBe('transient');
    expect(classifyGraphError({ code: 424242 })).toMatchObject({ errorClass: 'request-invalid', known: false });
  });

  it('places unlisted members of a family', () => {
    expect(classOf(294)).toBe('page-permission');
    expect(classOf(80004)).toBe('throttle');
    expect(classOf(300)).toBe('request-invalid');
    expect(classOf(80015)).toBe('request-invalid');
  });
});
