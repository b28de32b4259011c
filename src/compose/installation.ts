import type { Sql } from '../domain/sql.types';
import { InvariantError } from '../kernel/errors';
import type { Infrastructure } from './infrastructure';

const ID_BYTES = 6;

/**
 * The origin of this installation's log. Made once and kept: it stands in every entry, so it has no port and does not
 * follow a later change of address.
 */
export async function logOrigin({ db, ids, clock, config }: Infrastructure): Promise<string> {
  const host = config.http.publicUrl === null ? 'assent.invalid' : new URL(config.http.publicUrl).hostname;
  const made = `${host}/consent/${ids.bytes(ID_BYTES).toString('hex')}`;
  await db.run('insert into installation (id, log_origin, created_at) values (1, $1, $2) on conflict (id) do nothing', [
    made,
    clock.now(),
  ]);
  return readOrigin(db);
}

async function readOrigin(sql: Sql): Promise<string> {
  const row = await sql.first<{ origin: string }>('select log_origin as origin from installation where id = 1');
  if (row === undefined) throw new InvariantError('installation_missing', 'the installation row is gone');
  return row.origin;
}
