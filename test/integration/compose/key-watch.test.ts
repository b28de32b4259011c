import { startKeyWatch, type KeyWatch } from '../../../src/compose/key-watch';
import { until } from '../../support/until';
import type { TestPage } from '../domain/inbox/inbox-world';
import { openProofWorld, type ProofWorld } from '../domain/proof/proof-world';

const SOON = { lookEveryMs: 20, keysEveryMs: 20 };
let world: ProofWorld;
let page: TestPage;
let watch: KeyWatch | null;
let ended: Error[];
beforeEach(async () => {
  world = await openProofWorld();
  page = await world.newPage();
  await world.logPage(page);
  await world.db.run(
    `insert into installation (id, log_origin, created_at) values (1, $1, now()) on conflict (id) do nothing`,
    [world.deps.logOrigin],
  );
  await world.sequence();
  watch = null;
  ended = [];
});
afterEach(async () => {
  await watch?.stop();
  await world.close();
});

const start = (keyRing = world.keyRing): void => {
  const { db, checkpointCopy } = world;
  watch = startKeyWatch({ db, keyRing, checkpointCopy, log: world.deps.log, onSetBack: (e) => ended.push(e) }, SOON);
};

it('lets a process forget keys that another one has destroyed', async () => {
  const other = await world.otherRing();
  await other.reload(page.uuid);
  start(other);
  const version = await world.keyRing.stage(page.uuid, 3);
  await world.keyRing.commit(page.uuid, 3, version);
  await until('the old key is forgotten', () => other.bucketVersions(page.uuid, 3).every((one) => one === version));
  expect(ended).toEqual([]);
});

it('ends a process under which the database was set back', async () => {
  start();
  await world.subscribe(page);
  await world.db.run('delete from ledger_checkpoint where size = (select max(size) from ledger_checkpoint)');
  await until('the process ends', () => ended.length > 0);
  expect(ended[0]).toMatchObject({ code: 'database_set_back' });
});

it('ends a process under which the database is restored', async () => {
  start();
  await world.db.run('update installation set restoring_at = now()');
  await until('the process ends', () => ended.length > 0);
});

it('goes on when a look fails', async () => {
  const keyRing = { ...world.keyRing, verifyAgainstRegistry: () => Promise.reject(new Error('no')) };
  const broken = { read: () => Promise.reject(new Error('no')), write: () => Promise.resolve() };
  const { db, deps } = world;
  watch = startKeyWatch(
    { db, keyRing, checkpointCopy: broken, log: deps.log, onSetBack: (error) => ended.push(error) },
    SOON,
  );
  const failures = () => world.logged.filter(({ name }) => name === 'keys.check_failed').length;
  await until('it has looked again and again', () => failures() > 4);
  expect(ended).toEqual([]);
});
