import { sign } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { appendSystemEntry } from '../../../../../src/domain/consent';
import {
  anchorServices,
  logVkey,
  makeAnchorCheckpoints,
  dailySizes,
  makeReadAnchors,
  makeReadLog,
  makeSequence,
  makeThinCheckpoints,
  readAnchors,
  sizesAround,
  type AnchorService,
} from '../../../../../src/domain/ledger';
import { cosignedAt, noteSigner, parseNote, parseVkey, vkeyOf } from '../../../../../src/domain/ledger/note.rules';
import { timestampClient, witnessClient } from '../../../../../src/platform/anchor/clients';
import { randomIds } from '../../../../../src/kernel/ids';
import { makeTestTsa, serveOnce, type TestServer, type TestTsa } from '../../../../support/test-tsa';
import { until } from '../../../../support/until';
import { startWitness, type TestWitness } from '../../../../support/witness';
import { openInboxWorld, type InboxWorld, type TestPage } from '../../inbox/inbox-world';
import { memoryLeafCopy } from '../../../../support/leaf-copy';

let world: InboxWorld;
let page: TestPage;
let copy: string | null = null;
let tsa: TestTsa;
let answer: (body: Buffer) => Buffer | null;
let server: TestServer;
/** How far the clocks outside are ahead. */
let skewMs = 0;

beforeAll(() => {
  tsa = makeTestTsa();
});
afterAll(() => tsa.close());
beforeEach(async () => {
  world = await openInboxWorld();
  page = await world.newPage();
  copy = null;
  skewMs = 0;
  answer = (body) => tsa.reply(body);
  server = await serveOnce((body, res) => {
    const bytes = answer(body);
    if (bytes === null) res.writeHead(503).end();
    else res.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(bytes);
  });
});
afterEach(async () => {
  await server.close();
  await world.close();
});

async function grow(count = 1): Promise<void> {
  await world.db.transaction(async (tx) => {
    for (let n = 0; n < count; n += 1) {
      const entry = { kind: 'settings', metaPageId: page.metaPageId, optInMode: 'explicit', basis: 'b' } as const;
      await appendSystemEntry(tx, world.deps, page.accountId, entry);
    }
  });
  const checkpointCopy = {
    read: () => Promise.resolve(copy),
    write: (note: string) => Promise.resolve(void (copy = note)),
  };
  await makeSequence({ ...world.deps, checkpointCopy, leafCopy: memoryLeafCopy() })();
}

const later = (ms: number): void => world.setNow(new Date(world.now().getTime() + ms));
const settings = () => ({
  clock: world.deps.clock,
  ids: randomIds,
  selfSeed: world.keyRing.systemKey('self-timestamp'),
  authority: null,
  witnesses: [],
});
const services = (witnesses: readonly { vkey: string; url: string }[] = [], hasTsa = true) =>
  anchorServices({
    ...settings(),
    authority: hasTsa ? { name: 'tsa.test', ask: timestampClient(server.url), authorities: [tsa.authority] } : null,
    witnesses: witnesses.map(({ vkey, url }) => ({ vkey, ask: witnessClient(url) })),
  }).map(inWorldTime);

/** Those outside have the clock of this machine, which no test can set: what they state is taken as the world's time. */
const inWorldTime = (service: AnchorService): AnchorService => ({
  ...service,
  anchor: async (request) => {
    const outcome = await service.anchor(request);
    return outcome.ok ? { ...outcome, anchoredAt: new Date(world.now().getTime() + skewMs) } : outcome;
  },
});

