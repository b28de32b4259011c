import { checkMetaPageId, checkToken, resolveSettings } from '../../../../src/domain/pages/page-settings.rules';
import type { PageSettings, PageSettingsChange } from '../../../../src/domain/pages/pages.types';

const CURRENT: PageSettings = {
  name: 'Harbour Coffee',
  optInMode: 'conversation_start',
  basis: 'consent',
  addressesEea: false,
  ratePerSecond: 35,
  timeZone: 'UTC',
  quietHours: null,
};
const REASON = 'our counsel approved this in writing';
const pointersOf = (current: PageSettings | null, change: PageSettingsChange) =>
  resolveSettings(current, change).errors.map(({ pointer }) => pointer);

describe('a Page that is connected with nothing but a name', () => {
  it('gets the defaults', () => {
    expect(resolveSettings(null, { name: ' Harbour Coffee ' })).toEqual({
      settings: CURRENT,
      errors: [],
      reasonToRecord: null,
    });
  });

  it('gets the mode `explicit` and a GDPR basis when it addresses the EEA', () => {
    const { settings, errors } = resolveSettings(null, { name: 'x', addressesEea: true });
    expect(errors).toEqual([]);
    expect(settings).toMatchObject({ optInMode: 'explicit', basis: 'gdpr.6.1.a', addressesEea: true });
  });

  it('gets a GDPR basis in the mode `explicit`', () => {
    expect(resolveSettings(null, { name: 'x', optInMode: 'explicit' }).settings.basis).toBe('gdpr.6.1.a');
  });
});

describe('conversation_start for people in the EEA', () => {
  const risky = { addressesEea: true, optInMode: 'conversation_start' } as const;

  it.each([undefined, '', '  too few ', 'x'.repeat(1_001)])('needs a written reason: %j is none', (optInModeReason) => {
    expect(pointersOf(null, { name: 'x', ...risky, optInModeReason })).toEqual(['/opt_in_mode_reason']);
    expect(pointersOf(CURRENT, { ...risky, optInModeReason })).toEqual(['/opt_in_mode_reason']);
  });

  it('is accepted with one, which is to be recorded', () => {
    const resolved = resolveSettings(CURRENT, { ...risky, optInModeReason: ` ${REASON} ` });
    expect(resolved).toMatchObject({
      errors: [],
      reasonToRecord: REASON,
      settings: { optInMode: 'conversation_start' },
    });
  });

  it('needs none again once it was given, and one again after a time in the other mode', () => {
    const given = { ...CURRENT, addressesEea: true };
    expect(resolveSettings(given, { ratePerSecond: 20 })).toMatchObject({ errors: [], reasonToRecord: null });
    expect(pointersOf({ ...given, optInMode: 'explicit' }, { optInMode: 'conversation_start' })).toEqual([
      '/opt_in_mode_reason',
    ]);
  });

  it('gives way to `explicit` when only the yes to the EEA is new', () => {
    expect(resolveSettings(CURRENT, { addressesEea: true }).settings.optInMode).toBe('explicit');
    expect(resolveSettings({ ...CURRENT, optInMode: 'explicit' }, { addressesEea: false }).settings.optInMode).toBe(
      'explicit',
    );
  });
});

describe('the rate', () => {
  it.each([0, 301, 35.5, Number.NaN])('is refused at %p', (ratePerSecond) => {
    expect(pointersOf(CURRENT, { ratePerSecond, acceptRiskAbove40: true })).toEqual(['/rate_per_second']);
  });

  it('goes to 40 freely and above only with the risk accepted in the same call, naming the rule', () => {
    expect(pointersOf(CURRENT, { ratePerSecond: 40 })).toEqual([]);
    expect(resolveSettings(CURRENT, { ratePerSecond: 41 }).errors).toMatchObject([
      { pointer: '/rate_per_second', detail: expect.stringContaining('more than 40 messages/s') as string },
    ]);
    expect(pointersOf({ ...CURRENT, ratePerSecond: 50 }, { ratePerSecond: 300 })).toEqual(['/rate_per_second']);
    expect(pointersOf(CURRENT, { ratePerSecond: 300, acceptRiskAbove40: true })).toEqual([]);
    expect(pointersOf({ ...CURRENT, ratePerSecond: 300 }, { basis: 'consent' })).toEqual([]);
  });
});

describe('the other settings', () => {
  it.each<[string, PageSettingsChange, string]>([
    ['an empty name', { name: ' ' }, '/name'],
    ['a name of two lines', { name: 'a\nb' }, '/name'],
    ['a very long name', { name: 'x'.repeat(101) }, '/name'],
    ['half a character in the name', { name: 'x\ud83d' }, '/name'],
    ['a basis that is not on the list', { basis: 'because' }, '/basis'],
    ['an unknown time zone', { timeZone: 'Mars/Olympus' }, '/time_zone'],
    ['an offset for a time zone', { timeZone: '+02:00' }, '/time_zone'],
    ['hours that are no hours', { quietHours: { from: '24:00', to: '08:00' } }, '/quiet_hours/from'],
    ['a time without its zero', { quietHours: { from: '22:00', to: '8:00' } }, '/quiet_hours/to'],
    ['a day of silence', { quietHours: { from: '08:00', to: '08:00' } }, '/quiet_hours'],
  ])('refuse %s', (_case, change, pointer) => {
    expect(pointersOf(CURRENT, change)).toEqual([pointer]);
  });

  it('accept what is fine, keep what is absent and clear what is null', () => {
    const quietHours = { from: '22:00', to: '08:00' };
    const first = resolveSettings(CURRENT, { timeZone: 'Asia/Dhaka', quietHours, basis: 'lgpd.7.i' });
    expect(first).toMatchObject({ errors: [], settings: { timeZone: 'Asia/Dhaka', quietHours, basis: 'lgpd.7.i' } });
    expect(resolveSettings(first.settings, {}).settings).toEqual(first.settings);
    expect(resolveSettings(first.settings, { quietHours: null }).settings.quietHours).toBeNull();
  });
});

it('takes only digits for a Page id and only what fits a header for a token', () => {
  expect(checkMetaPageId('104857600000001')).toEqual([]);
  for (const id of ['', 'me', '1/../2', '1'.repeat(33), '１']) expect(checkMetaPageId(id)).toHaveLength(1);
  expect(checkToken('EAAxyz|9_-.')).toEqual([]);
  for (const token of ['', 'a b', 'a\r\nx: y', 'ü', 'x'.repeat(4_097)]) expect(checkToken(token)).toHaveLength(1);
});
