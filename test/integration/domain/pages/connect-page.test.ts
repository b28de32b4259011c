import { createHash } from 'node:crypto';
import { accountKey } from '../../../../src/domain/accounts';
import {
  findPageByMetaId,
  listActivePages,
  noticeInForce,
  pageToken,
  withPageRing,
} from '../../../../src/domain/pages';
import { openField } from '../../../../src/kernel/crypto/field-cipher';
import { tablesHolding } from '../accounts/account-world';
import { openPageWorld, type PageWorld, type SandboxPage } from './page-world';

let world: PageWorld;

beforeAll(async () => {
  world = await openPageWorld();
});

afterEach(() => world.clearFaults());
afterAll(() => world.close());

const connect = (page: SandboxPage, more: object = {}, accountId = world.ann.id) =>
  world.connect({
    accountId,
    metaPageId: page.id,
    accessToken: page.token,
    settings: { name: page.name, ...more },
  });

const count = async (text: string, values: unknown[]) =>
  (await world.db.first<{ n: number }>(`select count(*)::int as n from ${text}`, values))!.n;
const pagesAtMeta = (id: string) => count('page where meta_page_id = $1', [id]);

describe('connecting a Page', () => {
  it('stores it whole and sets up its side at Meta', async () => {
    const meta = world.nextPage();
    const seen = world.entries.length;
    const { page, setup, created } = await connect(meta);
    expect(created).toBe(true);
    expect(page).toMatchObject({
      accountId: world.ann.id,
      metaPageId: meta.id,
      name: meta.name,
      state: 'active',
      stop: null,
      optInMode: 'conversation_start',
      basis: 'consent',
      ratePerSecond: 35,
      timeZone: 'UTC',
      quietHours: null,
      noticeVersion: 1,
    });
    expect(setup).toMatchObject({ state: 'complete', lostFields: [], faults: [] });
    expect((await world.get(world.ann.id, meta.id)).setup).toEqual(setup);
    expect(world.fieldsAtMeta(meta.id)).toEqual(
      expect.arrayContaining(['messages', 'messaging_postbacks', 'message_echoes', 'standby', 'messaging_optouts']),
    );
    expect(await count('key_bucket where page_id = $1 and key_version = 1', [page.id])).toBe(1_024);
    expect(await count('page_pace where page_id = $1', [page.id])).toBe(1);
    expect(await count('page_lane where page_id = $1 and lane in (0, 1)', [page.id])).toBe(2);

    const body = `I am the automated assistant of ${meta.name}. We send news and offers in this chat, usually not more than once a week. Tap Unsubscribe whenever you want no more of them.`;
    const sha256 = createHash('sha256').update(body).digest();
    expect(page.notices).toEqual([{ version: 1, language: 'en', surface: 'messenger_welcome', body, sha256 }]);
    expect(world.entries.slice(seen)).toEqual([
      {
        kind: 'notice',
        metaPageId: meta.id,
        notice: { version: 1, language: 'en', surface: 'messenger_welcome', sha256 },
      },
      { kind: 'settings', metaPageId: meta.id, optInMode: 'conversation_start', basis: 'consent' },
    ]);
  });

  it('keeps the token in no table and no log line, and another process can open it', async () => {
    const meta = world.nextPage();
    const { page } = await connect(meta);
    expect(page.tokenCt).not.toBeNull();
    const other = await world.openKeyRingAgain();
    expect(() => pageToken(other, page)).toThrow(expect.objectContaining({ code: 'key_version_unknown' }) as Error);
    expect(await withPageRing(other, page.uuid, () => pageToken(other, page))).toBe(meta.token);
    expect(await tablesHolding(world.db, [meta.token, meta.token.slice(4, 30)])).toEqual([]);
    expect(world.logged.join()).not.toContain(meta.token.slice(4, 30));
    expect(await tablesHolding(world.db, ['ann@example.com'])).toEqual([]);
  });

  it('refuses a token that opens nothing or another Page, with what Meta said, and stores nothing', async () => {
    const meta = world.nextPage();
    const neighbour = world.nextPage();
    const rings = await count('key_ring', []);
    await expect(connect({ ...meta, token: 'EAAthisTokenIsNobodys' })).rejects.toMatchObject({
      code: 'page_token_refused',
      metaCode: 190,
      metaSubcode: null,
      message: 'Meta refused the token: Invalid OAuth access token.',
      errors: [{ pointer: '/access_token' }],
    });
    await expect(connect({ ...meta, token: neighbour.token })).rejects.toMatchObject({
      code: 'page_token_refused',
      metaCode: 100,
      metaSubcode: 33,
    });
    expect(await pagesAtMeta(meta.id)).toBe(0);
    expect(await count('key_ring', [])).toBe(rings);
    expect(world.fieldsAtMeta(meta.id)).toEqual([]);
  });

  it('tells a busy or absent Meta from a refused token', async () => {
    const meta = world.nextPage();
    for (const answer of [
      { status: 400, code: 613 },
      { status: 500, code: 2 },
      'http_500_no_envelope',
      'lose_answer',
    ]) {
      await world.fault('object', answer, { times: 1 });
      await expect(connect(meta)).rejects.toMatchObject({ code: 'meta_unreachable' });
      await world.clearFaults();
    }
    await world.fault('object', { status: 400, code: 190, subcode: 463, message: 'expired' }, { times: 1 });
    await expect(connect(meta)).rejects.toMatchObject({ code: 'page_token_refused', metaSubcode: 463 });
    expect(await pagesAtMeta(meta.id)).toBe(0);
  });

  it('names every bad field before Meta is asked', async () => {
    const meta = world.nextPage();
    await world.fault('object', 'lose_answer');
    const settings = { name: '', ratePerSecond: 41, notice: { en: 'x'.repeat(640) } };
    await expect(connect(meta, settings)).rejects.toMatchObject({
      code: 'validation_failed',
      errors: [{ pointer: '/name' }, { pointer: '/rate_per_second' }, { pointer: '/notice/en' }],
    });
    await expect(connect({ ...meta, id: 'me', token: 'a b' })).rejects.toMatchObject({
      errors: [{ pointer: '/page_id' }, { pointer: '/access_token' }],
    });
    expect(await pagesAtMeta(meta.id)).toBe(0);
  });

  it('keeps the reason for the weaker mode in the EEA as an audit event, as ciphertext', async () => {
    const reason = 'our counsel has a canary opinion on it';
    const meta = world.nextPage();
    const risky = { addressesEea: true, optInMode: 'conversation_start' };
    await expect(connect(meta, risky)).rejects.toMatchObject({ errors: [{ pointer: '/opt_in_mode_reason' }] });
    const { page } = await connect(meta, { ...risky, optInModeReason: reason });
    expect(page).toMatchObject({ optInMode: 'conversation_start', basis: 'gdpr.6.1.a', addressesEea: true });
    const events = await world.db.rows<{ public_id: string; detail_ct: Buffer }>(
      `select public_id, detail_ct from audit_event where kind = 'page.opt_in_mode_reason'`,
    );
    expect(events).toHaveLength(1);
    const key = await accountKey(world.db, world.keyRing, world.ann.id);
    const place = { table: 'audit_event', column: 'detail_ct', row: events[0]!.public_id };
    expect(JSON.parse(openField(key, place, events[0]!.detail_ct).toString())).toMatchObject({
      page: page.uuid,
      reason,
    });
    expect(await tablesHolding(world.db, ['canary opinion'])).toEqual([]);
  });

  it('asks for permission in the default notice of the mode `explicit`', async () => {
    const { page } = await connect(world.nextPage(), { addressesEea: true, notice: { de: 'Neues, wöchentlich.' } });
    expect(page.optInMode).toBe('explicit');
    expect(page.notices.map(({ language, body }) => [language, body.split('. ')[1]])).toEqual([
      ['de', 'Neues, wöchentlich.'],
      ['en', expect.stringMatching(/^May we send you news/) as string],
    ]);
    expect((await noticeInForce(world.db, page.id, 'de_AT'))?.language).toBe('de');
    expect((await noticeInForce(world.db, page.id, 'fr'))?.language).toBe('en');
  });
});

