import { randomUUID } from 'node:crypto';
import { skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import { makeCarryOutErasures, makeRequestErasure } from '../../../../src/domain/erasure';
import { makeDrainInbox } from '../../../../src/domain/inbox';
import { bodyOf, event, message, newPsid, postback, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld } from '../proof/proof-world';

let world: ProofWorld;
let page: TestPage;
beforeAll(async () => {
  world = await openProofWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  page = await world.newPage();
  await world.logPage(page);
});

const inSeconds = (seconds: number): Date => new Date(world.now().getTime() + seconds * 1_000);
const pass = (seconds: number): void => world.setNow(inSeconds(seconds));
const isKnown = async (psid: string): Promise<boolean> => (await world.leadOf(page, psid)) !== undefined;

async function ask(psid: string): Promise<void> {
  await makeRequestErasure({ ...world.deps, skipPendingOfLead, skipRepliesOfLead })({
    accountId: page.accountId,
    leadUuid: (await world.leadOf(page, psid))!.uuid,
    erasureUuid: randomUUID(),
    keepsMark: false,
  });
}
async function carryOut(): Promise<number> {
  await world.sequence();
  return makeCarryOutErasures({ ...world.deps, keyRingCopy: null, dropBackupFiles: () => Promise.resolve(0) })();
}

async function erase(psid: string): Promise<void> {
  await ask(psid);
  expect(await carryOut()).toBe(1);
  expect(await isKnown(psid)).toBe(false);
}

it('brings nobody back by what is delivered again, with a clock of Meta that is ahead: neither the newest nor an earlier one', async () => {
  const psid = newPsid();
  const start = postback(page, psid, inSeconds(150), 'assent:v1:start');
  const second = message(page, psid, inSeconds(200), 'hello');
  const plugin = event(page, psid, inSeconds(250), { optin: { ref: 'shop' } });
  const far = message(page, psid, inSeconds(1_000), 'from a clock that is wrong');
  for (const one of [start, second, plugin, far]) await world.deliver(page, one);
  expect(await isKnown(psid)).toBe(true);
  pass(1);
  await erase(psid);
  for (const seconds of [1, 100, 640]) {
    pass(seconds);
    for (const one of [start, second, plugin, far]) await world.deliver(page, one);
    expect(await isKnown(psid)).toBe(false);
  }
});

it('takes in who writes again at once, with a clock of Meta that is ahead', async () => {
  const psid = newPsid();
  await world.deliver(page, message(page, psid, inSeconds(200), 'hello'));
  pass(1);
  await erase(psid);
  pass(1);
  await world.deliver(page, message(page, psid, inSeconds(200), 'hello again'));
  expect(await isKnown(psid)).toBe(true);
});

it('brings nobody back by what came before the rows were gone and was read afterwards, then or when it is delivered again', async () => {
  const psid = newPsid();
  await world.deliver(page, message(page, psid, world.now(), 'hello'));
  await ask(psid);
  const waiting = message(page, psid, inSeconds(200), 'meanwhile');
  await world.deliver(page, waiting);
  pass(1);
  await carryOut();
  pass(10);
  await world.drain();
  expect(await world.count('inbox')).toBe(0);
  expect(await isKnown(psid)).toBe(false);
  await world.deliver(page, waiting);
  expect(await isKnown(psid)).toBe(false);
});

it.each([
  ['one event', (late: object) => [late]],
  ['several', (late: object, other: object) => [other, late]],
])('knows in a drain that began before midnight who was erased after it: a body of %s', async (_, eventsOf) => {
  world.setNow(new Date(Math.ceil((world.now().getTime() + 1) / 86_400_000) * 86_400_000 - 2_000));
  const psid = newPsid();
  await world.deliver(page, message(page, psid, world.now(), 'hello'));
  await ask(psid);
  const late = message(page, psid, world.now(), 'before midnight');
  await world.store(bodyOf(page, ...eventsOf(late, message(page, newPsid(), world.now(), 'hello'))));
  const openTombstones: typeof world.deps.openTombstones = async (keys) => {
    const opened = await world.deps.openTombstones(keys);
    pass(3);
    expect(await carryOut()).toBe(1);
    return opened;
  };
  const drained = await makeDrainInbox({ ...world.deps, openTombstones })({ limit: 10 });
  expect([drained.failed, await world.count('inbox')]).toEqual([0, 0]);
  expect(await isKnown(psid)).toBe(false);
});
