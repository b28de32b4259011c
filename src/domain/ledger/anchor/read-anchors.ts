import type { Sql } from '../../sql.types';
import { readHead } from '../ledger.store';
import { readAnchors, readServices, type ServiceState, type StoredAnchor } from './anchor.store';
import type { AnchorService } from './anchor.types';

export const NONE_INDEPENDENT = "No independent anchor: proofs rest on this operator's word.";

export interface AnchorsView {
  /** An outside service has vouched for a checkpoint, and is still configured. */
  readonly isIndependent: boolean;
  readonly services: readonly ServiceState[];
  readonly head: { readonly size: number; readonly anchors: readonly StoredAnchor[] } | null;
}

/** Where every configured service stands; one that has never been asked is due at once. */
export const makeReadAnchors =
  ({ db, services }: { readonly db: Sql; readonly services: readonly AnchorService[] }) =>
  async (): Promise<AnchorsView> => {
    const states = new Map((await readServices(db)).map((state) => [state.name, state]));
    const known = services.map((service) => states.get(service.name) ?? neverAsked(service));
    const head = await readHead(db);
    return {
      isIndependent: known.some(({ class: kind, lastSize }) => kind !== 'self' && lastSize !== null),
      services: known,
      head: head === undefined ? null : { size: head.size, anchors: await readAnchors(db, [head.size]) },
    };
  };

const neverAsked = ({ name, class: kind }: AnchorService): ServiceState => ({
  name,
  class: kind,
  lastSize: null,
  lastAnchoredAt: null,
  failures: 0,
  lastFault: null,
  dueAt: new Date(0),
});
