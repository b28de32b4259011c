import { decideEligibility, makeRulesAt } from '../../../../src/domain/broadcasts/eligibility.rules';
import { expireClosedPages } from '../../../../src/domain/erasure';
import { openVerifier, reasonsOf, statesOf, type Verifier } from '../../../support/verifier';
import { event, newPsid, type TestPage } from '../inbox/inbox-world';
import type { Subscriber } from '../proof/proof-world';
import { openReturnsWorld, type ReturnsWorld } from './returns-world';

let world: ReturnsWorld;
let verifier: Verifier;
let page: TestPage;

beforeAll(async () => {
  world = await openReturnsWorld();
  verifier = openVerifier();
});
afterAll(async () => {
  verifier.close();
  await world.close();
});
beforeEach(async () => {
  page = await world.connect();
});

const sound = async (): Promise<void> => {
  await world.sequence();
  expect((await world.audit()).findings).toEqual([]);
};
const came = async (into: TestPage, archive: Buffer) => (await world.importInto(into, archive)).leads;
const isHere = async (on: TestPage, { psid }: Subscriber): Promise<boolean> =>
  (await world.leadOf(on, psid)) !== undefined;

it('brings people back by their proofs, once, with a chain that goes on where it was', async () => {
  const [ann, bob] = [await world.write(page), await world.write(page)];
  await world.tap(page, ann.psid, 'assent:v1:unsubscribe');
  world.setNow(new Date(world.now().getTime() + 60_000));
  await world.tap(page, ann.psid, 'assent:v1:subscribe');
  const before = await world.bundleOf(page, ann.uuid);
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  await sound();

  const again = await world.connect(page.metaPageId);
  const { size } = await world.audit();
  expect(await came(again, archive)).toEqual({ inArchive: 2, returned: 2, already: 0, refused: {} });
  await world.sequence();
  const audited = await world.audit();
  expect(audited).toMatchObject({ findings: [], people: 2, size: size + 1 });
  for (const person of [ann, bob]) {
    const lead = (await world.leadOf(again, person.psid))!;
    expect(lead.status).toBe('subscribed');
    const bundle = await world.bundleOf(again, lead.uuid);
    const verdict = verifier.verify(bundle, ['--key', world.vkey]);
    expect([reasonsOf(verdict), statesOf(verdict)]).toEqual(['', expect.stringMatching(/^PASS/)]);
  }
  const lead = (await world.leadOf(again, ann.psid))!;
  const beside = verifier.file('before', before);
  const both = verifier.verify(await world.bundleOf(again, lead.uuid), ['--key', world.vkey, '--earlier', beside]);
  expect(reasonsOf(both)).toBe('');

  expect(await came(again, archive)).toEqual({ inArchive: 2, returned: 0, already: 2, refused: {} });
  await world.sequence();
  expect(await world.audit()).toMatchObject({ findings: [], size: size + 1 });

  await world.tap(again, ann.psid, 'assent:v1:unsubscribe');
  expect((await world.leadOf(again, ann.psid))!.status).toBe('unsubscribed');
  await sound();
});

const refusedAll = async (into: TestPage, archive: Buffer) => (await came(into, archive)).refused;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const later = (ms: number) => world.setNow(new Date(world.now().getTime() + ms));

it('brings nobody back who had left, before the archive or after it', async () => {
  const [ann, bob] = [await world.write(page), await world.write(page)];
  await world.tap(page, ann.psid, 'assent:v1:unsubscribe');
  const archive = await world.archiveOf(page);
  await world.tap(page, bob.psid, 'assent:v1:unsubscribe');
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  expect(await came(again, archive)).toMatchObject({ returned: 0, refused: { unsubscribed: 1, went_on: 1 } });
  expect([await isHere(again, ann), await isHere(again, bob)]).toEqual([false, false]);
  await sound();
});

it('brings nobody back of whom an entry was written after the archive', async () => {
  const ann = await world.write(page);
  const archive = await world.archiveOf(page);
  await world.showNotice(page, ann.id);
  await world.deleteAccount(page);
  expect(await refusedAll(await world.connect(page.metaPageId), archive)).toEqual({ went_on: 1 });
});

it('brings nobody back who was restricted, or whose row was no subscriber, when the account was closed', async () => {
  const [ann, bob] = [await world.write(page), await world.write(page)];
  const archive = await world.archiveOf(page);
  await world.db.run('update lead set restricted_at = now() where id = $1', [ann.id]);
  await world.db.run(`update lead set status = 'suppressed' where id = $1`, [bob.id]);
  await world.deleteAccount(page);
  expect(await refusedAll(await world.connect(page.metaPageId), archive)).toEqual({ went_on: 2 });
});

