import { sealField } from '../../kernel/crypto/field-cipher';
import type { AppendDeps } from '../consent';
import { onRing, type LeadKeyRow } from '../leads';
import type { RowId, Tx } from '../sql.types';
import { readMetadata, type SendReference } from './body.rules';
import { recordNoticeShown } from './notice-shown';
import { acceptReply } from './reply.store';

export interface SeenEcho {
  readonly leadId: RowId;
  readonly metadata: string;
  readonly mid: string;
}

/**
 * Meta shows a message of ours: it was accepted, whatever our side knows of it. Also for a row that went back to
 * `pending`, so that nobody gets it twice. Needs the lead locked; seen twice it says the same.
 *
 * @returns whether a row changed
 */
export function makeReconcileEcho(deps: AppendDeps) {
  return async (tx: Tx, { leadId, metadata, mid }: SeenEcho): Promise<boolean> => {
    const reference = readMetadata(metadata);
    if (reference === null) return false;
    return reference.kind === 'delivery'
      ? acceptDelivery(tx, deps, leadId, reference, mid)
      : acceptReplyByEcho(tx, deps, leadId, reference, mid);
  };
}

type KeyOfRow = LeadKeyRow & { readonly pageUuid: string };

const KEY = `k.bucket, k.key_version as "keyVersion", k.dek_wrapped as "dekWrapped", k.psid_ct as "psidCt",
  p.public_id as "pageUuid"`;

const dekOf = ({ keyRing }: AppendDeps, row: KeyOfRow): Buffer =>
  onRing(row.pageUuid, () => keyRing.unwrapLeadKey(row.pageUuid, row.bucket, row.keyVersion, row.dekWrapped));

async function acceptDelivery(
  tx: Tx,
  deps: AppendDeps,
  leadId: RowId,
  { uuid, attempt }: SendReference,
  mid: string,
): Promise<boolean> {
  const row = await tx.first<KeyOfRow & { broadcastId: RowId; seq: number }>(
    `select d.broadcast_id as "broadcastId", d.seq, ${KEY}
      from delivery d join lead_key k on k.lead_id = d.lead_id join page p on p.id = d.page_id
      where d.lead_id = $1 and d.public_id = $2 and d.attempt >= $3 and d.status in ('sending', 'uncertain', 'pending')`,
    [leadId, uuid, attempt],
  );
  if (row === undefined) return false;
  const changed = await tx.run(
    `update delivery set status = 'accepted', reason = null, due_at = null, settled_at = clock_timestamp(), mid_ct = $3,
       error_code = null, error_subcode = null
      where broadcast_id = $1 and seq = $2 and status in ('sending', 'uncertain', 'pending')`,
    [row.broadcastId, row.seq, sealField(dekOf(deps, row), { table: 'delivery', column: 'mid_ct', row: uuid }, mid)],
  );
  return changed === 1;
}

async function acceptReplyByEcho(
  tx: Tx,
  deps: AppendDeps,
  leadId: RowId,
  { uuid, attempt }: SendReference,
  mid: string,
): Promise<boolean> {
  const key = await tx.first<KeyOfRow>(
    `select ${KEY} from reply r join lead_key k on k.lead_id = r.lead_id join page p on p.id = r.page_id
      where r.public_id = $2 and r.lead_id = $1 and r.status in ('sending', 'uncertain', 'pending')`,
    [leadId, uuid],
  );
  if (key === undefined) return false;
  const accepted = await acceptReply(
    tx,
    { leadId, uuid, attempt },
    { midCt: sealReplyMid(dekOf(deps, key), uuid, mid), postStartedAt: null },
  );
  if (accepted === undefined) return false;
  if (accepted.kind === 'welcome') await recordNoticeShown(tx, deps, leadId, accepted, mid);
  return true;
}

export const sealReplyMid = (dek: Buffer, uuid: string, mid: string): Buffer =>
  sealField(dek, { table: 'reply', column: 'mid_ct', row: uuid }, mid);
