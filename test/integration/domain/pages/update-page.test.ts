import { noticeInForce, noticeOfVersion, pageToken, stopPage, type PageDetail } from '../../../../src/domain/pages';
import type { PageSettingsChange } from '../../../../src/domain/pages';
import { until } from '../../../support/until';
import { openPageWorld, type PageWorld, type SandboxPage } from './page-world';

let world: PageWorld;
let meta: SandboxPage;
let page: PageDetail;

beforeAll(async () => {
  world = await openPageWorld();
});

beforeEach(async () => {
  meta = world.nextPage();
  const input = {
    accountId: world.ann.id,
    metaPageId: meta.id,
    accessToken: meta.token,
    settings: { name: meta.name },
  };
  ({ page } = await world.connect(input));
  world.entries.length = 0;
  world.reopened.length = 0;
  world.blocked.length = 0;
});

afterEach(() => world.clearFaults());
afterAll(() => world.close());

const update = (settings: PageSettingsChange, accessToken?: string) =>
  world.update({ accountId: world.ann.id, ref: meta.id, settings, accessToken });
const stop = (reason: string, code = 190, subcode: number | null = 463) =>
  world.db.transaction((tx) => stopPage(tx, page.id, { reason, code, subcode }));
const reload = () => world.get(world.ann.id, page.uuid);

describe('changing settings', () => {
  it('takes no more than 40 languages together with those there are', async () => {
    const texts = (first: string) =>
      Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`${first}${String.fromCharCode(97 + n)}`, 'Offers.']));
    await update({ notice: texts('x') });
    await expect(update({ notice: texts('y') })).rejects.toMatchObject({
      code: 'validation_failed',
      errors: [{ pointer: '/notice' }],
    });
    expect((await reload()).notices).toHaveLength(21);
  });

  it('refuses what turns the writing of the name', async () => {
    await expect(update({ name: 'Corner \u202eBakery' })).rejects.toMatchObject({ errors: [{ pointer: '/name' }] });
    expect((await reload()).name).toBe(meta.name);
  });

  it('changes what is named and nothing else, and asks Meta nothing', async () => {
    await world.fault('messenger_profile', 'lose_answer');
    const { page: after } = await update({ timeZone: 'Asia/Dhaka', quietHours: { from: '21:30', to: '07:00' } });
    expect(after).toEqual({
      ...page,
      timeZone: 'Asia/Dhaka',
      quietHours: { from: '21:30', to: '07:00' },
      updatedAt: after.updatedAt,
    });
    expect(world.entries).toEqual([]);
    expect((await update({ quietHours: null })).page.quietHours).toBeNull();
  });

  it('goes above 40 a second only with the risk accepted', async () => {
    await expect(update({ ratePerSecond: 80 })).rejects.toMatchObject({ errors: [{ pointer: '/rate_per_second' }] });
    expect((await reload()).ratePerSecond).toBe(35);
    expect((await update({ ratePerSecond: 80, acceptRiskAbove40: true })).page.ratePerSecond).toBe(80);
    expect((await update({ basis: 'consent' })).page.ratePerSecond).toBe(80);
  });

  it('writes one settings entry for a new mode or basis, and the default notice follows the mode', async () => {
    const { page: after } = await update({ optInMode: 'explicit' });
    expect(after).toMatchObject({ optInMode: 'explicit', noticeVersion: 2 });
    expect(after.notices[0]!.body).toContain('May we send you');
    expect(world.entries).toMatchObject([
      { kind: 'notice', notice: { version: 2, language: 'en', sha256: after.notices[0]!.sha256 } },
      { kind: 'settings', metaPageId: meta.id, optInMode: 'explicit', basis: 'consent' },
    ]);
    await update({ optInMode: 'explicit', basis: 'consent' });
    expect(world.entries).toHaveLength(2);
  });
});

