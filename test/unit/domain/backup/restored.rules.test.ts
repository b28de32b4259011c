import {
  restoredBroadcast,
  restoredPages,
  restoredTag,
  restoredUuid,
} from '../../../../src/domain/backup/restored.rules';

const ID = '0f6f3c0e-7f51-4a10-9d6e-8f0f5a1f9a10';
const NOW = new Date('2026-11-26T10:00:00Z');
const line = (changes: Record<string, unknown> = {}) => ({
  id: ID,
  name: 'Opening',
  purpose: 'promotional',
  status: 'completed',
  page_ids: ['1'],
  message: { text: 'a' },
  audience: { tags_any: ['regular'] },
  schedule: null,
  rate_per_second: null,
  start_delay_seconds: 0,
  ...changes,
});
const page = (changes: Record<string, unknown> = {}) => ({
  page_id: '1',
  state: 'active',
  opt_in_mode: 'conversation_start',
  basis: 'consent',
  addresses_eea: false,
  rate_per_second: 35,
  time_zone: 'UTC',
  ...changes,
});

describe('restoredUuid', () => {
  it('is one UUID for one account and original, whatever its spelling', () => {
    const uuid = restoredUuid('account', ID);
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(restoredUuid('account', ID.toUpperCase())).toBe(uuid);
    expect(restoredUuid('another account', ID)).not.toBe(uuid);
  });
});

describe('restoredBroadcast', () => {
  it('is a draft for those it was for', () => {
    expect(restoredBroadcast(line(), NOW)).toMatchObject({
      originalUuid: ID,
      namesPeople: false,
      body: { audience: { tags_any: ['regular'] }, schedule: null },
    });
  });

  it('is for nobody when its people were named', () => {
    const restored = restoredBroadcast(line({ audience: { lead_ids: [], tags_any: ['a'] } }), NOW);
    expect(restored?.namesPeople).toBe(true);
    expect(restored?.body.audience).toEqual({ tags_any: ['a'], tags_all: ['choose an audience'] });
  });

  it('keeps a start that is to come, and no other', () => {
    const at = (text: string) => restoredBroadcast(line({ schedule: { at: text } }), NOW)?.body['schedule'];
    expect(at('2026-11-26T10:00:01Z')).toEqual({ at: '2026-11-26T10:00:01Z' });
    expect(at('2026-11-26T10:00:00Z')).toBeNull();
  });

  it.each([null, 7, {}, line({ id: 'x' }), line({ page_ids: [] })])('is nothing of %j', (value) => {
    expect(restoredBroadcast(value, NOW)).toBeNull();
  });
});

describe('restoredPages', () => {
  it('takes no looser way of consent, no risk and no Page that was disconnected', () => {
    const pages = [
      page({ rate_per_second: 300 }),
      page({ page_id: '2', opt_in_mode: 'explicit', basis: 'gdpr.6.1.a', addresses_eea: true }),
      page({ page_id: '3', state: 'disconnected' }),
    ];
    expect(restoredPages({ pages })).toEqual([
      { metaPageId: '1', settings: { time_zone: 'UTC', rate_per_second: 40 } },
      {
        metaPageId: '2',
        settings: {
          time_zone: 'UTC',
          rate_per_second: 35,
          opt_in_mode: 'explicit',
          basis: 'gdpr.6.1.a',
          addresses_eea: true,
        },
      },
    ]);
    expect(restoredPages('no settings')).toEqual([]);
  });
});

describe('restoredTag', () => {
  it('is a name or nothing', () => {
    expect([restoredTag({ name: 'a' }), restoredTag({ name: 1 }), restoredTag(null)]).toEqual(['a', null, null]);
  });
});
