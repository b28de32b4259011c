import { createECDH, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { sha256 } from '../../../kernel/crypto/merkle';
import { contextTag, der, derInteger, derOid, derTime, derValidity, TAG } from './der.rules';
import { OID, sha256Algorithm } from './timestamp.rules';

/** Stands for the built-in authority wherever it is named. */
export const SELF = 'self';
/** Stands in the certificate, so that nobody takes the token for what it is not. */
export const SELF_NAME = 'Assent built-in time-stamp (SELF, not independent)';

const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const KEY_USAGE = '2.5.29.15';
/** A policy under the documentation arc of RFC 5612: it promises nothing. */
const POLICY = '1.3.6.1.4.1.32473.1';
const VALID_FROM = new Date('2020-01-01T00:00:00Z');
const VALID_TO = new Date('2099-12-31T23:59:59Z');
const SERIAL_BYTES = 16;
const P256_BYTES = 32;

/** The built-in authority: its key follows from a key of the installation. */
export interface SelfAuthority {
  readonly privateKey: KeyObject;
  /** DER. */
  readonly certificate: Buffer;
  readonly serial: Buffer;
}

/** @param seed 32 bytes */
export function selfAuthority(seed: Buffer): SelfAuthority {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(seed);
  const point = ecdh.getPublicKey();
  const privateKey = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      d: seed.toString('base64url'),
      x: point.subarray(1, 1 + P256_BYTES).toString('base64url'),
      y: point.subarray(1 + P256_BYTES).toString('base64url'),
    },
  });
  const serial = Buffer.concat([Buffer.from([1]), sha256(point).subarray(1, SERIAL_BYTES)]);
  return { privateKey, serial, certificate: certificateOf(privateKey, serial) };
}

const ecdsaAlgorithm = (): Buffer => der(TAG.sequence, derOid(ECDSA_SHA256));
const subject = (): Buffer =>
  der(TAG.sequence, der(TAG.set, der(TAG.sequence, derOid(COMMON_NAME), der(TAG.utf8, Buffer.from(SELF_NAME)))));

function certificateOf(privateKey: KeyObject, serial: Buffer): Buffer {
  const critical = der(TAG.boolean, Buffer.from([0xff]));
  const usage = der(TAG.octetString, der(TAG.sequence, derOid(OID.timeStamping)));
  const digitalSignature = der(TAG.octetString, der(TAG.bitString, Buffer.from([7, 0x80])));
  const body = der(
    TAG.sequence,
    der(contextTag(0), derInteger(Buffer.from([2]))),
    derInteger(serial),
    ecdsaAlgorithm(),
    subject(),
    der(TAG.sequence, derValidity(VALID_FROM), derValidity(VALID_TO)),
    subject(),
    createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
    der(
      contextTag(3),
      der(
        TAG.sequence,
        der(TAG.sequence, derOid(KEY_USAGE), critical, digitalSignature),
        der(TAG.sequence, derOid(EXTENDED_KEY_USAGE), critical, usage),
      ),
    ),
  );
  return der(TAG.sequence, body, ecdsaAlgorithm(), bitString(sign('sha256', body, privateKey)));
}

const bitString = (bytes: Buffer): Buffer => der(TAG.bitString, Buffer.from([0]), bytes);

export const pemOf = (certificate: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${(certificate.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;

/**
 * A time-stamp of our own: in the form of RFC 3161 to the letter, and proof of nothing, for it is made by whoever made the log.
 *
 * @param imprint SHA-256 of what is stamped
 */
export function selfTimestamp(authority: SelfAuthority, imprint: Buffer, serial: Buffer, at: Date): Buffer {
  const info = der(
    TAG.sequence,
    derInteger(Buffer.from([1])),
    derOid(POLICY),
    der(TAG.sequence, sha256Algorithm(), der(TAG.octetString, imprint)),
    derInteger(serial),
    derTime(at),
  );
  const attributes = [
    attribute(OID.contentType, derOid(OID.tstInfo)),
    attribute(OID.messageDigest, der(TAG.octetString, sha256(info))),
    attribute(
      OID.signingCertificateV2,
      der(TAG.sequence, der(TAG.sequence, der(TAG.sequence, der(TAG.octetString, sha256(authority.certificate))))),
    ),
  ].sort((left, right) => left.compare(right));
  const signature = sign('sha256', der(TAG.set, ...attributes), authority.privateKey);
  const signer = der(
    TAG.sequence,
    derInteger(Buffer.from([1])),
    der(TAG.sequence, subject(), derInteger(authority.serial)),
    sha256Algorithm(),
    der(contextTag(0), ...attributes),
    ecdsaAlgorithm(),
    der(TAG.octetString, signature),
  );
  const signed = der(
    TAG.sequence,
    derInteger(Buffer.from([3])),
    der(TAG.set, sha256Algorithm()),
    der(TAG.sequence, derOid(OID.tstInfo), der(contextTag(0), der(TAG.octetString, info))),
    der(contextTag(0), authority.certificate),
    der(TAG.set, signer),
  );
  const token = der(TAG.sequence, derOid(OID.signedData), der(contextTag(0), signed));
  return der(TAG.sequence, der(TAG.sequence, derInteger(Buffer.from([0]))), token);
}

const attribute = (type: string, value: Buffer): Buffer => der(TAG.sequence, derOid(type), der(TAG.set, value));
