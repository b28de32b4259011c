import { makeBroadcastProofs, makeLeadBundle, makeMessageBundle, makeRangeProofs } from '../../../../src/domain/proof';
import { treeOf } from '../../../support/bundle-tree';
import { openVerifier, type Verifier } from '../../../support/verifier';
import { type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld, type SentMessage } from './proof-world';

const HOUR_MS = 3_600_000;
let world: ProofWorld;
let verifier: Verifier;
let page: TestPage;
let lead: { id: string; uuid: string };
let sent: SentMessage;
let start: Date;

beforeAll(async () => {
  world = await openProofWorld();
  verifier = openVerifier();
});
afterAll(async () => {
  verifier.close();
  await world.close();
});
beforeEach(async () => {
  page = await world.newPage();
  start = world.now();
  lead = await world.subscribe(page);
  sent = await world.sendTo(page, [lead.id]);
  await world.sequence();
});

interface Message {
  readonly delivery: string;
  readonly attempt: number;
}

const messagesOf = (files: ReadonlyMap<string, Buffer>): Message[] =>
  [...files]
    .filter(([name]) => /^sends\/\d{4}\.message\.json$/.test(name))
    .map(([, bytes]) => JSON.parse(bytes.toString()) as Message);

/** The messages of a person's bundle, which the verifier finds nothing wrong with. */
async function proved(make: () => Promise<Buffer>): Promise<Message[]> {
  await world.anchor();
  const bundle = await make();
  const { levels } = verifier.verify(bundle, ['--key', world.vkey]);
  expect(levels.flatMap(({ reasons }) => reasons)).toEqual([]);
  return messagesOf(treeOf(bundle));
}

/** The same of a bundle about many people, which holds at most this one. */
async function provedMany(stream: Promise<AsyncGenerator<Buffer>>): Promise<Message[]> {
  const parts: Buffer[] = [];
  for await (const part of await stream) parts.push(part);
  const { levels } = verifier.verify(Buffer.concat(parts), ['--key', world.vkey]);
  expect(levels.flatMap(({ reasons }) => reasons)).toEqual([]);
  const records = Buffer.concat(parts)
    .toString()
    .split('\n')
    .flatMap((line) => (line.startsWith('{"record"') ? [JSON.parse(line) as { files: Record<string, string> }] : []));
  return records.flatMap(({ files }) =>
    messagesOf(new Map(Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes, 'base64')]))),
  );
}

const ofLead = () => makeLeadBundle(world.bundleDeps)({ accountId: page.accountId, leadUuid: lead.uuid, form: 'json' });
const ofBroadcast = () =>
  makeBroadcastProofs(world.bundleDeps)({
    accountId: page.accountId,
    broadcastUuid: sent.broadcastUuid,
    form: 'ndjson',
  });
const ofRange = (fromMs: number, toMs: number) =>
  makeRangeProofs({
    ...world.bundleDeps,
    clock: { ...world.deps.clock, now: () => new Date(start.getTime() + toMs) },
  })({
    accountId: page.accountId,
    page: page.uuid,
    from: new Date(start.getTime() + fromMs),
    to: new Date(start.getTime() + toMs),
    form: 'ndjson',
  });

it('keeps a message that is tried again by its signed attempt, until the new one is signed', async () => {
  const [uuid] = sent.deliveryUuids;
  world.setNow(new Date(start.getTime() + HOUR_MS));
  await world.sendAgain(page, sent);
  const ofMessage = () =>
    makeMessageBundle(world.bundleDeps)({
      accountId: page.accountId,
      broadcastUuid: sent.broadcastUuid,
      deliveryUuid: uuid!,
      form: 'json',
    });
  const all = async () => [
    ...(await proved(ofLead)),
    ...(await proved(ofMessage)),
    ...(await provedMany(ofBroadcast())),
  ];
  expect(await all()).toMatchObject(Array(3).fill({ delivery: uuid, attempt: 1 }));
  await world.sequence();
  expect(await all()).toMatchObject(Array(3).fill({ delivery: uuid, attempt: 2 }));
  expect(
    await world.db.rows('select attempt, is_test as "isTest" from logged_send where lead_id = $1', [lead.id]),
  ).toEqual([{ attempt: 1, isTest: false }]);
});

it('keeps a message in the range of each attempt', async () => {
  world.setNow(new Date(start.getTime() + 2 * HOUR_MS));
  await world.sendAgain(page, sent);
  await world.sequence();
  expect(await provedMany(ofRange(-HOUR_MS, HOUR_MS))).toMatchObject([{ attempt: 1 }]);
  expect(await provedMany(ofRange(HOUR_MS, 3 * HOUR_MS))).toMatchObject([{ attempt: 2 }]);
});

it('proves a test send with the person and its time, and not as a message of the broadcast', async () => {
  world.setNow(new Date(start.getTime() + 2 * HOUR_MS));
  const [test] = await world.sendTest(page, [lead.id], sent);
  await world.sequence();
  const [message] = sent.deliveryUuids;
  expect((await proved(ofLead)).map(({ delivery }) => delivery)).toEqual([message, test]);
  const summary = treeOf(await ofLead())
    .get('views/summary.html')!
    .toString();
  expect([summary.split(`a test, <code>${test}</code>`).length, summary.split('a test,').length]).toEqual([2, 2]);
  expect((await provedMany(ofRange(HOUR_MS, 3 * HOUR_MS))).map(({ delivery }) => delivery)).toEqual([test]);
  expect((await provedMany(ofBroadcast())).map(({ delivery }) => delivery)).toEqual([message]);
});
