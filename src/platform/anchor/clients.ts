import type { AskTimestamp, AskWitness } from '../../domain/ledger/anchor/anchor.types';
import { askOutside } from './ask-outside';

/** RFC 3161 over HTTP, section 3.4. */
export const timestampClient =
  (url: string): AskTimestamp =>
  async (request) => {
    const answer = await askOutside({ url, contentType: 'application/timestamp-query', body: request });
    const isReply = answer?.type.split(';')[0]?.trim() === 'application/timestamp-reply';
    return answer?.status === 200 && isReply ? answer.bytes : null;
  };

/** C2SP tlog-witness, `add-checkpoint`. @param prefix the witness's submission prefix */
export const witnessClient =
  (prefix: string): AskWitness =>
  async (body) => {
    const answer = await askOutside({
      url: `${prefix.replace(/\/+$/, '')}/add-checkpoint`,
      contentType: 'text/plain; charset=utf-8',
      body,
    });
    return answer === null ? null : { status: answer.status, text: answer.bytes.toString('utf8') };
  };
