import { shortMac } from '../../../kernel/crypto/short-mac';

/** Whose entry an opening is, and which one of their chain. */
export interface LeadOpening {
  readonly entryId: string;
  readonly pageUuid: string;
  readonly leadUuid: string;
  /** Place in the chain, from 1. */
  readonly n: number;
}

/**
 * Shows whose entry an opening is when nothing opens it any more: by this its leaf is closed with the person or their account, and with
 * nobody else.
 *
 * @param key `opening-owner` of the key ring @returns 16 bytes
 */
export const leadOpeningMac = (key: Buffer, { entryId, pageUuid, leadUuid, n }: LeadOpening): Buffer =>
  shortMac(key, `assent/opening-owner/v1|lead|${entryId}|${pageUuid}|${leadUuid}|${n}`);

/** The same of an entry that stands in clear. @param accountUuid null for one of the installation, which no account takes along */
export const accountOpeningMac = (key: Buffer, entryId: string, accountUuid: string | null): Buffer =>
  shortMac(key, `assent/opening-owner/v1|account|${entryId}|${accountUuid ?? 'none'}`);
