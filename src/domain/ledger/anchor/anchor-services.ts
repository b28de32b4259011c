import type { Clock } from '../../../kernel/clock';
import { sha256 } from '../../../kernel/crypto/merkle';
import type { Ids } from '../../../kernel/ids';
import { UserError } from '../../../kernel/errors';
import { cosignedAt, parseSignatureLine, parseVkey, type VerifierKey } from '../note.rules';
import type { AnchorOutcome, AnchorRequest, AnchorService, AskTimestamp, AskWitness } from './anchor.types';
import { pemOf, SELF, selfAuthority, selfTimestamp } from './self-timestamp.rules';
import { checkTimestamp, timestampRequest } from './timestamp.rules';

const MINUTE_MS = 60_000;
const NONCE_BYTES = 8;
const SIZE = /^(0|[1-9]\d{0,14})\n$/;

/** @param seed 32 bytes of the installation's own */
function selfService(seed: Buffer, { clock, ids }: { readonly clock: Clock; readonly ids: Ids }): AnchorService {
  const authority = selfAuthority(seed);
  const certificates = pemOf(authority.certificate);
  return {
    name: SELF,
    class: 'self',
    everyMs: MINUTE_MS,
    anchor: ({ note }) => {
      const at = clock.now();
      const token = selfTimestamp(authority, sha256(Buffer.from(note)), positive(ids.bytes(NONCE_BYTES)), at);
      return Promise.resolve({
        ok: true,
        token,
        certificates,
        anchoredAt: new Date(Math.floor(at.getTime() / 1000) * 1000),
      });
    },
  };
}

/** An authority outside, whose answer is checked before it is kept. @param authorities PEM; empty: any certificate will do */
const timestampService = (
  name: string,
  ask: AskTimestamp,
  authorities: readonly string[],
  ids: Ids,
): AnchorService => ({
  name,
  class: 'tsa',
  everyMs: 10 * MINUTE_MS,
  anchor: async ({ note }) => {
    const imprint = sha256(Buffer.from(note));
    const nonce = positive(ids.bytes(NONCE_BYTES));
    const token = await ask(timestampRequest(imprint, nonce));
    if (token === null) return { ok: false, fault: 'unreachable' };
    const checked = checkTimestamp(token, { imprint, nonce, authorities });
    if (!checked.ok) return checked;
    return { ok: true, token, certificates: checked.certificates.join(''), anchoredAt: checked.at };
  },
});

/** A nonce without a leading zero or sign bit is the same integer in every encoding. */
function positive(bytes: Buffer): Buffer {
  const nonce = Buffer.from(bytes);
  nonce[0] = ((nonce[0] ?? 0) & 0x7f) | 0x40;
  return nonce;
}

/** A witness that cosigns what follows from what it has seen. It is told where we think it stands, and corrects us once. */
const witnessService = (key: VerifierKey, ask: AskWitness): AnchorService => ({
  name: key.name,
  class: 'witness',
  everyMs: MINUTE_MS,
  anchor: async (request) => {
    const first = await submit(request, request.lastSize, ask);
    const known = first?.status === 409 ? SIZE.exec(first.text)?.[1] : undefined;
    const isOlder = known !== undefined && Number(known) <= request.checkpoint.size;
    const answer = isOlder ? await submit(request, Number(known), ask) : first;
    if (answer === null) return { ok: false, fault: 'unreachable' };
    if (answer.status !== 200) return { ok: false, fault: `status_${answer.status}` };
    return cosignature(request, answer.text, key);
  },
});

async function submit({ note, consistencyFrom }: AnchorRequest, oldSize: number, ask: AskWitness) {
  const proof = (await consistencyFrom(oldSize)).map((hash) => `${hash.toString('base64')}\n`);
  return ask(`old ${oldSize}\n${proof.join('')}\n${note}`);
}

function cosignature({ note }: AnchorRequest, text: string, key: VerifierKey): AnchorOutcome {
  const body = note.slice(0, note.indexOf('\n\n') + 1);
  for (const line of text.split('\n')) {
    const signature = parseSignatureLine(line);
    const anchoredAt = signature === null ? null : cosignedAt(body, signature, key);
    if (signature !== null && anchoredAt !== null) {
      return { ok: true, token: Buffer.from(signature.line), certificates: null, anchoredAt };
    }
  }
  return { ok: false, fault: 'bad_signature' };
}

export interface AnchorSettings {
  readonly clock: Clock;
  readonly ids: Ids;
  /** 32 bytes. */
  readonly selfSeed: Buffer;
  readonly authority: {
    readonly name: string;
    readonly ask: AskTimestamp;
    readonly authorities: readonly string[];
  } | null;
  readonly witnesses: readonly { readonly vkey: string; readonly ask: AskWitness }[];
}

/**
 * Every service of an installation.
 *
 * @throws {UserError} `configuration_invalid` when a witness's key is none, or two services have one name
 */
export function anchorServices({
  clock,
  ids,
  selfSeed,
  authority,
  witnesses,
}: AnchorSettings): readonly AnchorService[] {
  const services = [
    selfService(selfSeed, { clock, ids }),
    ...(authority === null ? [] : [timestampService(authority.name, authority.ask, authority.authorities, ids)]),
    ...witnesses.map(({ vkey, ask }) => {
      const key = parseVkey(vkey);
      if (key?.isWitness !== true) throw invalid('WITNESSES: a key is not that of a witness (type 0x04)');
      return witnessService(key, ask);
    }),
  ];
  if (new Set(services.map(({ name }) => name)).size < services.length)
    throw invalid('RFC3161_URL, WITNESSES: two services have the same name');
  return services;
}

const invalid = (reason: string): UserError =>
  new UserError('configuration_invalid', `invalid configuration\n  ${reason}`);
