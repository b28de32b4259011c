import { constants, hash, timingSafeEqual, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { InvariantError } from '../../../kernel/errors';
import {
  childrenOf,
  contextTag,
  der,
  derInteger,
  derOid,
  readDer,
  readOid,
  readTime,
  TAG,
  type DerElement,
} from './der.rules';

/** Object identifiers of RFC 3161, RFC 5652, RFC 5816 and RFC 8017. */
export const OID = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  extendedKeyUsage: '2.5.29.37',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  rsaPss: '1.2.840.113549.1.1.10',
} as const;

const DIGESTS: Readonly<Record<string, string>> = {
  [OID.sha256]: 'sha256',
  [OID.sha384]: 'sha384',
  [OID.sha512]: 'sha512',
};

export const sha256Algorithm = (): Buffer => der(TAG.sequence, derOid(OID.sha256), der(TAG.null));

/** Asks for a time-stamp over a SHA-256, with the authority's certificate. Source: RFC 3161, section 2.4.1. */
export const timestampRequest = (imprint: Buffer, nonce: Buffer): Buffer =>
  der(
    TAG.sequence,
    derInteger(Buffer.from([1])),
    der(TAG.sequence, sha256Algorithm(), der(TAG.octetString, imprint)),
    derInteger(nonce),
    der(TAG.boolean, Buffer.from([0xff])),
  );

export type TimestampFault =
  'refused' | 'malformed' | 'other_imprint' | 'other_nonce' | 'bad_signature' | 'bad_certificate' | 'untrusted';

export type CheckedTimestamp =
  | { readonly ok: true; readonly at: Date; readonly certificates: readonly string[] }
  | { readonly ok: false; readonly fault: TimestampFault };

export interface TimestampQuestion {
  readonly imprint: Buffer;
  /** Null where the question is not known any more. */
  readonly nonce: Buffer | null;
  /** PEM of authorities one of which must have issued the certificate; empty: any certificate will do. */
  readonly authorities: readonly string[];
}

class BadTimestamp extends Error {
  constructor(readonly fault: TimestampFault) {
    super(fault);
  }
}

/** Checks an answer to `timestampRequest` before it is kept. Source: RFC 3161, section 2.4.2; RFC 5652, section 5. */
export function checkTimestamp(response: Buffer, question: TimestampQuestion): CheckedTimestamp {
  try {
    return { ok: true, ...check(response, question) };
  } catch (error) {
    if (error instanceof BadTimestamp) return { ok: false, fault: error.fault };
    if (error instanceof InvariantError) return { ok: false, fault: 'malformed' };
    throw error;
  }
}

function check(response: Buffer, question: TimestampQuestion): { at: Date; certificates: string[] } {
  const token = grantedToken(response);
  const { content, certificates, signer } = takeApart(token);
  const info = childrenOf(readDer(content));
  requireImprint(info, question);
  const at = readTime(part(info, 4));
  const certificate = signersCertificate(certificates, signer);
  requireSignature(content, signer, certificate);
  requireTimestamper(certificate, at);
  requireTrust(certificate, certificates, question.authorities, at);
  return { at, certificates: certificates.map((one) => one.toString()) };
}

function part(elements: readonly DerElement[], index: number): DerElement {
  const element = elements[index];
  if (element === undefined) throw new BadTimestamp('malformed');
  return element;
}

function grantedToken(response: Buffer): DerElement {
  const [status, token] = childrenOf(readDer(response));
  const code = status === undefined ? undefined : childrenOf(status)[0]?.content;
  if (code?.length !== 1 || (code[0] !== 0 && code[0] !== 1) || token === undefined) throw new BadTimestamp('refused');
  return token;
}

interface Signer {
  readonly serial: Buffer;
  readonly digest: string;
  /** Signed attributes as they are signed: a SET. */
  readonly attributes: Buffer;
  readonly values: ReadonlyMap<string, DerElement>;
  readonly algorithm: DerElement;
  readonly signature: Buffer;
}

function takeApart(token: DerElement): { content: Buffer; certificates: X509Certificate[]; signer: Signer } {
  const [type, wrapped] = childrenOf(token);
  if (type === undefined || wrapped === undefined || readOid(type) !== OID.signedData)
    throw new BadTimestamp('malformed');
  const fields = childrenOf(part(childrenOf(wrapped), 0));
  const encapsulated = childrenOf(part(fields, 2));
  if (readOid(part(encapsulated, 0)) !== OID.tstInfo) throw new BadTimestamp('malformed');
  const { content } = part(childrenOf(part(encapsulated, 1)), 0);
  const certificates = fields
    .filter(({ tag }) => tag === contextTag(0))
    .flatMap(childrenOf)
    .map(({ whole }) => readCertificate(whole));
  const signers = childrenOf(part(fields, fields.length - 1));
  if (signers.length !== 1) throw new BadTimestamp('malformed');
  return { content, certificates, signer: readSigner(childrenOf(part(signers, 0))) };
}

function readCertificate(bytes: Buffer): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch {
    throw new BadTimestamp('malformed');
  }
}

function readSigner(fields: readonly DerElement[]): Signer {
  const attributes = part(fields, 3);
  if (attributes.tag !== contextTag(0)) throw new BadTimestamp('malformed');
  const values = new Map(
    childrenOf(attributes).map((attribute) => {
      const [type, set] = childrenOf(attribute);
      if (type === undefined || set === undefined) throw new BadTimestamp('malformed');
      return [readOid(type), part(childrenOf(set), 0)];
    }),
  );
  return {
    serial: part(childrenOf(part(fields, 1)), 1).content,
    digest: digestOf(part(fields, 2)),
    attributes: Buffer.concat([Buffer.from([TAG.set]), attributes.whole.subarray(1)]),
    values,
    algorithm: part(fields, 4),
    signature: part(fields, 5).content,
  };
}

