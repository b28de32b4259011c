import type { AskTimestamp, AskWitness } from '../../domain/ledger/anchor/anchor.types';
import { askOutside } from './ask-outside';

/** Witnesses wait so long for an authority that does not answer. */
const TIMESTAMP_TIMEOUT_MS = 10_000;
/** A witness may have to be asked twice in that time. */
const WITNESS_TIMEOUT_MS = 5_000;

/** RFC 3161 over HTTP, section 3.4. */
export const timestampClient =
  (url: string, timeoutMs = TIMESTAMP_TIMEOUT_MS): AskTimestamp =>
  async (request) => {
    const answer = await askOutside({ url, contentType: 'application/timestamp-query', body: request, timeoutMs });
    const isReply = answer?.type.split(';')[0]?.trim() === 'application/timestamp-reply';
    return answer?.status === 200 && isReply ? answer.bytes : null;
  };

/** C2SP tlog-witness, `add-checkpoint`. @param prefix the witness's submission prefix */
export const witnessClient =
  (prefix: string, timeoutMs = WITNESS_TIMEOUT_MS): AskWitness =>
  async (body) => {
    const answer = await askOutside({
      url: `${prefix.replace(/\/+$/, '')}/add-checkpoint`,
      contentType: 'text/plain; charset=utf-8',
      body,
      timeoutMs,
    });
    return answer === null ? null : { status: answer.status, text: answer.bytes.toString('utf8') };
  };
