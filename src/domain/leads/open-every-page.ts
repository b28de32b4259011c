import { InvariantError, OperationalError } from '../../kernel/errors';
import type { KeyRing } from '../keyring.types';
import type { Sql } from '../sql.types';
import { openLead } from './lead-keys';
import { readLeadRow, readOneOfEveryPage } from './lead.store';

export interface OpenedPages {
  /** Pages with people, of each of whom one was tried. */
  readonly pages: number;
  readonly unopened: number;
}

/** Tries a key ring on one person of every Page: whether it is the one that the database was sealed with. Looks, and changes nothing. */
export const makeOpenEveryPage =
  ({ db, keyRing }: { readonly db: Sql; readonly keyRing: KeyRing }) =>
  async (): Promise<OpenedPages> => {
    let [pages, unopened] = [0, 0];
    for (const { pageUuid, leadId } of await readOneOfEveryPage(db)) {
      const row = await readLeadRow(db, leadId);
      if (row === undefined) continue;
      await keyRing.reload(pageUuid);
      pages += 1;
      if (!opens(() => openLead(keyRing, { uuid: pageUuid }, row))) unopened += 1;
    }
    return { pages, unopened };
  };

function opens(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof InvariantError || error instanceof OperationalError) return false;
    throw error;
  }
}
