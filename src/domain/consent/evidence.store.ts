import type { RowId, Tx } from '../sql.types';

export interface EvidenceRow {
  readonly position: number;
  readonly kind: 'p' | 'e';
  /** Only for an event. */
  readonly leadId: RowId | null;
  readonly bytes: Buffer;
}

/** Pieces that several people's entries rest on are kept once. */
export async function insertEvidence(tx: Tx, deliveryId: string, rows: readonly EvidenceRow[]): Promise<void> {
  await tx.run(
    `insert into evidence_segment (delivery_id, position, kind, lead_id, bytes)
     select $1, s.position, s.kind, s.lead_id, s.bytes
     from unnest($2::int[], $3::text[], $4::bigint[], $5::bytea[]) as s (position, kind, lead_id, bytes)
     order by s.position on conflict on constraint evidence_segment_pkey do nothing`,
    [
      deliveryId,
      rows.map((row) => row.position),
      rows.map((row) => row.kind),
      rows.map((row) => row.leadId),
      rows.map((row) => row.bytes),
    ],
  );
}