it('brings nobody back who was erased: before the deletion, after they came back, or as somebody new', async () => {
  const [ann, bob, cid] = [await world.write(page), await world.write(page), await world.write(page)];
  const archive = await world.archiveOf(page);
  await world.erase(page, ann);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  expect(await came(again, archive)).toMatchObject({ returned: 2, refused: { erased: 1 } });
  await world.sequence();
  await world.erase(again, (await world.leadOf(again, bob.psid))!);
  expect(await came(again, archive)).toEqual({ inArchive: 3, returned: 0, already: 1, refused: { erased: 2 } });
  for (const [person, here] of [
    [ann, false],
    [bob, false],
    [cid, true],
  ] as const)
    expect(await isHere(again, person)).toBe(here);
  await sound();
});

it('brings nobody of a Page back once somebody who wrote there anew was erased, for they may be in the archive', async () => {
  const [ann, bob] = [await world.write(page), await world.write(page)];
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  const anew = await world.write(again, ann.psid);
  expect((await world.leadOf(again, ann.psid))!.row['returned_at']).toBeNull();
  await world.erase(again, anew);
  later(3 * DAY_MS);
  expect(await refusedAll(again, archive)).toEqual({ page_not_closed: 2 });
  expect([await isHere(again, ann), await isHere(again, bob)]).toEqual([false, false]);
  await sound();
});

it('leaves alone who wrote anew, and what they said', async () => {
  const [ann, bob] = [await world.write(page), await world.write(page)];
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  await world.tap(again, ann.psid, 'assent:v1:unsubscribe');
  expect(await came(again, archive)).toMatchObject({ returned: 1, refused: { known_again: 1 } });
  expect((await world.leadOf(again, ann.psid))!.status).toBe('unsubscribed');
  expect((await world.leadOf(again, bob.psid))!.status).toBe('subscribed');
  await sound();
});

it.each([
  ['before the deletion was carried out', false],
  ['after it', true],
])('brings nobody back once somebody left the Page while no account had it: %s', async (_when, isAfter) => {
  const [ann, bob] = [await world.write(page), await world.write(page)];
  const archive = await world.archiveOf(page);
  await world.confirmDeletion(page);
  if (!isAfter) await world.tap(page, ann.psid, 'assent:v1:unsubscribe');
  await world.finishDeletion();
  if (isAfter) await world.tap(page, ann.psid, 'assent:v1:unsubscribe');
  const again = await world.connect(page.metaPageId);
  const { refused } = await came(again, archive);
  expect(refused).toEqual({ page_not_closed: 2 });
  expect([await isHere(again, ann), await isHere(again, bob)]).toEqual([false, false]);
});

it('hears an opt-out of somebody unknown that makes nobody', async () => {
  const ann = await world.write(page);
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  await world.tap(again, ann.psid, 'assent:v1:erase:yes');
  expect(await isHere(again, ann)).toBe(false);
  expect(await refusedAll(again, archive)).toEqual({ page_not_closed: 1 });
});

it('brings people back only to the one account that has their Page', async () => {
  const ann = await world.write(page);
  const archive = await world.archiveOf(page);
  const elsewhere = await world.connect();
  expect(await refusedAll(elsewhere, archive)).toEqual({ page_not_connected: 1 });
  await world.deleteAccount(page);
  const between = await world.connect(page.metaPageId);
  await world.db.run(`update page set state = 'disconnected' where id = $1`, [between.id]);
  expect(await refusedAll(between, archive)).toEqual({ page_not_connected: 1 });
  const again = await world.connect(page.metaPageId);
  expect(await refusedAll(again, archive)).toEqual({ page_elsewhere: 1 });
  await world.deleteAccount(between);
  // What people said to that account nobody knows any more.
  expect(await refusedAll(again, archive)).toEqual({ page_not_closed: 1 });
  expect(await isHere(again, ann)).toBe(false);
});

it('brings nobody back of a Page that was not connected any more at the yes', async () => {
  await world.write(page);
  const archive = await world.archiveOf(page);
  await world.db.run(`update page set state = 'disconnected' where id = $1`, [page.id]);
  await world.deleteAccount(page);
  expect(await refusedAll(await world.connect(page.metaPageId), archive)).toEqual({ page_not_closed: 1 });
});

it('brings people back from account to account, by the archive of the last as by that of the first', async () => {
  const [ann, bob] = [await world.write(page), await world.write(page)];
  const first = await world.archiveOf(page);
  await world.deleteAccount(page);
  const second = await world.connect(page.metaPageId);
  expect(await came(second, first)).toMatchObject({ returned: 2 });
  await world.sequence();
  await world.tap(second, ann.psid, 'assent:v1:unsubscribe');
  const last = await world.archiveOf(second);
  await world.deleteAccount(second);
  const third = await world.connect(page.metaPageId);
  expect(await came(third, first)).toMatchObject({ returned: 1, refused: { went_on: 1 } });
  expect(await came(third, last)).toMatchObject({ returned: 0, already: 1, refused: { unsubscribed: 1 } });
  expect([await isHere(third, ann), await isHere(third, bob)]).toEqual([false, true]);
  await sound();
});

