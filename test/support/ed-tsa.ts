import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { der, hex } from './der';

const TST_INFO = '060b2a864886f70d0109100104';
const SHA256 = der(0x30, hex('0609608648016503040201'));
const SHA512 = der(0x30, hex('0609608648016503040203'));
const ALGORITHMS = { ed25519: '06032b6570', ed448: '06032b6571' };
const NUMBER = 4711;

export interface EdTsa {
  /** PEM of its certificate, which nobody else issued. */
  readonly authority: string;
  /** Signs a TSTInfo. @returns the token, without a status */
  readonly sign: (info: Buffer) => Buffer;
  /** Answers a request of the bundle fixture. */
  readonly reply: (request: Buffer) => Buffer;
}

const hashOf = (name: string, bytes: Buffer): Buffer => createHash(name).update(bytes).digest();

function certify(kind: keyof typeof ALGORITHMS): { key: string; certificate: string } {
  const dir = mkdtempSync(path.join(tmpdir(), 'assent-ed-tsa-'));
  const uses = ['extendedKeyUsage=critical,timeStamping', 'keyUsage=critical,digitalSignature'];
  const how = `req -x509 -newkey ${kind} -nodes -keyout k.pem -out c.pem -days 30 -set_serial ${String(NUMBER)} -subj /CN=Ed`;
  execFileSync('openssl', [...how.split(' '), ...uses.flatMap((use) => ['-addext', use])], {
    cwd: dir,
    stdio: 'ignore',
  });
  const [key, certificate] = ['k.pem', 'c.pem'].map((name) => readFileSync(path.join(dir, name), 'utf8'));
  rmSync(dir, { recursive: true });
  return { key: key!, certificate: certificate! };
}

/**
 * A time-stamping authority with an Edwards curve, written by hand: `openssl ts` and `openssl cms` do not sign with one.
 *
 * @param named the certificate that its signatures name, if not its own
 */
export function makeEdTsa(kind: keyof typeof ALGORITHMS, named?: Buffer): EdTsa {
  const { key, certificate } = certify(kind);
  const { raw } = new X509Certificate(certificate);
  const issuer = der(0x30, der(0x31, der(0x30, hex('0603550403'), der(0x0c, Buffer.from('Ed')))));
  const signInfo = (info: Buffer): Buffer => {
    const certificateId = der(0x30, der(0x30, der(0x30, der(0x04, hashOf('sha256', named ?? raw)))));
    const attributes = [
      ['06092a864886f70d010903', hex(TST_INFO)] as const,
      ['06092a864886f70d010904', der(0x04, hashOf('sha512', info))] as const,
      ['060b2a864886f70d010910022f', certificateId] as const,
    ].map(([type, value]) => der(0x30, hex(type), der(0x31, value)));
    const set = der(0x31, ...attributes.sort((a, b) => a.compare(b)));
    const signature = sign(null, set, createPrivateKey(key));
    const serial = Buffer.alloc(2);
    serial.writeUInt16BE(NUMBER);
    const signer = der(
      0x30,
      ...[hex('020101'), der(0x30, issuer, der(0x02, serial)), SHA512, Buffer.concat([hex('a0'), set.subarray(1)])],
      ...[der(0x30, hex(ALGORITHMS[kind])), der(0x04, signature)],
    );
    const content = der(0x30, hex(TST_INFO), der(0xa0, der(0x04, info)));
    const signed = der(0x30, hex('020103'), der(0x31, SHA512), content, der(0xa0, raw), der(0x31, signer));
    return der(0x30, hex('06092a864886f70d010702'), der(0xa0, signed));
  };
  return {
    authority: certificate,
    sign: signInfo,
    reply: (request) => {
      const imprint = der(0x30, SHA256, der(0x04, request.subarray(24, 56)));
      const time = der(0x18, Buffer.from(`${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}Z`));
      const info = der(0x30, hex('020101'), hex('06032a0304'), imprint, hex('020105'), time);
      return der(0x30, hex('3003020100'), signInfo(info));
    },
  };
}
