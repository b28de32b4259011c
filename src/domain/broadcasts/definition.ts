import { openField, sealField } from '../../kernel/crypto/field-cipher';
import type { BroadcastRow, Definition, StoredAudience } from './broadcast.types';

const place = (uuid: string) => ({ table: 'broadcast', column: 'definition_ct', row: uuid });

/** Dates of a filter travel as RFC 3339 text. */
type StoredForm = Omit<Definition, 'audience'> & {
  readonly audience: Omit<StoredAudience, 'optedInAfter' | 'lastInboundAfter'> & {
    readonly optedInAfter?: string;
    readonly lastInboundAfter?: string;
  };
};

/** Name, message and filter of a broadcast as one ciphertext under the account's key. */
export const sealDefinition = (key: Buffer, uuid: string, definition: Definition): Buffer =>
  sealField(key, place(uuid), JSON.stringify(definition));

/** @throws {InvariantError} `field_unreadable` */
export function openDefinition(key: Buffer, row: Pick<BroadcastRow, 'uuid' | 'definitionCt'>): Definition {
  const stored = JSON.parse(openField(key, place(row.uuid), row.definitionCt).toString('utf8')) as StoredForm;
  const { optedInAfter, lastInboundAfter, ...filter } = stored.audience;
  return {
    ...stored,
    audience: {
      ...filter,
      ...(optedInAfter === undefined ? {} : { optedInAfter: new Date(optedInAfter) }),
      ...(lastInboundAfter === undefined ? {} : { lastInboundAfter: new Date(lastInboundAfter) }),
    },
  };
}
