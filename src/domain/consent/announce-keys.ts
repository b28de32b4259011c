import { sha256 } from '../../kernel/crypto/merkle';
import type { Database } from '../sql.types';
import { appendSystemEntry, type AppendDeps } from './append-entry';
import { secretCommitment } from './ledger/commitment.rules';
import type { SystemEntry } from './ledger/entry-body.types';

export interface AnnounceKeysDeps extends AppendDeps {
  readonly db: Database;
}

export interface AnnouncedKeys {
  /** The key that signs the log. */
  readonly vkey: string;
  /** Secrets of the Meta app, whose signatures the evidence holds. */
  readonly appSecrets: readonly string[];
}

/**
 * Puts the key of the log, and a commitment to each app secret, into the log: once each, however many processes start. From then
 * on nobody can say that evidence was signed with a secret made up later.
 */
export const makeAnnounceKeys =
  (deps: AnnounceKeysDeps) =>
  async ({ vkey, appSecrets }: AnnouncedKeys): Promise<void> => {
    await announce(deps, logKeyFact(vkey), { kind: 'log_key', vkey });
    for (const secret of appSecrets) {
      const commitment = secretCommitment(secret);
      await announce(deps, commitment, { kind: 'secret_commit', commitment });
    }
  };

const logKeyFact = (vkey: string): Buffer => sha256(Buffer.from(`log_key ${vkey}`));

/** The fact that an entry announces, by its body; null for one that announces nothing. */
export function announcedFact(body: {
  readonly kind: string;
  readonly vkey?: string;
  readonly sha256?: string;
}): Buffer | null {
  if (body.kind === 'log_key' && body.vkey !== undefined) return logKeyFact(body.vkey);
  return body.kind === 'secret_commit' && body.sha256 !== undefined ? Buffer.from(body.sha256, 'hex') : null;
}

/** @param fact 32 bytes that tell this fact from every other */
function announce(deps: AnnounceKeysDeps, fact: Buffer, entry: SystemEntry): Promise<void> {
  return deps.db.transaction(async (tx) => {
    const known = await tx.first('select from ledger_announced where fact_sha256 = $1', [fact]);
    if (known !== undefined) return;
    await tx.run('lock table ledger_announced in share row exclusive mode');
    const taken = await tx.first('select from ledger_announced where fact_sha256 = $1', [fact]);
    if (taken !== undefined) return;
    const { entryId } = await appendSystemEntry(tx, deps, null, entry);
    await tx.run('insert into ledger_announced (fact_sha256, entry_id) values ($1, $2)', [fact, entryId]);
  });
}
