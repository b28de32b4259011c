import type { makeAuditLedger } from '../../../../src/domain/proof';
import type { Database } from '../../../../src/domain/sql.types';

type AuditResult = Awaited<ReturnType<ReturnType<typeof makeAuditLedger>>>;

const RESTORE_ENTRY = `opening is not null and encode(opening, 'escape') like '%"kind":"restore"%'`;
const RELABELLED = `update ledger_leaf f set state = k.state from kept_leaf k where k.leaf_index = f.leaf_index`;
/** Edit, its undoing, and what it is found by. */
const FORGERIES = [
  [`update ledger_leaf set state = 'erased' where state = 'lost'`, RELABELLED, 'leaf_unexplained'],
  [`update ledger_leaf set state = 'closed' where state = 'lost'`, RELABELLED, 'leaf_unexplained'],
  [`update ledger_leaf set state = 'lost' where state = 'erased'`, RELABELLED, 'leaf_unexplained'],
  [`update ledger_leaf set state = 'erased' where state = 'lost'`, RELABELLED, 'leaf_state'],
  [
    `update ledger_opening set account_id = (select min(id) from account) where ${RESTORE_ENTRY}`,
    `update ledger_opening set account_id = null where ${RESTORE_ENTRY}`,
    'opening_owner',
  ],
  [
    `insert into notice (page_id, version, language, surface, body, sha256, created_at)
      select page_id, 7, language, surface, 'x', sha256('x'), created_at from notice limit 1`,
    'delete from notice where version = 7',
    'notice_unlogged',
  ],
  [
    'update page set notice_version = notice_version + 1',
    'update page set notice_version = notice_version - 1',
    'page_notice',
  ],
] as const;

/** What is lost with a restore hides nothing that is stored: each edit is named by an audit. */
export async function expectForgeriesFound(db: Database, audit: () => Promise<AuditResult>): Promise<void> {
  await db.run('create table kept_leaf as table ledger_leaf');
  for (const [edit, undo, code] of FORGERIES) {
    await db.run(edit);
    const found = (await audit()).findings.map(({ what }) => what);
    await db.run(undo);
    expect([edit, found]).toEqual([edit, expect.arrayContaining([code])]);
  }
  await db.run('drop table kept_leaf');
  expect((await audit()).findings).toEqual([]);
}
