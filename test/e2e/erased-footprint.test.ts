import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { filesOfTar } from '../../src/domain/backup/tar';
import { classesOf, type PlaceKind } from '../../src/domain/policies';
import { ageDecrypt, ageUnlock } from '../../src/kernel/crypto/age';
import { newDataDir } from '../support/data-dir';
import { dumpOf, keysAtHand, openCopyOf, opensAt, type Cell } from '../support/older-copy';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis';
import { scanFiles } from '../support/scan';
import { until } from '../support/until';
import { takesTheWholeMachine } from '../support/whole-machine';
import { startCluster, type Cluster } from './cluster';
import {
  footprintOf,
  gatherOutside,
  metricsOf,
  formsOf,
  rawHits,
  settle,
  watchNames,
  type Folders,
  type Kept,
} from './everything-kept';
import { act, connectPages, setFaults, type Stage } from './journey';
import {
  askForData,
  broadcast,
  callCarelessly,
  eraseByChat,
  fillEverything,
  neighbourOf,
  withMids,
  worked,
  type Person,
} from './person-journey';

const ACCOUNT = { name: 'Harbour Coffee', address: 'you@example.com' };
const PASSPHRASE = 'six words that nobody would guess';

const NOTHING = { footprint: [], unseen: [], raw: [] };
/** Answers to everybody, to a scraper, and to the owner of the account. */
const PUBLIC = ['/privacy', '/metrics', '/readyz', '/v1/privacy/data-map', '/v1/mail', '/v1/proofs/exports'];
/** Where a person's id and words come out, with the keys. */
const WITH_PERSON = [
  'public.delivery.mid_ct',
  'public.evidence_segment.bytes',
  'public.lead.marketing_token_ct',
  'public.lead_key.psid_ct',
  'public.ledger_opening.opening_ct',
  'public.reply.mid_ct',
];

/** As text, or in the base64 of a file in a bundle. */
const holds = (text: string, value: string): boolean => formsOf(value).some((form) => text.includes(form));

takesTheWholeMachine();

