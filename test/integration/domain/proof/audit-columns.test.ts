import { readFileSync } from 'node:fs';
import path from 'node:path';
import { makeHistory, openAuditWorld, SAVED_TABLES, type AuditWorld, type SavedTable } from './audit-world';

/** What no audit checks, as docs/verify.md says. A new column belongs here or into the audit. */
const UNCHECKED: Readonly<Partial<Record<SavedTable, string>>> = {
  anchor_service: 'class last_size last_anchored_at attempted_at failures last_fault due_at',
  lead: `last_inbound_at last_ad_message_at unreachable_at failed_in_a_row restricted_at ref_index locale time_zone tag_ids
    created_at returned_at`,
  delivery: `seq status reason basis notice_version rule_version transient_failures due_at post_started_at settled_at
    delivered_at read_at clicked_at unsubscribed_at mid_ct error_code error_subcode`,
  notice: 'created_at',
  page: `name token_ct state stop_reason stop_code stop_subcode stopped_at addresses_eea rate_per_second
    accept_risk_above_40 time_zone quiet_hours setup is_ending created_at updated_at`,
  broadcast: `definition_ct purpose status blocked_reason out_of_window scheduled_at start_at rate_per_second
    start_delay_seconds status_before_pause launched_at frozen_at completed_at cancelled_at
    created_at updated_at receipts_counted_at`,
};

/** Some values of these may be right: they are tried in the tables of edits. */
const BOUNDED: Readonly<Partial<Record<SavedTable, string>>> = {
  lead: 'notice_shown_at marketing_token_at status',
  ledger_checkpoint: 'signed_at',
  ledger_pending: 'id',
  // Of a bucket where nobody lies.
  key_bucket: 'page_id bucket key_version',
};

const NUMBERS = (most: string): readonly string[] => ['null', most, `(-${most} - 1)`];
const ODD: Readonly<Record<string, readonly string[]>> = {
  text: ['null', `''`, `repeat('9', 3000)`, `chr(1) || '{'`],
  bytea: ['null', `''`, `sha256('x')`, `decode(repeat('30', 300), 'hex')`],
  smallint: NUMBERS('32767'),
  integer: NUMBERS('2147483647'),
  bigint: NUMBERS('9223372036854775807'),
  uuid: ['null', 'gen_random_uuid()'],
  boolean: ['null', 'true', 'false'],
  'timestamp with time zone': ['null', `'infinity'`, `'-infinity'`, `'4713-01-01 BC'`, `'294276-12-31'`],
  jsonb: ['null', `'[{}]'`],
  ARRAY: [`'{1,2}'`],
};

let world: AuditWorld;
beforeAll(async () => {
  world = await openAuditWorld();
  await makeHistory(world, { leaves: 3 });
  await world.anchor();
  await world.save();
});
afterAll(() => world.close());

const has = (list: Readonly<Partial<Record<SavedTable, string>>>, table: SavedTable, column: string): boolean =>
  list[table]?.split(/\s+/).includes(column) === true;

/** @returns false when the database does not take the value, or holds it already */
async function put(table: SavedTable, column: string, value: string): Promise<boolean> {
  const row = `(select ctid from ${table} where ${column} is distinct from ${value} order by ctid limit 1)`;
  try {
    await world.byHand([`update ${table} set ${column} = ${value} where ctid = ${row}`]);
  } catch {
    return false;
  }
  return (await world.count(`(table ${table} except table saved.${table}) changed`)) > 0;
}

it.each(SAVED_TABLES)(
  'ends with every odd value in every column of %s, and names it where it says what it checks',
  async (table) => {
    const columns = await world.db.rows<{ name: string; type: string }>(
      `select column_name as name, data_type as type from information_schema.columns
      where table_schema = 'public' and table_name = $1`,
      [table],
    );
    const unexpected: string[] = [];
    for (const { name, type } of columns) {
      for (const value of ODD[type] ?? []) {
        if (!(await put(table, name, value))) continue;
        const said = await world.audit().then(
          ({ ok }) => (ok ? 'passed over' : 'named'),
          (error: unknown) => `threw ${String(error)}`,
        );
        await world.restore([table]);
        const expected = has(UNCHECKED, table, name) ? 'passed over' : 'named';
        if (said !== expected && !has(BOUNDED, table, name)) unexpected.push(`${name} = ${value}: ${said}`);
      }
    }
    expect(columns.length).toBeGreaterThan(1);
    expect(unexpected).toEqual([]);
  },
);

it('has every table either under its checks or on the page of what they leave out', async () => {
  const tables = await world.db.rows<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  );
  const page = readFileSync(path.join(__dirname, '../../../../docs/verify.md'), 'utf8');
  const leftOut = page.slice(page.indexOf('### What an audit does not check'));
  const known = new Set<string>(SAVED_TABLES);
  expect(tables.length).toBeGreaterThan(30);
  expect(tables.map(({ name }) => name).filter((name) => !known.has(name) && !leftOut.includes(`\`${name}`))).toEqual(
    [],
  );
});
