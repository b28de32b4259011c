import type { Clock } from '../../kernel/clock';
import type { Ids } from '../../kernel/ids';
import type { Log } from '../../kernel/log';
import type { KeyRing } from '../keyring.types';
import type { Database, RowId, Tx } from '../sql.types';
import type { PageGraph } from './page-graph.types';
import type { AppendPageEntry } from './pages.types';

/** What connecting, changing and disconnecting a Page needs from outside. */
export interface PageDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly graph: PageGraph;
  /** Writes a fact about a Page into the ledger, in the transaction that makes it true. */
  readonly appendSystemEntry: AppendPageEntry;
  /** Lets the broadcasts go on that stood still because this Page could not send. */
  readonly reopenBroadcasts: (tx: Tx, pageId: RowId) => Promise<unknown>;
  /** Ends the sends of a Page that is being disconnected. */
  readonly blockBroadcasts: (tx: Tx, pageId: RowId, reason: 'page_disconnected') => Promise<unknown>;
}
