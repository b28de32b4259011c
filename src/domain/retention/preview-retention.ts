import type { Clock } from '../../kernel/clock';
import type { RowId, Sql } from '../sql.types';
import { cutoffsAt, RULE_SENTENCES, type Cutoffs, type RetentionRule } from './retention.rules';
import { countOld } from './retention.store';

export interface RetentionPreview {
  /** As if this were the time, and nothing else happened until then. */
  readonly at: Date;
  readonly rules: readonly {
    readonly rule: RetentionRule;
    readonly sentence: string;
    /** What is older goes. */
    readonly before: Date;
    readonly count: number;
  }[];
}

/**
 * A dry run: what the timers of retention would do at a moment. Changes nothing.
 *
 * @param accountId one account, or null for all @param at now, when left out
 */
export const makePreviewRetention =
  ({ db, clock }: { readonly db: Sql; readonly clock: Clock }) =>
  async ({
    accountId,
    at = clock.now(),
  }: {
    readonly accountId: RowId | null;
    readonly at?: Date;
  }): Promise<RetentionPreview> => {
    const cutoffs = cutoffsAt(at);
    const counts = await countOld(db, accountId, cutoffs);
    const rules = (Object.keys(RULE_SENTENCES) as (keyof Cutoffs)[]).map((rule) => ({
      rule,
      sentence: RULE_SENTENCES[rule],
      before: cutoffs[rule],
      count: counts[rule],
    }));
    return { at, rules };
  };