describe('what Meta refuses after the token was good', () => {
  it('is a shorter list of fields, with the lost ones named', async () => {
    const meta = world.nextPage();
    await world.fault('subscribed_apps', { status: 403, code: 200, message: '(#200) no permission' }, { times: 1 });
    const { setup } = await connect(meta);
    expect(setup.state).toBe('reduced');
    expect(setup.subscribedFields).toEqual(world.fieldsAtMeta(meta.id));
    expect(setup.subscribedFields).toContain('message_echoes');
    expect(setup.lostFields).toContain('messaging_optouts');
    expect(setup.faults).toEqual([
      { step: 'subscription', metaCode: 200, metaSubcode: null, message: '(#200) no permission' },
    ]);
  });

  it('leaves a Page whose set-up failed, which connecting again repairs', async () => {
    const meta = world.nextPage();
    await world.fault('subscribed_apps', { status: 403, code: 200, message: '(#200) no permission' });
    await world.fault('messenger_profile', 'http_500_no_envelope');
    const first = await connect(meta);
    expect(first.setup).toMatchObject({ state: 'failed', subscribedFields: [] });
    expect(first.setup.faults.map(({ step }) => step)).toEqual(['profile', 'subscription']);
    expect((await world.get(world.ann.id, meta.id)).setup?.state).toBe('failed');
    await world.clearFaults();
    const again = await connect(meta);
    expect(again).toMatchObject({ created: false, setup: { state: 'complete' }, page: { uuid: first.page.uuid } });
    expect(world.fieldsAtMeta(meta.id)).toContain('messages');
    expect(await pagesAtMeta(meta.id)).toBe(1);
  });

  it('leaves a Page without a set-up when the process dies in between, which connecting again repairs', async () => {
    const meta = world.nextPage();
    const { page } = await connect(meta);
    await world.db.run('update page set setup = null where id = $1', [page.id]);
    expect((await world.get(world.ann.id, meta.id)).setup).toBeNull();
    expect((await connect(meta)).page.setup?.state).toBe('complete');
  });
});

