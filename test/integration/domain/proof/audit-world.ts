import { appendSystemEntry, makeAnnounceKeys } from '../../../../src/domain/consent';
import { makeAuditLedger, type AuditResult } from '../../../../src/domain/proof';
import { APP_SECRET, event, message, newPsid, postback, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type Outside } from './proof-world';

/** Tables that are edited, by whether their ids are generated. */
const TABLES = {
  ledger_leaf: false,
  ledger_tile: false,
  ledger_checkpoint: false,
  ledger_opening: false,
  ledger_sends: false,
  ledger_announced: false,
  ledger_pending: true,
  anchor: false,
  anchor_service: false,
  lead: true,
  lead_key: false,
  key_bucket: false,
  delivery: false,
  logged_send: false,
  evidence_segment: false,
  notice: false,
  page: true,
  broadcast: true,
} as const;

export type SavedTable = keyof typeof TABLES;
export const SAVED_TABLES = Object.keys(TABLES) as SavedTable[];

export type AuditWorld = Awaited<ReturnType<typeof openAuditWorld>>;

/** A ledger that is edited by somebody with the database in their hands, audited, and put back. */
export async function openAuditWorld(outside?: Outside) {
  const world = await openProofWorld(outside);
  const page: TestPage = await world.newPage();
  /** No constraint of another table and no trigger stands in their way. */
  const byHand = (statements: readonly string[]): Promise<void> =>
    world.db.transaction(async (tx) => {
      await tx.run(`set local session_replication_role = replica`);
      for (const statement of statements) await tx.run(statement);
    });
  return {
    ...world,
    page,
    byHand,
    audit: (over: Partial<Parameters<typeof makeAuditLedger>[0]> = {}): Promise<AuditResult> =>
      makeAuditLedger({ ...world.deps, checkpointCopy: world.checkpointCopy, ...over })(),
    save: async (): Promise<void> => {
      await world.db.run(`create schema saved`);
      for (const table of SAVED_TABLES) await world.db.run(`create table saved.${table} as table ${table}`);
    },
    restore: (tables: readonly SavedTable[] = SAVED_TABLES): Promise<void> =>
      byHand(
        tables.flatMap((table) => [
          `delete from ${table}`,
          `insert into ${table} ${TABLES[table] ? 'overriding system value' : ''} table saved.${table}`,
        ]),
      ),
  };
}

/**
 * Ann agreed, left and came back; Bob agreed; Cyd left, which waits for its leaf. Ann and Bob were sent a message.
 *
 * @param leaves how many more
 */
export async function makeHistory(world: AuditWorld, { leaves }: { readonly leaves: number }): Promise<void> {
  const { page } = world;
  await makeAnnounceKeys(world.deps)({ vkey: world.vkey, appSecrets: [APP_SECRET] });
  const later = (ms: number): Date => new Date(world.now().getTime() + ms);
  const settings = (basis: string) =>
    ({ kind: 'settings', metaPageId: page.metaPageId, optInMode: 'explicit', basis }) as const;
  const [a, b, c] = [newPsid(), newPsid(), newPsid()];
  const start = [
    postback(page, a, world.now(), 'assent:v1:start'),
    message(page, b, world.now(), 'hello'),
    message(page, c, world.now(), 'hello'),
  ];
  // The time of the body follows the event's, as Meta's does.
  await world.store({ object: 'page', entry: [{ id: page.metaPageId, time: later(700).getTime(), messaging: start }] });
  await world.drain();
  const optin = { type: 'notification_messages', notification_messages_token: 'token-1' };
  await world.deliver(page, event(page, c, later(500), { optin }));
  const [ann, bob] = [(await world.leadOf(page, a))!.id, (await world.leadOf(page, b))!.id];
  await world.showNotice(page, ann);
  await world.showNotice(page, bob);
  await world.sequence();
  const sent = await world.sendTo(page, [bob, ann]);
  await world.sendAgain(page, sent);
  await world.sendTest(page, [ann, bob], sent);
  await world.deliver(page, message(page, a, world.now(), 'STOP'));
  await world.deliver(page, message(page, a, later(1_000), 'START'));
  await world.logPage(page);
  await world.db.transaction(async (tx) => {
    for (let n = 0; n < leaves; n += 1)
      await appendSystemEntry(tx, world.deps, page.accountId, settings(`b${String(n)}`));
  });
  world.setNow(later(5_000));
  await world.sequence();
  await world.deliver(page, message(page, c, world.now(), 'STOP'));
  await world.db.transaction((tx) => appendSystemEntry(tx, world.deps, page.accountId, settings('waiting')));
  await world.db.run(`update page set opt_in_mode = 'explicit', basis = 'waiting'`);
}