it('asks for an explicit yes where the Page does, and passes over who is on its list', async () => {
  const strict = await world.connect(undefined, 'explicit');
  const [ann, bob] = [await world.write(strict), await world.write(strict)];
  later(MINUTE_MS);
  await world.tap(strict, ann.psid, 'assent:v1:subscribe');
  const asked = await world.archiveOf(strict);
  await world.deleteAccount(strict);
  const strictly = await world.connect(strict.metaPageId, 'explicit');
  expect(await came(strictly, asked)).toMatchObject({ returned: 1, refused: { no_consent: 1 } });
  expect([await isHere(strictly, ann), await isHere(strictly, bob)]).toEqual([true, false]);

  const [cid, dan] = [await world.write(page), await world.write(page)];
  const loose = await world.archiveOf(page);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId, 'explicit');
  expect(await refusedAll(again, loose)).toEqual({ not_explicit: 2 });
  await world.db.run(`update page set opt_in_mode = 'conversation_start' where id = $1`, [again.id]);
  await world.suppress(again, cid.psid);
  expect(await came(again, loose)).toMatchObject({ returned: 1, refused: { suppressed: 1 } });
  expect([await isHere(again, cid), await isHere(again, dan)]).toEqual([false, true]);
  await world.db.run(`update page set opt_in_mode = 'explicit' where id = $1`, [again.id]);
  await sound();
});

it('sends nothing to who came back before they write, and leaves the permission of Meta behind', async () => {
  const ann = await world.write(page);
  const optin = { type: 'notification_messages', notification_messages_token: 'token-1' };
  await world.deliver(page, event(page, ann.psid, world.now(), { optin }));
  await world.sequence();
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  expect(await came(again, archive)).toMatchObject({ returned: 1 });
  await sound();
  const decision = async () => {
    const { row } = (await world.leadOf(again, ann.psid))!;
    const facts = {
      status: row['status'] as 'subscribed',
      restrictedAt: null,
      consentEntry: row['consent_entry'] as string,
      noticeShownAt: row['notice_shown_at'] as Date,
      unreachableAt: null,
      lastInboundAt: row['last_inbound_at'] as Date | null,
      lastAdMessageAt: null,
      marketingTokenState: row['marketing_token_state'] as string | null,
      marketingTokenExpiresAt: null,
    };
    return decideEligibility(
      facts,
      { basis: 'gdpr.6.1.a' },
      makeRulesAt({ adWindow: false })(world.now()),
      world.now(),
    );
  };
  expect(await decision()).toEqual({ eligible: false, reason: 'window_closed' });
  await world.write(again, ann.psid, 'are you there?');
  expect(await decision()).toMatchObject({ eligible: true });
  await world.deliver(
    again,
    event(again, ann.psid, world.now(), { optin: { ...optin, notification_messages_token: 't2' } }),
  );
  await sound();
});

it('lets people come back for 90 days', async () => {
  await world.write(page);
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  later(90 * DAY_MS);
  expect(await refusedAll(again, archive)).toEqual({ page_not_closed: 1 });
  expect(await expireClosedPages(world.db, world.now())).toBeGreaterThan(0);
  expect(await world.count('closed_page')).toBe(0);
});

it('leaves no name of anybody in what it answers and logs', async () => {
  const ann = await world.write(page, newPsid(), 'my canary words');
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  const answer = JSON.stringify(await world.importInto(again, archive));
  const logged = JSON.stringify(world.logged);
  for (const text of [answer, logged])
    for (const name of [ann.psid, 'canary', ann.uuid]) expect(text).not.toContain(name);
});

it('keeps the wordings that people bring along, for their proofs', async () => {
  const ann = await world.write(page);
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  const again = await world.connect(page.metaPageId);
  await world.db.run(
    `update notice set body = 'Another text', sha256 = sha256(convert_to('Another text', 'UTF8')) where page_id = $1`,
    [again.id],
  );
  expect(await came(again, archive)).toMatchObject({ returned: 1 });
  await world.sequence();
  expect(await world.count('returned_notice where page_id = $1', [again.id])).toBe(1);
  const bundle = await world.bundleOf(again, (await world.leadOf(again, ann.psid))!.uuid);
  expect(reasonsOf(verifier.verify(bundle, ['--key', world.vkey]))).toBe('');
});
