import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { sealField } from '../src/kernel/crypto/field-cipher';
import type { Stage, StagePage } from './stage';

const BATCH = 1_000;

const INSERT = `
  with given as (
    select * from unnest($1::uuid[], $2::bytea[], $3::smallint[], $4::bytea[], $5::bytea[], $6::bytea[])
      with ordinality as t (public_id, web, bucket, psid_index, dek_wrapped, psid_ct, n)
  ), l as (
    insert into lead (public_id, account_id, page_id, status, subject_ref, web_token_sha256, created_at, consent_entry,
      consent_commitment, chain_head, chain_n, consent_n, opted_in_at, notice_shown_at, notice_version, last_inbound_at)
    select public_id, $7, $8, 'subscribed', substring(web for 16), web, now(), gen_random_uuid(), web, web, 2, 1, now(),
      now(), 1, now() from given order by n returning id, public_id, consent_entry
  ), leaf as (
    insert into ledger_leaf (leaf_index, entry_id) select 1000000000000 + id, consent_entry from l
  )
  insert into lead_key (lead_id, page_id, bucket, key_version, psid_index, dek_wrapped, psid_ct)
  select l.id, $8, bucket, 1, psid_index, dek_wrapped, psid_ct from given join l using (public_id)`;

/** People who may be written to, with keys of their own, as if they had been gathered long ago. */
export async function seedLeads(stage: Stage, page: StagePage, count: number): Promise<void> {
  await stage.keyRing.reload(page.uuid);
  for (let done = 0; done < count; done += BATCH) {
    const people = Array.from({ length: Math.min(BATCH, count - done) }, () => newPerson(stage, page));
    await stage.db.run(INSERT, [
      people.map(({ uuid }) => uuid),
      people.map(({ web }) => web),
      people.map(({ bucket }) => bucket),
      people.map(({ index }) => index),
      people.map(({ wrapped }) => wrapped),
      people.map(({ psidCt }) => psidCt),
      page.accountId,
      page.id,
    ]);
  }
}

export const newPsid = (): string => String(2_000_000_000_000_000n + (randomBytes(8).readBigUInt64BE() >> 9n));

function newPerson({ keyRing }: Stage, page: StagePage) {
  const uuid = randomUUID();
  const psid = newPsid();
  const dek = randomBytes(32);
  const bucket = keyRing.bucketOf(page.uuid, psid);
  return {
    uuid,
    bucket,
    web: createHash('sha256').update(uuid).digest(),
    index: keyRing.blindIndex(page.uuid, bucket, 1, page.metaPageId, psid),
    wrapped: keyRing.wrapLeadKey(page.uuid, bucket, 1, dek),
    psidCt: sealField(dek, { table: 'lead_key', column: 'psid_ct', row: uuid }, psid),
  };
}
