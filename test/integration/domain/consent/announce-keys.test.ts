import { makeAnnounceKeys } from '../../../../src/domain/consent';
import { openInboxWorld, type InboxWorld } from '../inbox/inbox-world';

let world: InboxWorld;
beforeAll(async () => {
  world = await openInboxWorld();
});
afterAll(() => world.close());

const bodies = async (): Promise<Record<string, unknown>[]> => {
  const rows = await world.db.rows<{ opening: Buffer }>(
    `select o.opening from ledger_pending p join ledger_opening o using (entry_id) where o.opening is not null order by p.id`,
  );
  return rows.map(({ opening }) => JSON.parse(opening.subarray(0, -64).toString()) as Record<string, unknown>);
};

test('each key and secret is announced once, however many processes start at once, and a new one beside the old', async () => {
  const announce = makeAnnounceKeys(world.deps);
  const keys = { vkey: 'log.test/consent+8a0c8a3a+AAAA', appSecrets: ['the-first-app-secret'] };
  await Promise.all([announce(keys), announce(keys), announce(keys)]);
  await announce({ ...keys, appSecrets: ['the-second-app-secret', 'the-first-app-secret'] });
  const written = await bodies();
  expect(written.map(({ kind }) => kind)).toEqual(['log_key', 'secret_commit', 'secret_commit']);
  expect(written[0]).toMatchObject({ vkey: keys.vkey, log: world.deps.logOrigin });
  // SHA-256 of "assent/secret-id\n" and the secret, by openssl.
  expect(written[1]).toMatchObject({ id: String(written[1]!['sha256']).slice(0, 16) });
  expect(JSON.stringify(written)).not.toContain('app-secret');
});