it('anchors the newest checkpoint by itself and outside, once for each growth, at their own pace', async () => {
  const run = makeAnchorCheckpoints({ ...world.deps, services: services() });
  expect(await run()).toBe(0);
  await grow();
  expect(await run()).toBe(2);
  expect(await run()).toBe(0);
  later(61_000);
  expect(await run()).toBe(0);
  await grow();
  expect(await run()).toBe(1);
  later(600_000);
  expect(await run()).toBe(1);
  const anchors = await readAnchors(world.db, [1, 2]);
  expect(anchors.map((one) => [one.size, one.class])).toEqual([
    [1, 'tsa'],
    [1, 'self'],
    [2, 'tsa'],
    [2, 'self'],
  ]);
  expect(anchors[0]!.certificates).toContain('BEGIN CERTIFICATE');
  const view = (outside = true) =>
    makeReadAnchors({ ...world.deps, services: outside ? services() : services([], false) })();
  expect(await view()).toMatchObject({ isIndependent: true, head: { size: 2 } });
  expect(await view(false)).toMatchObject({ isIndependent: false });
});

it('calls a log independent while somebody outside vouches for its end, or did within two days', async () => {
  const isIndependent = async () => (await makeReadAnchors({ ...world.deps, services: services() })()).isIndependent;
  await grow();
  expect(await isIndependent()).toBe(false);
  await makeAnchorCheckpoints({ ...world.deps, services: services() })();
  later(30 * 86_400_000);
  expect(await isIndependent()).toBe(true);
  await grow();
  expect(await isIndependent()).toBe(false);
  await world.db.run(`update anchor_service set last_anchored_at = $1 where class = 'tsa'`, [
    new Date(world.now().getTime() - 86_400_000),
  ]);
  expect(await isIndependent()).toBe(true);
});

it('asks again with growing pauses, keeps what went wrong in a word, and keeps nothing that does not verify', async () => {
  const run = makeAnchorCheckpoints({ ...world.deps, services: services() });
  await grow();
  const state = () =>
    world.db.first<{ failures: number; fault: string | null; wait: number }>(
      `select failures, last_fault as fault, extract(epoch from due_at - $1)::int as wait from anchor_service where class = 'tsa'`,
      [world.now()],
    );
  answer = () => null;
  await run();
  expect(await state()).toEqual({ failures: 1, fault: 'unreachable', wait: 10 });
  answer = () => Buffer.from('garbage');
  later(10_000);
  await run();
  expect(await state()).toEqual({ failures: 2, fault: 'malformed', wait: 20 });
  answer = (body) =>
    // eslint-disable-next-line no-control-regex -- tag and length of the imprint in a request
    tsa.reply(Buffer.from(body.toString('latin1').replace(/\x04\x20[^]{32}/, `\x04\x20${'x'.repeat(32)}`), 'latin1'));
  later(20_000);
  await run();
  expect(await state()).toEqual({ failures: 3, fault: 'other_imprint', wait: 40 });
  answer = () => Buffer.alloc(70_000);
  later(40_000);
  await run();
  expect(await state()).toMatchObject({ failures: 4, fault: 'unreachable' });
  expect(await world.count(`anchor where class = 'tsa'`)).toBe(0);
  await world.db.run(`update anchor_service set failures = 40 where class = 'tsa'`);
  later(3_600_000);
  await run();
  expect(await state()).toMatchObject({ failures: 41, wait: 3600 });
  answer = (body) => tsa.reply(body);
  later(3_600_000);
  await run();
  expect(await state()).toMatchObject({ failures: 0, fault: null });
  expect(world.logged.filter(({ name }) => name === 'anchor.failed')).toHaveLength(5);
  expect(JSON.stringify(world.logged)).not.toContain(server.url);
});

it.each([-121_000, 121_000])('keeps nothing of a clock that is %d ms ahead of ours', async (ahead) => {
  const run = makeAnchorCheckpoints({ ...world.deps, services: services() });
  await grow();
  skewMs = ahead;
  await run();
  expect(await readAnchors(world.db, [1])).toEqual([]);
  const fault = () => world.db.rows<{ fault: string }>('select last_fault as fault from anchor_service order by name');
  expect(await fault()).toEqual([{ fault: 'other_time' }, { fault: 'other_time' }]);
  skewMs = ahead / 2;
  later(10_000);
  expect(await run()).toBe(2);
});

