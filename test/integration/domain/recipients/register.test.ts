import { randomUUID } from 'node:crypto';
import {
  makeEndRecipient,
  makeGetRecipient,
  makeListRecipients,
  makeRegisterRecipient,
} from '../../../../src/domain/recipients';
import type { TestPage } from '../inbox/inbox-world';
import { openRecipientsWorld, type RecipientsWorld } from './recipients-world';

let world: RecipientsWorld;
let page: TestPage;
beforeEach(async () => {
  world = await openRecipientsWorld();
  page = await world.newPage();
  await world.logPage(page);
});
afterEach(() => world.close());

const code = (name: string) => expect.objectContaining({ code: name }) as Error;
const get = (uuid: string, accountId = page.accountId) => makeGetRecipient(world.deps)({ accountId, uuid });
const list = (limit: number, after: string | null = null) =>
  makeListRecipients(world.deps)({ accountId: page.accountId, limit, after });

it('keeps what is said of a recipient as ciphertext, and its secret in no answer but the first', async () => {
  const made = await world.register(page, 'disclosed');
  expect(made.secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const { secret, ...shown } = made;
  expect(await get(made.uuid)).toEqual({ ...shown, calls: { notified: 0, pending: 0, failed: 0 }, lastFailure: null });
  expect(JSON.stringify([await get(made.uuid), await list(10)])).not.toContain(secret);
  const row = await world.db.first<{ text: string }>(
    `select convert_from(convert_to(r::text, 'UTF8'), 'UTF8') || encode(definition_ct, 'escape') || encode(secret_ct, 'escape') as text from recipient r`,
  );
  for (const word of [made.name, made.purpose, 'recipient.example.com', secret]) expect(row!.text).not.toContain(word);
});

it('lists in parts, ended ones too, and knows none of another account', async () => {
  const made = [];
  for (let n = 0; n < 3; n += 1) made.push((await world.register(page, 'disclosed')).uuid);
  const other = await world.newPage();
  const stranger = await world.register(other, 'disclosed');
  await makeEndRecipient(world.deps)({ accountId: page.accountId, uuid: made[0]! });
  const first = await list(2);
  const second = await list(2, first.next);
  expect([...first.items, ...second.items].map(({ uuid }) => uuid)).toEqual(made);
  expect([first.items[0]!.endedAt, second.next]).toEqual([world.now(), null]);
  await expect(list(2, 'x')).rejects.toEqual(code('validation_failed'));
  await expect(get(stranger.uuid)).rejects.toEqual(code('recipient_not_found'));
  const ending = makeEndRecipient(world.deps)({ accountId: page.accountId, uuid: stranger.uuid });
  await expect(ending).rejects.toEqual(code('recipient_not_found'));
});

it('refuses an endpoint that is not on the internet', async () => {
  const register = makeRegisterRecipient({ ...world.deps, onLoopback: false });
  const said = { name: 'N', purpose: 'P', country: 'DE', kind: 'webhook', receives: 'everyone' } as const;
  const at = (endpoint: string) => register({ ...said, endpoint, accountId: page.accountId, uuid: randomUUID() });
  await expect(at('https://10.0.0.1/')).rejects.toEqual(code('validation_failed'));
  await expect(at('http://127.0.0.1/')).rejects.toEqual(code('validation_failed'));
});

it('gives another secret to one whose making is repeated, and touches none that is in use or of somebody else', async () => {
  const register = makeRegisterRecipient({ ...world.deps, onLoopback: false });
  const input = {
    name: 'N',
    purpose: 'P',
    country: 'DE',
    kind: 'webhook',
    receives: 'disclosed',
    endpoint: 'https://recipient.example.com/',
    accountId: page.accountId,
    uuid: randomUUID(),
  } as const;
  const first = await register(input);
  const again = await register(input);
  expect([again.uuid, again.secret === first.secret]).toEqual([first.uuid, false]);
  const other = await world.newPage();
  await expect(register({ ...input, accountId: other.accountId })).rejects.toEqual(code('recipient_not_found'));
  await world.disclose(page, first, [await world.subscribe(page)]);
  await expect(register(input)).rejects.toEqual(code('recipient_not_found'));
});

it('records a disclosure once for each person and recipient, with its first and its last moment', async () => {
  const ann = await world.subscribe(page);
  const recipient = await world.register(page, 'disclosed');
  const first = world.now();
  expect(await world.disclose(page, recipient, [ann])).toEqual([{ id: ann.id, uuid: ann.uuid }]);
  world.later(1_000);
  await world.disclose(page, recipient, [ann]);
  expect(await world.db.rows('select lead_id as lead, first_at as first, last_at as last from disclosure')).toEqual([
    { lead: ann.id, first, last: world.now() },
  ]);
  expect((await get(recipient.uuid)).disclosedAt).toEqual(world.now());
});

it('lets nothing be given of somebody who is being erased, who is of another account, or to a recipient that is unknown', async () => {
  const [ann, bob] = [await world.subscribe(page), await world.subscribe(page)];
  const recipient = await world.register(page, 'disclosed');
  const other = await world.newPage();
  await world.logPage(other);
  const cyd = await world.subscribe(other);
  await world.requestErasure(page, ann);
  const given = await world.disclose(page, recipient, [ann, bob, cyd]);
  expect(given.map(({ uuid }) => uuid)).toEqual([bob.uuid]);
  expect(await world.disclose(page, recipient, [ann])).toEqual([]);
  await expect(world.disclose(page, { uuid: randomUUID() }, [bob])).rejects.toEqual(code('recipient_not_found'));
  await expect(world.disclose(other, recipient, [cyd])).rejects.toEqual(code('recipient_not_found'));
});

it('waits with a disclosure for an erasure that is being asked for, and then gives nothing', async () => {
  const ann = await world.subscribe(page);
  const recipient = await world.register(page, 'disclosed');
  let given: Promise<readonly unknown[]> | undefined;
  await world.db.transaction(async (tx) => {
    await tx.run('select from lead where id = $1 for update', [ann.id]);
    await tx.run(`update lead set status = 'erasing' where id = $1`, [ann.id]);
    given = world.disclose(page, recipient, [ann]);
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
  expect(await given).toEqual([]);
  expect(await world.count('disclosure')).toBe(0);
});