function digestOf(algorithm: DerElement): string {
  const digest = DIGESTS[readOid(part(childrenOf(algorithm), 0))];
  if (digest === undefined) throw new BadTimestamp('bad_signature');
  return digest;
}

function requireImprint(info: readonly DerElement[], { imprint, nonce }: TimestampQuestion): void {
  const [algorithm, stamped] = childrenOf(part(info, 2));
  const isOurs =
    algorithm !== undefined &&
    stamped?.content.length === imprint.length &&
    digestOf(algorithm) === 'sha256' &&
    timingSafeEqual(stamped.content, imprint);
  if (!isOurs) throw new BadTimestamp('other_imprint');
  const answered = info.slice(5).find(({ tag }) => tag === TAG.integer);
  if (nonce !== null && answered?.whole.equals(derInteger(nonce)) !== true) throw new BadTimestamp('other_nonce');
}

/** Null for a negative number, which no certificate may have (RFC 5280, section 4.1.2.2). */
const serialOf = (hex: string): bigint | null => (hex.startsWith('-') ? null : BigInt(`0x${hex}`));

function signersCertificate(certificates: readonly X509Certificate[], { serial }: Signer): X509Certificate {
  // Whoever reads the token later may stumble over it.
  if (certificates.some(({ serialNumber }) => serialOf(serialNumber) === null))
    throw new BadTimestamp('bad_certificate');
  const wanted = BigInt(`0x${serial.toString('hex') || '0'}`);
  const found = certificates.find(({ serialNumber }) => serialOf(serialNumber) === wanted);
  if (found === undefined) throw new BadTimestamp('bad_certificate');
  return found;
}

function requireSignature(content: Buffer, signer: Signer, certificate: X509Certificate): void {
  const type = signer.values.get(OID.contentType);
  if (type === undefined || readOid(type) !== OID.tstInfo) throw new BadTimestamp('bad_signature');
  const digest = signer.values.get(OID.messageDigest)?.content;
  if (digest?.equals(hash(signer.digest, content, 'buffer')) !== true) throw new BadTimestamp('bad_signature');
  if (!namesCertificate(signer, certificate)) throw new BadTimestamp('bad_certificate');
  if (!isSigned(signer, certificate.publicKey)) throw new BadTimestamp('bad_signature');
}

/** A key of a kind that does not go with the digest makes the library throw. */
function isSigned(signer: Signer, key: KeyObject): boolean {
  try {
    // Edwards curves hash by themselves.
    const digest = key.asymmetricKeyType?.startsWith('ed') === true ? null : signer.digest;
    return verify(digest, signer.attributes, signatureKey(signer, key), signer.signature);
  } catch {
    return false;
  }
}

function signatureKey({ algorithm }: Signer, key: KeyObject) {
  const isPss = readOid(part(childrenOf(algorithm), 0)) === OID.rsaPss;
  return isPss ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO } : key;
}

/** The signature names its certificate by hash, so that another one with the same key cannot take its place (RFC 5816). */
function namesCertificate({ values }: Signer, certificate: X509Certificate): boolean {
  const second = values.get(OID.signingCertificateV2);
  const first = values.get(OID.signingCertificate);
  const listed = second ?? first;
  if (listed === undefined) return false;
  const named = childrenOf(part(childrenOf(part(childrenOf(listed), 0)), 0));
  const given = named.find(({ tag }) => tag === TAG.octetString)?.content;
  const [algorithm] = named;
  const digest = second === undefined ? 'sha1' : algorithm?.tag === TAG.sequence ? digestOf(algorithm) : 'sha256';
  return given?.equals(hash(digest, certificate.raw, 'buffer')) === true;
}

function requireTimestamper(certificate: X509Certificate, at: Date): void {
  const usage = (certificate as { keyUsage?: readonly string[] }).keyUsage ?? [];
  const isForTime = usage.length === 1 && usage[0] === OID.timeStamping && isUsageCritical(certificate);
  if (!isForTime || !isValidAt(certificate, at)) throw new BadTimestamp('bad_certificate');
}

const isValidAt = ({ validFrom, validTo }: X509Certificate, at: Date): boolean =>
  at >= new Date(validFrom) && at <= new Date(validTo);

/** RFC 3161, section 2.3: whoever reads the certificate must heed what it is for. */
function isUsageCritical({ raw }: X509Certificate): boolean {
  const body = childrenOf(part(childrenOf(readDer(raw)), 0));
  const extensions = body.filter(({ tag }) => tag === contextTag(3)).flatMap(childrenOf);
  return extensions.flatMap(childrenOf).some((extension) => {
    const [id, critical] = childrenOf(extension);
    const isCritical = critical?.tag === TAG.boolean && critical.content[0] !== 0;
    return id !== undefined && readOid(id) === OID.extendedKeyUsage && isCritical;
  });
}

const MOST_LINKS = 8;

/** Every link was valid at `at`, and only a certificate that may issue others leads further. */
function requireTrust(
  certificate: X509Certificate,
  others: readonly X509Certificate[],
  authorities: readonly string[],
  at: Date,
): void {
  if (authorities.length === 0) return;
  const trusted = authorities.map((pem) => new X509Certificate(pem));
  let link = certificate;
  for (let links = 0; links < MOST_LINKS && isValidAt(link, at); links += 1) {
    const current = link;
    if (trusted.some((root) => root.raw.equals(current.raw) || isIssuedBy(current, root))) return;
    const next = others.find((one) => one !== current && one.ca && isIssuedBy(current, one));
    if (next === undefined) break;
    link = next;
  }
  throw new BadTimestamp('untrusted');
}

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
