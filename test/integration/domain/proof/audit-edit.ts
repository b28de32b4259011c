/** One change by somebody who has the database in their hands, and what an audit must say to it. */
export interface Edit {
  readonly name: string;
  readonly sql: readonly string[];
  readonly what: string;
  /** The leaf that is named, or a query for it; left out where there is none. */
  readonly leaf?: number | string;
}

/** The first byte, or another one, of a bytea column becomes another one. */
export const flip = (column: string, at = 0): string =>
  `set_byte(${column}, ${String(at)}, get_byte(${column}, ${String(at)}) # 1)`;

export const ANN = `(select id from lead order by id limit 1)`;
export const BOB = `(select id from lead order by id offset 1 limit 1)`;
export const CYD = `(select id from lead order by id offset 2 limit 1)`;
/** The n-th chunk: the first attempts, those tried again, and the tests. */
const chunk = (n: number): string =>
  `(select entry_id from ledger_sends join ledger_leaf using (entry_id) order by leaf_index offset ${String(n - 1)} limit 1)`;
export const SENDS = chunk(1);

/** The n-th entry of a person that has a leaf, from 1; and its leaf. */
export const entryOf = (lead: string, n: number): string =>
  `(select entry_id from ledger_opening join ledger_leaf using (entry_id) where lead_id = ${lead}
     order by leaf_index offset ${String(n - 1)} limit 1)`;
export const leafOf = (entry: string): string => `(select leaf_index from ledger_leaf where entry_id = ${entry})`;
/** The newest leaf of a person. */
export const lastOf = (lead: string): string =>
  `(select max(leaf_index) from ledger_leaf join ledger_opening using (entry_id) where lead_id = ${lead})`;
/** The first entry of that kind that concerns nobody. */
export const ofKind = (kind: string): string =>
  `(select entry_id from ledger_opening join ledger_leaf using (entry_id) where convert_from(substring(opening
     for length(opening) - 64), 'UTF8') like '%"kind":"${kind}"%' order by leaf_index limit 1)`;
export const sendsLeaf = leafOf(SENDS);
export const againLeaf = leafOf(chunk(2));
export const TESTS = chunk(3);
export const testsLeaf = leafOf(TESTS);

export const edit = (name: string, what: string, leaf: number | string | null, ...sql: string[]): Edit => ({
  name,
  sql,
  what,
  ...(leaf === null ? {} : { leaf }),
});
