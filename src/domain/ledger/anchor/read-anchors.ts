import type { Clock } from '../../../kernel/clock';
import type { Sql } from '../../sql.types';
import { readHead } from '../ledger.store';
import { readAnchors, readServices, type ServiceState, type StoredAnchor } from './anchor.store';
import type { AnchorService } from './anchor.types';

export const NONE_INDEPENDENT = "No independent anchor: proofs rest on this operator's word.";

export interface AnchorsView {
  /** An outside service that is configured vouches for the newest checkpoint, or did for another within two days. */
  readonly isIndependent: boolean;
  readonly services: readonly ServiceState[];
  readonly head: { readonly size: number; readonly anchors: readonly StoredAnchor[] } | null;
}

/** A verifier takes a word from outside that came later than this after an entry for none: docs/adr/0012. */
const MOST_SILENCE_MS = 2 * 86_400_000;

export interface ReadAnchorsDeps {
  readonly db: Sql;
  readonly clock: Clock;
  readonly services: readonly AnchorService[];
}

/** Where every configured service stands; one that has never been asked is due at once. */
export const makeReadAnchors =
  ({ db, clock, services }: ReadAnchorsDeps) =>
  async (): Promise<AnchorsView> => {
    const states = new Map((await readServices(db)).map((state) => [state.name, state]));
    const known = services.map((service) => states.get(service.name) ?? neverAsked(service));
    const head = await readHead(db);
    return {
      isIndependent: known.some((service) => vouches(service, head?.size, clock.now())),
      services: known,
      head: head === undefined ? null : { size: head.size, anchors: await readAnchors(db, [head.size]) },
    };
  };

function vouches(
  { class: kind, lastSize, lastAnchoredAt }: ServiceState,
  headSize: number | undefined,
  now: Date,
): boolean {
  if (kind === 'self' || lastSize === null) return false;
  return lastSize === headSize || now.getTime() - (lastAnchoredAt?.getTime() ?? 0) <= MOST_SILENCE_MS;
}

const neverAsked = ({ name, class: kind }: AnchorService): ServiceState => ({
  name,
  class: kind,
  lastSize: null,
  lastAnchoredAt: null,
  failures: 0,
  lastFault: null,
  dueAt: new Date(0),
});
