import { createHmac } from 'node:crypto';
import type { Clock } from '../../kernel/clock';
import type { FieldError } from '../../kernel/errors';
import type { Log } from '../../kernel/log';
import type { KeyRing } from '../keyring.types';
import type { Database, RowId } from '../sql.types';
import { ownPage } from './find-page';
import { withPageRing } from './page-token';
import { invalidPageInput } from './pages.errors';
import type { Page } from './pages.types';
import { insertSuppressions, lockBuckets } from './suppression.store';

export const SUPPRESSIONS_PER_IMPORT = 10_000;
const NAMED_ERRORS = 20;
const MAC_BYTES = 16;

export interface ImportSuppressionsDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly log: Log;
  /** Withdraws (via `api`) those of these people who are leads and have not left; answers how many. Repeatable. */
  readonly withdrawPeople: (page: Page, psids: readonly string[]) => Promise<number>;
}

export interface ImportSuppressionsInput {
  readonly accountId: RowId;
  /** Meta's id or ours. */
  readonly ref: string;
  readonly psids: readonly string[];
}

export interface ImportedSuppressions {
  readonly added: number;
  /** On the list before, or named twice in this call. */
  readonly already: number;
  /** Leads who were unsubscribed by this call. */
  readonly withdrawn: number;
}

/**
 * Takes over opt-outs from elsewhere. Only a keyed hash of each id is kept. Opt-ins can never be brought along.
 *
 * @throws {UserError} `validation_failed` naming positions and never an id, `page_not_found`
 */
export function makeImportSuppressions(deps: ImportSuppressionsDeps) {
  return async ({ accountId, ref, psids }: ImportSuppressionsInput): Promise<ImportedSuppressions> => {
    const errors = checkPsids(psids);
    if (errors.length > 0) throw invalidPageInput(errors);
    const page = await ownPage(deps.db, accountId, ref);
    const unique = [...new Set(psids)];
    const { macs, buckets } = await withPageRing(deps.keyRing, page.uuid, () => ({
      macs: unique.map((psid) => suppressionMac(deps.keyRing, page.uuid, psid)),
      buckets: [...new Set(unique.map((psid) => deps.keyRing.bucketOf(page.uuid, psid)))],
    }));
    const added = await deps.db.transaction(async (tx) => {
      await lockBuckets(tx, page.id, buckets);
      return insertSuppressions(tx, page.id, macs, deps.clock.now());
    });
    const withdrawn = await deps.withdrawPeople(page, unique);
    deps.log.event('suppressions.imported', { page: page.uuid, count: added });
    return { added, already: psids.length - added, withdrawn };
  };
}

/** What a suppressed person is recognised by. */
export const suppressionMac = (keyRing: KeyRing, pageUuid: string, psid: string): Buffer =>
  createHmac('sha256', keyRing.pageKey(pageUuid, 'suppression')).update(psid).digest().subarray(0, MAC_BYTES);

function checkPsids(psids: readonly string[]): FieldError[] {
  if (psids.length === 0 || psids.length > SUPPRESSIONS_PER_IMPORT) {
    return [{ pointer: '/psids', detail: `must have 1 to ${SUPPRESSIONS_PER_IMPORT} page-scoped ids` }];
  }
  return psids
    .flatMap((psid, index) =>
      /^\d{1,32}$/.test(psid) ? [] : [{ pointer: `/psids/${index}`, detail: 'must be a page-scoped id (digits)' }],
    )
    .slice(0, NAMED_ERRORS);
}
