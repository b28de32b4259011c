import { signerOf } from './signature';

/** Meta asks at once; a repetition comes within hours. A signed request that is older was kept by somebody. */
const MOST_AGE_SECONDS = 2 * 86_400;
const CLOCK_SKEW_SECONDS = 300;
const HMAC_BYTES = 32;
const MOST_CHARACTERS = 4_096;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const USER_ID = /^\d{1,32}$/;

export interface SignedRequest {
  /** App-scoped: another number than the one by which a Page knows the same person. */
  readonly userId: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
}

export type SignedRequestFault = 'malformed' | 'forged' | 'stale';

export type ReadRequest =
  { readonly ok: true; readonly request: SignedRequest } | { readonly ok: false; readonly fault: SignedRequestFault };

const refused = (fault: SignedRequestFault): ReadRequest => ({ ok: false, fault });

/**
 * Reads what Meta posts when somebody removes the app or asks for the deletion of their data: `<signature>.<payload>`, both in
 * base64url. The signature is an HMAC over the payload as it came, still encoded, so it is checked before anything is parsed.
 * Source: Meta, data deletion request callback, copy of 2026-05.
 */
export function readSignedRequest(text: string, appSecrets: readonly string[], now: Date): ReadRequest {
  const dot = text.indexOf('.');
  const [signature, payload] = [text.slice(0, dot), text.slice(dot + 1)];
  if (dot < 0 || text.length > MOST_CHARACTERS || !BASE64.test(signature) || !BASE64.test(payload))
    return refused('malformed');
  const claimed = Buffer.from(signature, 'base64url');
  if (claimed.length !== HMAC_BYTES) return refused('malformed');
  if (signerOf(payload, claimed, appSecrets) === null) return refused('forged');
  return judge(parse(payload), Math.floor(now.getTime() / 1_000));
}

function parse(payload: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function judge(fields: Readonly<Record<string, unknown>>, nowSeconds: number): ReadRequest {
  const { algorithm, user_id: userId, issued_at: issuedAt, expires } = fields;
  if (typeof algorithm !== 'string' || algorithm.toUpperCase() !== 'HMAC-SHA256') return refused('malformed');
  if (typeof userId !== 'string' || !USER_ID.test(userId)) return refused('malformed');
  if (typeof issuedAt !== 'number' || !Number.isSafeInteger(issuedAt)) return refused('malformed');
  const isOld = issuedAt < nowSeconds - MOST_AGE_SECONDS || issuedAt > nowSeconds + CLOCK_SKEW_SECONDS;
  // Zero stands for a request that does not expire.
  const isOver = typeof expires === 'number' && expires > 0 && expires < nowSeconds;
  return isOld || isOver ? refused('stale') : { ok: true, request: { userId, issuedAt } };
}
