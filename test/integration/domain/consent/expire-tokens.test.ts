import { createHash } from 'node:crypto';
import { makeExpireTokens, openEntries } from '../../../../src/domain/consent';
import { until } from '../../../support/until';
import { newPsid, openInboxWorld, type InboxWorld, type TestPage } from '../inbox/inbox-world';

let world: InboxWorld;
beforeAll(async () => {
  world = await openInboxWorld();
});
afterAll(() => world.close());

const TOKEN = 'token-5550001';

function optin(page: TestPage, psid: string, expiresAt: Date): object {
  return {
    sender: { id: psid },
    recipient: { id: page.metaPageId },
    timestamp: world.now().getTime(),
    optin: {
      type: 'notification_messages',
      notification_messages_token: TOKEN,
      user_token_status: 'NOT_REFRESHED',
      token_expiry_timestamp: expiresAt.getTime(),
    },
  };
}

const HOUR_MS = 3_600_000;

test('a permission that has run out is logged once, at whatever sweep finds it, and only then', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, optin(page, psid, new Date(world.now().getTime() + HOUR_MS)));
  const expire = makeExpireTokens(world.deps);
  expect(await expire()).toBe(0);
  world.setNow(new Date(world.now().getTime() + 2 * HOUR_MS));
  expect((await Promise.all([expire(), expire()])).reduce((sum, n) => sum + n, 0)).toBe(1);
  expect(await expire()).toBe(0);

  const lead = (await world.leadOf(page, psid))!;
  expect(lead.row['marketing_token_state']).toBe('expired');
  const entries = await openEntries(world.db, lead.dek, lead.id);
  const tokens = entries
    .map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>)
    .filter(({ kind }) => kind === 'token');
  expect(tokens.map(({ state }) => state).sort()).toEqual(['expired', 'granted']);
  const expired = tokens.find(({ state }) => state === 'expired');
  expect(expired).toMatchObject({ token_sha256: createHash('sha256').update(TOKEN).digest('hex') });
  expect(expired).not.toHaveProperty('evidence');
});

test('a permission that is stopped while a sweep waits for the person is not logged as run out', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, optin(page, psid, new Date(world.now().getTime() + HOUR_MS)));
  world.setNow(new Date(world.now().getTime() + 2 * HOUR_MS));
  const { id } = (await world.leadOf(page, psid))!;
  let expiring: Promise<number> = Promise.resolve(-1);
  await world.db.transaction(async (tx) => {
    await tx.run(`update lead set marketing_token_state = 'stopped' where id = $1`, [id]);
    expiring = makeExpireTokens(world.deps)();
    await until('the sweep waits for the row', async () => {
      const rows = await world.db.rows(
        `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      return rows.length > 0;
    });
  });
  expect(await expiring).toBe(0);
  expect((await world.leadOf(page, psid))!.row['marketing_token_state']).toBe('stopped');
});