it('has nobody vouch for a log that stands still while entries wait', async () => {
  const run = makeAnchorCheckpoints({ ...world.deps, services: services() });
  await grow();
  await world.db.transaction((tx) =>
    appendSystemEntry(tx, world.deps, page.accountId, {
      kind: 'settings',
      metaPageId: page.metaPageId,
      optInMode: 'explicit',
      basis: 'b',
    }),
  );
  later(61_000);
  expect(await run()).toBe(0);
  await grow();
  expect(await run()).toBe(2);
});

it('does not keep others waiting for one that is slow', async () => {
  let release = (): void => undefined;
  const slow = await serveOnce((body, res) => {
    release = () => res.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(tsa.reply(body));
  });
  const fast = services([], false);
  const [, authority] = anchorServices({
    ...settings(),
    authority: { name: 'slow.test', ask: timestampClient(slow.url), authorities: [] },
  });
  await grow();
  const run = makeAnchorCheckpoints({ ...world.deps, services: [inWorldTime(authority!), ...fast] })();
  await until('the built-in time-stamp', async () => (await world.count(`anchor where class = 'self'`)) === 1);
  await until('the question', () => slow.seen.length === 1);
  expect(await world.count(`anchor where class = 'tsa'`)).toBe(0);
  const open = await world.count(
    `pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
  );
  expect(open).toBe(0);
  release();
  expect(await run).toBe(2);
  await slow.close();
});

it('asks a witness once more with the size that it names, and then no more', async () => {
  const vkey = vkeyOf(noteSigner('witness.test/w1', Buffer.alloc(32, 2)), 4);
  await grow(3);
  for (const [named, questions] of [
    ['2\n', ['old 0', 'old 2']],
    ['3\n', ['old 0', 'old 3']],
    ['4\n', ['old 0']],
    ['2', ['old 0']],
    ['the log has shown another tree\n', ['old 0']],
  ] as const) {
    const witness = await serveOnce((_body, res) => res.writeHead(409).end(named));
    later(3_600_000);
    const run = makeAnchorCheckpoints({ ...world.deps, services: services([{ vkey, url: witness.url }], false) });
    await run();
    expect([named, witness.seen.map((body) => body.toString().split('\n')[0])]).toEqual([named, questions]);
    await witness.close();
  }
  expect(
    await world.db.first(`select failures, last_fault as fault from anchor_service where class = 'witness'`),
  ).toEqual({
    failures: 5,
    fault: 'status_409',
  });
});

it('keeps a cosignature only of that witness, over that checkpoint', async () => {
  const [cosigner, other] = [2, 3].map((seed) => noteSigner('witness.test/w1', Buffer.alloc(32, seed)));
  const vkey = vkeyOf(cosigner!, 4);
  await grow(3);
  const text = copy!.slice(0, copy!.indexOf('\n\n') + 1);
  const lineOf = (signed: string, { privateKey } = cosigner!, id = parseVkey(vkey)!.keyId) => {
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1_795_428_672n);
    const signature = sign(null, Buffer.from(`cosignature/v1\ntime 1795428672\n${signed}`), privateKey);
    return `\u2014 witness.test/w1 ${Buffer.concat([id, time, signature]).toString('base64')}\n`;
  };
  let line = '';
  const witness = await serveOnce((_body, res) => res.writeHead(200).end(line));
  const asked = anchorServices({ ...settings(), witnesses: [{ vkey, ask: witnessClient(witness.url) }] });
  const run = makeAnchorCheckpoints({ ...world.deps, services: asked });
  for (const forged of [
    '',
    'x'.repeat(60_000),
    copy!.split('\n\n')[1]!,
    lineOf(text.replace('\n3\n', '\n4\n')),
    lineOf(text, other),
    lineOf(text, cosigner, parseVkey(vkeyOf(other!, 4))!.keyId),
    lineOf(text, other, parseVkey(vkeyOf(other!, 4))!.keyId),
  ]) {
    line = forged;
    later(3_600_000);
    await run();
    expect(await world.count(`anchor where class = 'witness'`)).toBe(0);
  }
  line = `${lineOf(text, other)}a word\n${lineOf(text)}`;
  world.setNow(new Date(1_795_428_672_000));
  await world.db.run(`update anchor_service set due_at = '-infinity'`);
  expect(await run()).toBe(1);
  await witness.close();
  const [kept] = (await readAnchors(world.db, [3])).filter((one) => one.class === 'witness');
  expect(kept).toMatchObject({ token: Buffer.from(lineOf(text)), anchoredAt: new Date(1_795_428_672_000) });
});

it('wants a name of its own for every service, and keys of witnesses', () => {
  const ask = () => Promise.resolve(null);
  const vkey = vkeyOf(noteSigner('tsa.test', Buffer.alloc(32, 2)), 4);
  const log = logVkey(world.keyRing, world.deps.logOrigin);
  const authority = (name: string) => ({ name, ask, authorities: [] });
  for (const [over, reason] of [
    [{ authority: authority('self') }, 'two services have the same name'],
    [{ authority: authority('tsa.test'), witnesses: [{ vkey, ask }] }, 'two services have the same name'],
    [{ witnesses: [{ vkey: log, ask }] }, 'not that of a witness'],
    [{ witnesses: [{ vkey: vkey.replace('tsa', 'tsb'), ask }] }, 'not that of a witness'],
  ] as const) {
    expect(() => anchorServices({ ...settings(), ...over })).toThrow(reason);
  }
});

it('says where the anchored checkpoints around a leaf are, and prefers those from outside', async () => {
  const self = makeAnchorCheckpoints({ ...world.deps, services: services([], false) });
  const both = makeAnchorCheckpoints({ ...world.deps, services: services() });
  for (const [count, run] of [
    [3, both],
    [2, self],
    [2, self],
    [3, both],
  ] as const) {
    await grow(count);
    later(601_000);
    await run();
  }
  expect(await sizesAround(world.db, 5, 10)).toEqual({ before: [3], after: [10] });
  expect(await sizesAround(world.db, 5, 7)).toEqual({ before: [3], after: [7] });
  expect(await sizesAround(world.db, 0, 10)).toEqual({ before: [], after: [3] });
  await world.db.run(`update anchor set anchored_at = '2026-11-22T23:59:59Z' where size = 3`);
  expect(await dailySizes(world.db, 10)).toEqual([[3, 10]]);
  expect(await dailySizes(world.db, 7)).toEqual([[3]]);
  await world.db.run(`delete from anchor where class <> 'self'`);
  expect(await dailySizes(world.db, 10)).toEqual([[3, 10]]);
  expect(await dailySizes(world.db, 7)).toEqual([[3, 7]]);
});

it('forgets old checkpoints that nobody asks for, and never an anchored one or the last of its hour', async () => {
  world.setNow(new Date('2026-11-23T10:05:00Z'));
  await grow();
  await makeAnchorCheckpoints({ ...world.deps, services: services([], false) })();
  for (const at of ['10:10', '10:20', '11:10', '11:20']) {
    world.setNow(new Date(`2026-11-23T${at}:00Z`));
    await grow();
  }
  later(2 * 86_400_000);
  await grow();
  expect(await makeThinCheckpoints(world.deps)()).toBe(2);
  const left = await world.db.rows<{ size: string }>('select size from ledger_checkpoint order by size');
  expect(left.map(({ size }) => Number(size))).toEqual([1, 3, 5, 6]);
});

describe('with the witness that is shipped', () => {
  let state: string;
  let witness: TestWitness | null = null;

  beforeEach(() => {
    state = mkdtempSync(path.join(tmpdir(), 'assent-witness-'));
  });
  afterEach(async () => {
    await witness?.stop();
    rmSync(state, { recursive: true, force: true });
  });

  async function start(isNewLog = false): Promise<TestWitness> {
    witness = await startWitness({ state, isNewLog, logs: [logVkey(world.keyRing, world.deps.logOrigin)] });
    return witness;
  }

  it('gets its cosignature, also after either of the two has forgotten or was killed', async () => {
    const first = await start();
    await grow(300);
    expect(await makeAnchorCheckpoints({ ...world.deps, services: services([first], false) })()).toBe(2);
    const note = await makeReadLog({ ...world.deps }).checkpoint();
    const { text, signatures } = parseNote(note!)!;
    expect(signatures.map(({ name }) => name)).toEqual([world.deps.logOrigin, 'witness.test/w1']);
    expect(cosignedAt(text, signatures[1]!, parseVkey(first.vkey)!)).not.toBeNull();

    await first.stop();
    const again = await start();
    expect(again.vkey).toBe(first.vkey);
    await grow(300);
    later(61_000);
    await world.db.run(`update anchor_service set last_size = 0 where class = 'witness'`);
    expect(await makeAnchorCheckpoints({ ...world.deps, services: services([again], false) })()).toBe(2);

    await again.stop('SIGTERM');
    for (const file of readdirSync(state)) if (file.endsWith('.json')) rmSync(path.join(state, file));
    await expect(start()).rejects.toThrow('is gone');
    const empty = await start(true);
    await grow(1);
    later(61_000);
    expect(await makeAnchorCheckpoints({ ...world.deps, services: services([empty], false) })()).toBe(2);
  });

  it('is refused a log that was rewritten, and a line of another key is not kept', async () => {
    const honest = await start();
    const run = makeAnchorCheckpoints({ ...world.deps, services: services([honest], false) });
    await grow(5);
    await run();
    for (const table of ['anchor', 'ledger_checkpoint', 'ledger_leaf', 'ledger_tile'])
      await world.db.run(`delete from ${table}`);
    copy = null;
    await grow(9);
    later(61_000);
    await run();
    const fault = await world.db.first(`select last_fault as fault from anchor_service where class = 'witness'`);
    expect(fault).toEqual({ fault: 'status_422' });

    const liar = await serveOnce((_body, res) =>
      res.writeHead(200).end(`\u2014 witness.test/w1 ${Buffer.alloc(76).toString('base64')}\n`),
    );
    later(3_600_000);
    await makeAnchorCheckpoints({ ...world.deps, services: services([{ ...honest, url: liar.url }], false) })();
    await liar.close();
    expect(await world.count(`anchor where class = 'witness'`)).toBe(0);
  });

  it('answers what the protocol says', async () => {
    const { url, post } = await start();
    await grow(4);
    const note = copy!;
    expect((await post('nonsense'))[0]).toBe(400);
    expect((await post(`old 9\n\n${note}`))[0]).toBe(400);
    expect((await post(`old 0\n\n${note.replaceAll(world.deps.logOrigin, 'other.test')}`))[0]).toBe(404);
    expect((await post(`old 0\n\n${note.replace('\n4\n', '\n5\n')}`))[0]).toBe(403);
    expect(await post(`old 2\n\n${note}`)).toEqual([409, '0\n', 'text/x.tlog.size']);
    const both = await Promise.all([post(`old 0\n\n${note}`), post(`old 0\n\n${note}`)]);
    expect(both.map(([status]) => status).sort()).toEqual([200, 409]);
    expect((await post(`old 4\n\n${note}`))[0]).toBe(200);
    expect((await post(`old 4\n${Buffer.alloc(32).toString('base64')}\n\n${note}`))[0]).toBe(422);
    expect((await post('x'.repeat(70_000)))[0]).toBe(413);
    expect((await fetch(url)).status).toBe(404);
  });
});