describeWithRedis('a person who fills every field there is, and is erased', () => {
  const masterKey = randomBytes(32);
  let folders: Folders;
  let redis: TestRedis;
  let cluster: Cluster;
  let kept: Kept;
  let stage: Stage;
  let made: Awaited<ReturnType<typeof watchNames>>;
  let pageId: string;
  let ann: Person;
  let bob: Person;
  let pageUuid: string;
  let besideAnn: string;
  let sent: string;
  let token: string;
  /** Random ids of the person here: of their lead, in the log, and of their entries. */
  let names: readonly string[];
  let code: string;
  let copy: Cell[];

  beforeAll(async () => {
    const [keys, copy, outside] = [newDataDir(), newDataDir(), newDataDir()];
    redis = await startRedis();
    const temporary = newDataDir();
    cluster = await startCluster({
      apis: 1,
      workers: 1,
      redisUrl: redis.url,
      env: {
        KEYRING_DIR: keys,
        KEYRING_COPY_DIR: copy,
        MASTER_KEY: masterKey.toString('base64'),
        TMPDIR: temporary,
        LOG_LEVEL: 'debug',
        PUBLIC_URL: 'http://127.0.0.1:9',
      },
    });
    folders = { DATA_DIR: cluster.dataDir, KEYRING_DIR: keys, KEYRING_COPY_DIR: copy, TMPDIR: temporary };
    kept = { cluster, redis, folders, outside };
    ({ stage } = cluster);
    made = await watchNames(folders, redis);
  }, 240_000);

  afterAll(async () => {
    await made.close();
    await cluster.stop();
    await redis.stop();
    for (const folder of [...Object.values(folders), kept.outside]) rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const opened = async (bytes: Buffer): Promise<string> => {
    const inOne = async function* () {
      yield await Promise.resolve(bytes);
    };
    const parts: Buffer[] = [];
    const fileKey = await ageUnlock(PASSPHRASE, inOne());
    for await (const file of filesOfTar(ageDecrypt(fileKey, inOne()))) parts.push(file.bytes);
    return Buffer.concat(parts).toString();
  };
  const download = async (address: string): Promise<string> => {
    const { status, body } = await stage.api.call<unknown>('GET', address);
    expect([address, status]).toEqual([address, 200]);
    return typeof body === 'string' ? body : JSON.stringify(body);
  };
  /** An archive of the account, as its owner reads it. */
  async function archive(): Promise<string> {
    const { id } = await stage.api.expect<{ id: string }>(202, 'POST', '/v1/account/backup', {
      passphrase: PASSPHRASE,
    });
    const address = `/v1/account/backups/${id}`;
    await until('the archive', async () => {
      const { state } = await stage.api.expect<{ state: string }>(200, 'GET', address);
      return state === 'ready';
    });
    const answer = await fetch(`${cluster.apis[0]!.url()}${address}/archive`, { headers: cluster.authorization });
    return opened(Buffer.from(await answer.arrayBuffer()));
  }
  /** What can be had of one person: with keys, by the API, and by the person's own link. */
  const exportsOf = ({ leadId }: Person, ofBroadcast: string): readonly string[] => [
    `/v1/leads/${leadId}/proof?format=json`,
    `/v1/leads/${leadId}/export`,
    `/v1/broadcasts/${ofBroadcast}/proofs?format=json`,
  ];
  const keysOfToday = async (cells: readonly Cell[]) => {
    const files = await openCopyOf(folders.KEYRING_DIR, masterKey);
    const keys = await keysAtHand(files, cells);
    rmSync(files.dir, { recursive: true });
    return keys;
  };
  const places = ({ psid, mark, values }: Person, cells: readonly Cell[], keys: readonly Buffer[]) =>
    opensAt(cells, keys, [psid, mark, ...values.filter((value) => value.startsWith('m_'))]);

  /** What both scanners find, and every store that the first one could not see into. */
  async function hitsOf(values: readonly string[]) {
    const stores = [...(await footprintOf(kept, values)).values()];
    return {
      footprint: stores.flatMap(({ store, hits }) =>
        hits.map(({ place, encoding }) => `${store} ${place}: ${encoding}`),
      ),
      unseen: stores.filter(({ sight }) => sight !== 'seen').map(({ store }) => store),
      raw: rawHits(kept, [ann.mark, bob.mark, ann.psid, bob.psid, token]),
    };
  }

  /** In each store, what may lie there in clear: it is found by the same two scanners. */
  async function expectControls(person: readonly string[], columns: readonly string[]): Promise<void> {
    const stores = await footprintOf(kept, [pageUuid, ACCOUNT.name, ...person]);
    expect(stores.get('database')!.hits.map(({ place }) => place)).toEqual(expect.arrayContaining([...columns]));
    for (const store of ['database', 'files of the database', 'DATA_DIR', 'key ring', 'redis', 'named paths'])
      expect([store, stores.get(store)?.hits.length]).not.toEqual([store, 0]);
    const postgres = cluster.postgres.dataDirectory;
    const controls: readonly (readonly [string, string])[] = [
      [path.join(postgres, 'base'), ACCOUNT.name],
      [path.join(postgres, 'pg_wal'), ACCOUNT.name],
      [path.join(redis.dir, 'appendonlydir'), pageUuid],
      [kept.outside, 'is ready'],
      [kept.outside, 'assent_http_request_seconds'],
      [kept.outside, ACCOUNT.address],
      [kept.outside, 'MASTER_KEY'],
    ];
    for (const [folder, text] of controls)
      expect([folder, text, scanFiles([folder], [text]).length > 0]).toEqual([folder, text, true]);
    expect(readFileSync(path.join(redis.dir, 'dump.rdb')).includes(pageUuid)).toBe(true);
    expect(readFileSync(path.join(folders.DATA_DIR, 'postgres.log'), 'utf8')).toContain('ready to accept connections');
  }

  it('walks the whole journey beside a neighbour', async () => {
    const [page] = await connectPages(stage, [{ people: 0, ratePerSecond: 35 }]);
    pageId = page!.pageId;
    ann = await fillEverything(stage, pageId, 'kanarie-ann-7f3q');
    bob = await fillEverything(stage, pageId, 'kanarie-bob-2k9w');
    await setFaults(stage, {
      rules: [
        { match: { page_id: pageId, psid: ann.psid, times: 1 }, answer: { code: 100, message: ann.values.at(-1) } },
      ],
    });
    await broadcast(stage, pageId, 'We open on Sunday.', [ann.leadId]);
    sent = await broadcast(stage, pageId, 'We open on Monday.');
    await act(stage, { page_id: pageId, psid: ann.psid, kind: 'message', text: `${ann.mark} in answer` });
    token = await askForData(stage, ann);
    await callCarelessly(stage, ann);
    await worked(stage);
    [ann, bob] = (await Promise.all([ann, bob].map((person) => withMids(stage, person)))) as [Person, Person];
    await stage.api.expect(200, 'PUT', `/v1/leads/${ann.leadId}/tags`, { tags: ['regular'] });
    await stage.api.expect(201, 'POST', '/v1/broadcasts', {
      name: 'A draft',
      page_ids: [pageId],
      message: { text: 'Later' },
      audience: { lead_ids: [ann.leadId, bob.leadId] },
    });
    await stage.api.expect(202, 'DELETE', '/v1/account', { name: ACCOUNT.name });
    const { data: pages } = await stage.api.expect<{ data: { id: string; page_id: string }[] }>(
      200,
      'GET',
      '/v1/pages',
    );
    pageUuid = pages.find((one) => one.page_id === pageId)!.id;
    const { ring, dir } = await openCopyOf(folders.KEYRING_DIR, masterKey);
    besideAnn = await neighbourOf(stage, ann, (psid) => ring.bucketOf(pageUuid, psid));
    rmSync(dir, { recursive: true });
  }, 60_000);

  it('keeps nothing of anybody in clear, and what it may keep where the data map says it', async () => {
    const { data } = await stage.api.expect<{ data: { entry_id: string }[] }>(
      200,
      'GET',
      `/v1/leads/${ann.leadId}/consent`,
    );
    const [, inLog] = /"id_in_log":"([0-9a-f]+)"/.exec(await download(`/v1/leads/${ann.leadId}/export`))!;
    names = [ann.leadId, inLog!, ...data.map((entry) => entry.entry_id)];
    expect(await archive()).toContain(ann.mark);
    for (const address of [...exportsOf(ann, sent), `/n/${token}/data.json`])
      expect([address, holds(await download(address), ann.psid)]).toEqual([address, true]);
    await settle(kept);
    await gatherOutside(kept, PUBLIC, cluster.authorization);
    expect(await hitsOf([...ann.values, ...bob.values])).toEqual(NOTHING);
    await expectControls(names, ['public.lead.public_id', 'public.lead.subject_ref', 'public.ledger_opening.entry_id']);
    expect(scanFiles([path.join(folders.DATA_DIR, 'exports')], ['age-encryption.org'])).toHaveLength(1);
  }, 240_000);

  it('can open all of it with the keys', async () => {
    copy = await dumpOf(stage.databaseUrl);
    const { own, days, unwrapped } = await keysOfToday(copy);
    for (const person of [ann, bob]) expect(places(person, copy, [...own, ...unwrapped])).toEqual(WITH_PERSON);
    expect(places(ann, copy, days)).toEqual(['public.inbox.body_ct']);
  });

  it('erases them by their own wish, said in the chat', async () => {
    code = await eraseByChat(stage, ann);
    await until('the certificate', async () => (await download(`/erasure/${code}`)).includes('keys-destroyed'), 60_000);
    expect(await download(`/erasure/${code}`)).toMatch(
      /footprint 0 hits, \d+ stores, \d+ patterns in all encodings, positive control found/,
    );
    expect(await stage.api.call('GET', `/v1/leads/${ann.leadId}`)).toMatchObject({ status: 410 });
    expect(readdirSync(path.join(folders.DATA_DIR, 'exports'))).toEqual([]);
    expect((await fetch(`${cluster.apis[0]!.url()}/n/${token}/data.json`)).status).toBe(404);
  }, 90_000);

  it('holds nothing of them afterwards, in no store and in no form', async () => {
    await settle(kept);
    await gatherOutside(kept, [...PUBLIC, `/erasure/${code}`], cluster.authorization);
    expect(await hitsOf([...ann.values, ...bob.values])).toEqual(NOTHING);
    await expectControls([bob.leadId], ['public.lead.public_id']);
    const left = await footprintOf(kept, names);
    for (const store of ['database', 'key ring', 'redis']) expect([store, left.get(store)!.hits]).toEqual([store, []]);
    expect(await archive()).not.toContain(ann.mark);
    const [own, , ofBroadcast] = await Promise.all(exportsOf(bob, sent).map(download));
    expect([own, ofBroadcast].map((text) => [holds(text!, bob.psid), holds(text!, ann.psid)])).toEqual([
      [true, false],
      [true, false],
    ]);
  }, 240_000);

  it('opens nothing of them in copies from before with all the keys of today, and everything of a neighbour', async () => {
    const now = await dumpOf(stage.databaseUrl);
    const all = [...now, ...copy];
    const { own, days, unwrapped } = await keysOfToday(all);
    const keys = [...own, ...unwrapped];
    expect(places(ann, copy, keys)).toEqual([]);
    expect(places(ann, now, [...keys, ...days])).toEqual([]);
    expect(opensAt(all, [...keys, ...days], [ann.leadId])).toEqual([]);
    expect(places(bob, copy, keys)).toEqual(WITH_PERSON);
    expect(opensAt(now, keys, [besideAnn])).toContain('public.lead_key.psid_ct');
    // docs/erasure.md: what waited to be read in the copy, for as long as the key of its day lives.
    expect(places(ann, copy, days)).toEqual(['public.inbox.body_ct']);
  });

  it('gave no file, no key of Redis and no metric a name that the data map does not know', async () => {
    const unknown = (kind: PlaceKind, all: readonly string[]) =>
      all.filter((name) => classesOf(kind, name).length !== 1);
    const [files, keys, metrics] = [made.files(), made.keys(), await metricsOf(kept)];
    expect([files.length > 100, keys.length > 20, metrics.length > 50]).toEqual([true, true, true]);
    expect([...unknown('file', files), ...unknown('queue', keys), ...unknown('metric', metrics)]).toEqual([]);
  });
});