describe('changing the notice', () => {
  it('writes a whole new version and keeps the old one as it was', async () => {
    const { page: after } = await update({ notice: { en: 'News each Monday.', de: 'Neues am Montag.' } });
    expect(after.noticeVersion).toBe(2);
    expect(after.notices.map(({ language, version, body }) => [language, version, body])).toEqual([
      ['de', 2, `Ich bin der automatische Assistent von ${meta.name}. Neues am Montag.`],
      ['en', 2, `I am the automated assistant of ${meta.name}. News each Monday.`],
    ]);
    expect(world.entries).toMatchObject([
      { kind: 'notice', notice: { language: 'en', version: 2 } },
      { kind: 'notice', notice: { language: 'de', version: 2 } },
    ]);
    expect(await noticeOfVersion(world.db, page.id, 1, 'de')).toEqual(page.notices[0]);
    expect((await noticeInForce(world.db, page.id, 'de_DE'))?.body).toContain('Montag');

    const { page: last } = await update({ notice: { de: null } });
    expect(last.notices.map(({ language, version }) => [language, version])).toEqual([['en', 3]]);
  });

  it('writes no version for the words that are there already, also when the whole of them comes back', async () => {
    const texts = Object.fromEntries(page.notices.map(({ language, body }) => [language, body]));
    expect((await update({ notice: texts })).page.noticeVersion).toBe(1);
    expect(world.entries).toEqual([]);
  });

  it('keeps its own words when the mode changes', async () => {
    await update({ notice: { en: 'News each Monday.' } });
    const { page: after } = await update({ optInMode: 'explicit' });
    expect(after).toMatchObject({ noticeVersion: 2, optInMode: 'explicit' });
  });

  it('follows the name of the Page in every language, and a name that leaves no room is refused', async () => {
    await update({ notice: { de: 'x'.repeat(580) } });
    const { page: after } = await update({ name: 'Kai' });
    expect(after.notices.map(({ body }) => body.split(' x')[0]!.slice(0, 46))).toEqual([
      'Ich bin der automatische Assistent von Kai.',
      'I am the automated assistant of Kai. We send n',
    ]);
    await expect(update({ name: 'y'.repeat(100) })).rejects.toMatchObject({ errors: [{ pointer: '/notice/de' }] });
    expect((await reload()).name).toBe('Kai');
  });

  it('is numbered without a gap when two change it at once', async () => {
    await Promise.all(['one', 'two', 'three'].map((en) => update({ notice: { en } })));
    expect((await reload()).noticeVersion).toBe(4);
    const versions = world.entries.map((entry) => (entry.kind === 'notice' ? entry.notice.version : 0));
    expect(versions.sort()).toEqual([2, 3, 4]);
  });
});