describe('connecting the same Page again', () => {
  it('renews its token and name and keeps the settings that are not named', async () => {
    const meta = world.nextPage();
    const first = await connect(meta, { ratePerSecond: 20, quietHours: { from: '22:00', to: '08:00' } });
    const again = await connect({ ...meta, name: 'A new name' }, { basis: 'lgpd.7.i' });
    expect(again.created).toBe(false);
    expect(again.page).toMatchObject({
      uuid: first.page.uuid,
      name: 'A new name',
      ratePerSecond: 20,
      quietHours: { from: '22:00', to: '08:00' },
      basis: 'lgpd.7.i',
      noticeVersion: 2,
    });
    expect(again.page.notices[0]!.body).toMatch(/^I am the automated assistant of A new name\. We send/);
    expect(await count('key_bucket where page_id = $1', [first.page.id])).toBe(1_024);
  });

  it('makes one Page when both calls come at once', async () => {
    const meta = world.nextPage();
    const results = await Promise.all([connect(meta), connect(meta), connect(meta)]);
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(results.map(({ page }) => page.uuid)).size).toBe(1);
    expect(await pagesAtMeta(meta.id)).toBe(1);
  });

  it('takes the id it is given only for a Page that is new', async () => {
    const meta = world.nextPage();
    const [first, second] = [world.ids.uuid(), world.ids.uuid()];
    const input = { accountId: world.ann.id, metaPageId: meta.id, accessToken: meta.token, settings: { name: 'x' } };
    expect((await world.connect({ ...input, uuid: first })).page.uuid).toBe(first);
    expect((await world.connect({ ...input, uuid: second })).page.uuid).toBe(first);
  });
});

describe('a Page of another account', () => {
  it('cannot be connected, and the refusal does not say whose it is', async () => {
    const meta = world.nextPage();
    await connect(meta);
    const rings = await count('key_ring', []);
    const refusal = connect(meta, {}, world.bob.id);
    await expect(refusal).rejects.toMatchObject({ code: 'page_taken' });
    const text = await refusal.catch((error: unknown) => JSON.stringify(error, Object.getOwnPropertyNames(error)));
    expect(text).not.toContain(world.ann.uuid);
    expect(await count('key_ring', [])).toBe(rings);
    expect(await pagesAtMeta(meta.id)).toBe(1);
    await expect(connect({ ...meta, token: 'EAAguess12345' }, {}, world.bob.id)).rejects.toMatchObject({
      code: 'page_token_refused',
    });
  });

  it('goes to one of two accounts that ask at once', async () => {
    const meta = world.nextPage();
    const results = await Promise.allSettled([connect(meta), connect(meta, {}, world.bob.id)]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    expect(refused).toMatchObject([{ code: 'page_taken' }]);
    expect(await pagesAtMeta(meta.id)).toBe(1);
  });

  it('is found by nobody else: not by either id, not in the list, not for a change', async () => {
    const meta = world.nextPage();
    const { page } = await connect(meta);
    for (const ref of [meta.id, page.uuid]) {
      const missing = { code: 'page_not_found' };
      await expect(world.get(world.bob.id, ref)).rejects.toMatchObject(missing);
      await expect(world.update({ accountId: world.bob.id, ref, settings: { name: 'mine' } })).rejects.toMatchObject(
        missing,
      );
      await expect(world.disconnect({ accountId: world.bob.id, ref })).rejects.toMatchObject(missing);
      expect((await world.get(world.ann.id, ref)).uuid).toBe(page.uuid);
    }
    const ofBob = await world.list({ accountId: world.bob.id, limit: 200, after: null });
    expect(ofBob.items.filter(({ accountId }) => accountId !== world.bob.id)).toEqual([]);
    expect(await world.list({ accountId: world.bob.id, limit: 200, after: page.uuid })).toEqual(ofBob);
    await expect(world.get(world.ann.id, '../x')).rejects.toMatchObject({ code: 'page_not_found' });
  });
});

it('lists the Pages of an account in parts, and the active ones of all', async () => {
  const all = await world.list({ accountId: world.ann.id, limit: 200 });
  expect(all.next).toBeNull();
  const parts: string[] = [];
  for (let after: string | null = null, more = true; more;) {
    const part = await world.list({ accountId: world.ann.id, limit: 3, after });
    parts.push(...part.items.map(({ uuid }) => uuid));
    after = part.next;
    more = after !== null;
  }
  expect(parts).toEqual(all.items.map(({ uuid }) => uuid));
  expect(parts.length).toBeGreaterThan(6);
  expect((await listActivePages(world.db)).map(({ uuid }) => uuid)).toEqual(expect.arrayContaining(parts));
  const page = all.items[0]!;
  expect((await findPageByMetaId(world.db, page.metaPageId))?.uuid).toBe(page.uuid);
});
