import { sha256 } from '../../kernel/crypto/merkle';
import { appendSystemEntry, type AppendDeps } from '../consent';
import type { Tx } from '../sql.types';
import { certificateHead } from './certificate.rules';
import { recordDeleted } from './erasure.store';
import type { OpenErasure } from './erasure.types';

export interface EnteredErasure {
  readonly erasure: OpenErasure;
  /** That it closed. */
  readonly leaves: number;
  readonly at: Date;
  /** Of the bucket, once the older keys are destroyed. */
  readonly version: number;
}

/** Enters an erasure in the log, in the transaction that deletes the person: its certificate begins here. */
export async function enterErasure(
  tx: Tx,
  deps: AppendDeps,
  { erasure, leaves, at, version }: EnteredErasure,
): Promise<void> {
  const { code, subjectSha256, requestedAt } = erasure;
  const head = certificateHead({ code, log: deps.logOrigin, scope: 'lead', subjectSha256, requestedAt }, at);
  const entry = { kind: 'erasure', atDay: at, scope: 'lead', leaves, certificate: sha256(Buffer.from(head)) } as const;
  // Of no account: it accounts for leaves that stay closed when the account goes too.
  const { commitment } = await appendSystemEntry(tx, deps, null, entry);
  await recordDeleted(tx, { id: erasure.id, leaves, commitment, certificateHead: head }, { at, keyVersion: version });
}
