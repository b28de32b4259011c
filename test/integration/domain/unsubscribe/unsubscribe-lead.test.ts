import { makeConsentHistory } from '../../../../src/domain/consent';
import { webToken } from '../../../../src/domain/leads';
import {
  makeShowWebPage,
  makeUnsubscribeByWeb,
  makeUnsubscribeLead,
  makeWithdrawLead,
  makeWithdrawPeople,
} from '../../../../src/domain/unsubscribe';
import { message, newPsid, NOTICE_BODY, openInboxWorld, postback, type InboxWorld } from '../inbox/inbox-world';

let world: InboxWorld;
beforeAll(async () => {
  world = await openInboxWorld();
});
afterAll(() => world.close());

const joined = async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, message(page, psid, new Date(world.now().getTime() - 60_000), 'hello'));
  return { page, psid, lead: (await world.leadOf(page, psid))! };
};
const kinds = async (accountId: string, leadUuid: string) =>
  (await makeConsentHistory(world.deps)({ accountId, leadUuid })).map(({ kind, via }) => `${kind} ${via ?? ''}`);

test('the API unsubscribes once, with one entry, one confirmation and nothing left waiting', async () => {
  const { page, psid, lead } = await joined();
  const unsubscribe = makeUnsubscribeLead(world.deps);
  const input = { accountId: page.accountId, leadUuid: lead.uuid, via: 'api' } as const;
  const results = await Promise.all([unsubscribe(input), unsubscribe(input), unsubscribe(input)]);
  expect(results.filter(({ changed }) => changed)).toHaveLength(1);
  expect((await world.leadOf(page, psid))!.status).toBe('unsubscribed');
  expect(await kinds(page.accountId, lead.uuid)).toEqual(['opt_in first_message', 'withdraw api']);
  expect(await world.count(`reply where lead_id = $1 and kind = 'confirm_unsubscribed'`, [lead.id])).toBe(1);
  expect(world.skipped.filter(({ leadId }) => leadId === lead.id)).toHaveLength(1);
});

test('an unsubscribe wins over an act of the person that is dated a little ahead', async () => {
  const { page, psid, lead } = await joined();
  await world.deliver(page, postback(page, psid, new Date(world.now().getTime() + 120_000), 'assent:v1:subscribe'));
  await expect(
    makeUnsubscribeLead(world.deps)({ accountId: page.accountId, leadUuid: lead.uuid, via: 'admin' }),
  ).resolves.toEqual({ changed: true });
  expect((await world.leadOf(page, psid))!.status).toBe('unsubscribed');
});

test('the web page: looking changes nothing, the button unsubscribes, a wrong token opens nothing', async () => {
  const { page, psid, lead } = await joined();
  const token = webToken(lead.dek);
  const show = makeShowWebPage(world.deps);
  const press = makeUnsubscribeByWeb(world.deps);
  expect(await show(token)).toEqual({ pageName: 'Test Page', status: 'subscribed', notice: NOTICE_BODY });
  expect(await show(token)).toEqual({ pageName: 'Test Page', status: 'subscribed', notice: NOTICE_BODY });
  expect((await world.leadOf(page, psid))!.status).toBe('subscribed');
  expect(await press(token)).toEqual({ pageName: 'Test Page', status: 'unsubscribed', notice: NOTICE_BODY });
  expect(await press(token)).toEqual({ pageName: 'Test Page', status: 'unsubscribed', notice: NOTICE_BODY });
  expect(await show(token)).toEqual({ pageName: 'Test Page', status: 'unsubscribed', notice: NOTICE_BODY });
  expect(await kinds(page.accountId, lead.uuid)).toEqual(['opt_in first_message', 'withdraw web']);
  for (const wrong of ['', 'AAAAAAAAAAAAAAAAAAAAAA', `${token}A`, lead.uuid]) {
    expect(await show(wrong)).toBeNull();
    expect(await press(wrong)).toBeNull();
  }
});

test('opt-outs brought along unsubscribe those who are leads, once', async () => {
  const { page, psid } = await joined();
  const second = newPsid();
  await world.deliver(page, message(page, second, new Date(world.now().getTime() - 60_000), 'stop'));
  const withdrawPeople = makeWithdrawPeople(world.deps);
  const target = { ...page, basis: 'gdpr.6.1.a', noticeVersion: 1 };
  expect(await withdrawPeople(target, [psid, second, newPsid()])).toBe(1);
  expect(await withdrawPeople(target, [psid, second])).toBe(0);
  expect((await world.leadOf(page, psid))!.status).toBe('unsubscribed');
});

test('coming back by the button counts only after the withdrawal', async () => {
  const { page, psid, lead } = await joined();
  await makeUnsubscribeLead(world.deps)({ accountId: page.accountId, leadUuid: lead.uuid, via: 'api' });
  await world.deliver(page, postback(page, psid, new Date(world.now().getTime() - 1_000), 'assent:v1:subscribe'));
  expect((await world.leadOf(page, psid))!.status).toBe('unsubscribed');
  await world.deliver(page, postback(page, psid, new Date(world.now().getTime() + 1_000), 'assent:v1:subscribe'));
  expect((await world.leadOf(page, psid))!.status).toBe('subscribed');
  expect(await kinds(page.accountId, lead.uuid)).toEqual(['opt_in first_message', 'withdraw api', 're_opt_in button']);
});

test('who blocked the Page is withdrawn and not written to', async () => {
  const { page, lead } = await joined();
  await makeWithdrawLead(world.deps)(lead.id, 'bounce');
  await makeWithdrawLead(world.deps)(lead.id, 'bounce');
  await expect(makeWithdrawLead(world.deps)('999999999', 'bounce')).resolves.toBeUndefined();
  expect(await kinds(page.accountId, lead.uuid)).toEqual(['opt_in first_message', 'withdraw bounce']);
  expect(await world.count(`reply where lead_id = $1 and kind <> 'welcome'`, [lead.id])).toBe(0);
  expect(world.skipped.filter(({ leadId }) => leadId === lead.id)).toHaveLength(1);
});
