import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { composeFootprintCheck } from '../../../../src/compose/footprint';
import { skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import { makeCarryOutErasures, makeRequestErasure } from '../../../../src/domain/erasure';
import {
  dataDirectory,
  databaseFootprint,
  makeScanFootprint,
  type FootprintStore,
  type StoreFootprint,
} from '../../../../src/domain/footprint';
import { makeLeadBundle } from '../../../../src/domain/proof';
import { systemClock } from '../../../../src/kernel/clock';
import { randomIds } from '../../../../src/kernel/ids';
import { fileFootprint } from '../../../../src/platform/footprint/file-store';
import { event, message, newPsid, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld } from '../proof/proof-world';

let world: ProofWorld;
let page: TestPage;
let dir: string;
beforeAll(async () => {
  world = await openProofWorld();
  page = await world.newPage();
  await world.logPage(page);
  dir = mkdtempSync(path.join(tmpdir(), 'assent-footprint-test-'));
});
afterAll(async () => {
  rmSync(dir, { recursive: true });
  await world.close();
});

const scan = (values: readonly string[], ...stores: FootprintStore[]) =>
  makeScanFootprint({ ids: randomIds, stores })(values);
const places = (footprints: readonly StoreFootprint[]) =>
  footprints.flatMap(({ hits }) => hits.map(({ place, encoding }) => `${place}: ${encoding}`));

/** The server of the tests holds many databases; these are the files of ours. */
async function ownFiles(): Promise<string> {
  const row = await world.db.first<{ oid: string }>(
    'select oid::text from pg_database where datname = current_database()',
  );
  return path.join((await dataDirectory(world.db))!, 'base', row!.oid);
}

it('finds in the database what lies there in any form, in columns of every kind', async () => {
  await world.db.run(`create table planted (words text, raw bytea, doc jsonb, list text[], id uuid, packed text)`);
  await world.db.run(`insert into planted values ($1, $2, $3, $4, $5, $6)`, [
    'before canary-in-text behind',
    Buffer.from('canary-in-bytes'),
    { deep: ['canary-in-json'] },
    ['canary-in-list'],
    '5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a11',
    'canary-in-toast '.repeat(1_000),
  ]);
  const look = async (value: string) => places(await scan([value], databaseFootprint(world.db)));
  expect(await look('canary-in-text')).toEqual(['public.planted.words: UTF-8']);
  expect(await look('canary-in-bytes')).toEqual(['public.planted.raw: UTF-8']);
  expect(await look('canary-in-json')).toEqual(['public.planted.doc: UTF-8']);
  expect(await look('canary-in-list')).toEqual(['public.planted.list: UTF-8']);
  expect(await look('canary-in-toast')).toEqual(['public.planted.packed: UTF-8']);
  expect(await look('5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a11')).toEqual(['public.planted.id: UTF-8']);
  expect(await look('canary-nowhere')).toEqual([]);
  await world.db.run('checkpoint');
  expect(places(await scan(['canary-in-text'], fileFootprint('files', [await ownFiles()])))).toEqual([
    expect.stringContaining('UTF-8'),
  ]);
  await world.db.run('drop table planted');
});

it('finds in files what lies there, and in their names', async () => {
  writeFileSync(path.join(dir, 'log'), `line\n${Buffer.from('canary-in-a-file').toString('base64')}\n`);
  writeFileSync(path.join(dir, 'canary-in-a-name'), '');
  expect(places(await scan(['canary-in-a-file'], fileFootprint('f', [dir])))).toEqual([
    `${path.basename(dir)}/log: base64`,
  ]);
  expect(await scan(['canary-in-a-name'], fileFootprint('f', [dir]))).toMatchObject([{ hits: [{ count: 1 }] }]);
});

it('says that a look was blind, or that a store could not be looked at, and never takes it for clean', async () => {
  const blind: FootprintStore = {
    name: 'blind',
    // eslint-disable-next-line @typescript-eslint/require-await
    read: async function* () {
      yield { place: 'p', bytes: Buffer.from('something else'), isNew: true };
    },
  };
  const found = await scan(['canary-value'], blind, fileFootprint('gone', ['/nowhere/at/all']));
  expect(found.map(({ store, sight }) => [store, sight])).toEqual([
    ['blind', 'blind'],
    ['gone', 'unreachable'],
  ]);
  await expect(scan(['short'], blind)).rejects.toMatchObject({ code: 'value_too_short' });
});

it('looks after an erasure into each table, the key ring, its copy and the archives, and names what it could not open', async () => {
  const place = (name: string) => path.join(dir, name);
  for (const name of ['exports', 'ring', 'copy']) mkdirSync(place(name));
  const checkWith = (keyRingCopyDir: string) =>
    composeFootprintCheck({
      db: world.db,
      ids: randomIds,
      clock: systemClock,
      config: { dataDir: dir, keyRingDir: place('ring'), keyRingCopyDir, redisUrl: null },
    })([[Buffer.from('canary-everywhere')]]);
  await world.db.run('create table planted (raw bytea)');
  const clean = await checkWith(place('copy'));
  await world.db.run('insert into planted values ($1)', [Buffer.from('canary-everywhere')]);
  for (const name of ['exports', 'ring', 'copy']) writeFileSync(path.join(place(name), 'file'), 'canary-everywhere');
  const dirty = await checkWith(place('copy'));
  const unmounted = await checkWith(place('nowhere'));
  await world.db.run('drop table planted');
  expect(clean).toMatchObject({ people: [{ hits: 0 }], isControlFound: true, looked: clean.stores, found: [] });
  const stores = dirty.found.map(({ store }) => store).sort();
  expect(stores).toEqual(['archives', 'copy of the key ring', 'key ring', 'public.planted']);
  expect(unmounted).toMatchObject({ people: [{ hits: 3 }], stores: clean.stores, looked: clean.stores - 1 });
});

it('leaves nothing of an erased person in the database and its files, and nothing in clear before', async () => {
  const words = { first: 'canary-first-words', stop: 'STOP', ref: 'canary-ref-of-a-link', again: 'canary-more-words' };
  const psid = newPsid();
  const referral = { source: 'SHORTLINK', type: 'OPEN_THREAD', ref: words.ref };
  await world.deliver(
    page,
    event(page, psid, world.now(), { message: { mid: 'm_canary-mid-1', text: words.first }, referral }),
  );
  const lead = (await world.leadOf(page, psid))!;
  await world.showNotice(page, lead.id);
  await world.sequence();
  const sent = await world.sendTo(page, [lead.id]);
  await world.sendTest(page, [lead.id], sent);
  await world.deliver(page, message(page, psid, world.now(), words.again));
  await world.deliver(page, message(page, psid, world.now(), words.stop));
  await world.sequence();
  await makeLeadBundle(world.bundleDeps)({ accountId: page.accountId, leadUuid: lead.uuid, form: 'json' });

  const directory = await ownFiles();
  const stores = () => [databaseFootprint(world.db), fileFootprint('files', [directory])];
  const personal = [psid, words.first, words.ref, words.again, 'm_canary-mid-1'];
  await world.db.run('checkpoint');
  const before = await scan(personal, ...stores());
  expect([before.map(({ sight }) => sight), places(before)]).toEqual([['seen', 'seen'], []]);
  // What the data map calls plain is there, and seen in both: the id by which the API names the person.
  const plain = places(await scan([lead.uuid], ...stores()));
  expect(plain).toContain('public.lead.public_id: UTF-8');

  const skips = { skipPendingOfLead, skipRepliesOfLead };
  await makeRequestErasure({ ...world.deps, ...skips })({
    accountId: page.accountId,
    leadUuid: lead.uuid,
    erasureUuid: randomIds.uuid(),
    keepsMark: false,
  });
  const nothing = () => Promise.resolve(0);
  expect(await makeCarryOutErasures({ ...world.deps, keyRingCopy: null, dropBackupFiles: nothing })()).toBe(1);
  await world.sequence();
  const after = await scan([...personal, lead.uuid], databaseFootprint(world.db));
  expect([after.map(({ sight }) => sight), places(after)]).toEqual([['seen'], []]);
  await world.db.run('checkpoint');
  const files = await scan(personal, fileFootprint('files', [directory]));
  expect([files.map(({ sight }) => sight), places(files)]).toEqual([['seen'], []]);
}, 120_000);