describe('a stopped Page', () => {
  it('is stopped once, with the reason', async () => {
    expect(await stop('page_token')).toBe(true);
    expect(await stop('page_policy', 368, null)).toBe(false);
    expect(await reload()).toMatchObject({ state: 'stopped', stop: { reason: 'page_token', code: 190, subcode: 463 } });
  });

  it.each(['page_token', 'page_permission'])(
    'goes on with a new token after %s, and so do its broadcasts',
    async (reason) => {
      await stop(reason);
      const { page: after, setup } = await update({}, meta.token);
      expect(after).toMatchObject({ state: 'active', stop: null });
      expect(setup?.state).toBe('complete');
      expect(world.reopened).toEqual([page.id]);
    },
  );

  it('stays stopped with a new token after a fault of policy, and goes on when it is connected again', async () => {
    await stop('page_policy', 368, null);
    expect((await update({}, meta.token)).page.state).toBe('stopped');
    expect(world.reopened).toEqual([]);
    const settings = { name: meta.name };
    const input = { accountId: world.ann.id, metaPageId: meta.id, accessToken: meta.token, settings };
    expect((await world.connect(input)).page).toMatchObject({ state: 'active', stop: null });
    expect(world.reopened).toEqual([page.id]);
  });

  it('stays stopped, and unchanged, with a token that Meta refuses', async () => {
    await stop('page_token');
    await expect(update({ name: 'Other' }, 'EAAanotherDeadToken')).rejects.toMatchObject({
      code: 'page_token_refused',
      metaCode: 190,
    });
    const after = await reload();
    expect(after).toMatchObject({ state: 'stopped', name: meta.name });
    expect(pageToken(world.keyRing, after)).toBe(meta.token);
    expect(world.reopened).toEqual([]);
  });

  it('is not stopped by a late answer about a token that was replaced', async () => {
    const { page: after } = await update({}, meta.token);
    const late = { reason: 'page_token', code: 190, subcode: null };
    const stopFor = ({ tokenCt }: PageDetail) =>
      world.db.transaction((tx) => stopPage(tx, page.id, { ...late, tokenCt }));
    expect(await stopFor(page)).toBe(false);
    expect((await reload()).state).toBe('active');
    expect(await stopFor(after)).toBe(true);
  });

  it('goes on with a new token that arrives while it is being stopped', async () => {
    let renewing: ReturnType<typeof update> | undefined;
    await world.db.transaction(async (tx) => {
      await stopPage(tx, page.id, { reason: 'page_token', code: 190, subcode: null });
      renewing = update({}, meta.token);
      await until('the change waits for the stop', async () => {
        const waiting = await world.db.first(
          `select 1 as yes from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock' and query like '%page%'`,
        );
        return waiting !== undefined;
      });
    });
    expect((await renewing)?.page.state).toBe('active');
    expect(world.reopened).toEqual([page.id]);
  });

  it('can have its settings changed without a call to Meta', async () => {
    await world.db.run('update page set setup = null where id = $1', [page.id]);
    await stop('page_token');
    expect((await update({ ratePerSecond: 10 })).page).toMatchObject({
      state: 'stopped',
      ratePerSecond: 10,
      setup: null,
    });
  });
});

it('repairs a set-up that failed with the token it has', async () => {
  await world.db.run(`update page set setup = jsonb_set(setup, '{state}', '"failed"') where id = $1`, [page.id]);
  const { setup } = await update({});
  expect(setup?.state).toBe('complete');
  expect((await reload()).setup?.state).toBe('complete');
});

describe('disconnecting', () => {
  const disconnect = () => world.disconnect({ accountId: world.ann.id, ref: meta.id });

  it('ends webhooks, token and sends, and keeps the row', async () => {
    const result = await disconnect();
    expect(result).toMatchObject({ unsubscribed: true, fault: null, page: { uuid: page.uuid, state: 'disconnected' } });
    expect(result.page.tokenCt).toBeNull();
    expect(world.fieldsAtMeta(meta.id)).toEqual([]);
    expect(world.blocked).toEqual([`${page.id} page_disconnected`]);
    expect(await disconnect()).toMatchObject({ unsubscribed: true });
    expect(world.blocked).toHaveLength(1);
    expect(() => pageToken(world.keyRing, result.page)).toThrow('disconnected');
    await expect(update({ name: 'x' })).rejects.toMatchObject({ code: 'page_disconnected' });
  });

  it('happens also when Meta refuses, and says so', async () => {
    await world.fault('subscribed_apps', { status: 400, code: 190, subcode: 460, message: 'session changed' });
    expect(await disconnect()).toMatchObject({
      unsubscribed: false,
      fault: { metaCode: 190, metaSubcode: 460, message: 'session changed' },
      page: { state: 'disconnected', tokenCt: null },
    });
  });

  it('leaves the Page free for another account, and the old one cannot take it back while it is held', async () => {
    await disconnect();
    const input = { metaPageId: meta.id, accessToken: meta.token, settings: { name: meta.name } };
    const taken = await world.connect({ accountId: world.bob.id, ...input });
    expect(taken.page.uuid).not.toBe(page.uuid);
    await expect(world.connect({ accountId: world.ann.id, ...input })).rejects.toMatchObject({ code: 'page_taken' });
    await world.disconnect({ accountId: world.bob.id, ref: taken.page.uuid });
    const back = await world.connect({ accountId: world.ann.id, ...input });
    expect(back).toMatchObject({ created: false, page: { uuid: page.uuid, state: 'active', noticeVersion: 1 } });
    expect(world.reopened).toEqual([page.id]);
  });
});
