import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const configOf = (essDigest: string, usage: string): string => `
[req]
distinguished_name = dn
prompt = no
[dn]
CN = Test
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[tsa_ext]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, ${usage}
[careless]
basicConstraints = CA:FALSE
extendedKeyUsage = timeStamping
[web]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
[tsa]
default_tsa = tsa1
[tsa1]
serial = ./serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = ${essDigest}
`;

export interface TestTsa {
  /** PEM of the authority that issued its certificate. */
  readonly authority: string;
  readonly authorityFile: string;
  /** Answers a TimeStampReq with openssl. */
  reply(request: Buffer): Buffer;
  /** Signs a TSTInfo with `openssl cms`, which can do what `openssl ts` cannot. @returns the token, without a status */
  sign(info: Buffer, args?: readonly string[], contentType?: string): Buffer;
  close(): void;
}

/** How a key is made. The last two are of kinds that no authority uses, and dear to check. */
const NEW_KEY = {
  ec: 'ecparam -name prime256v1 -genkey -noout -out',
  rsa: 'genrsa -out',
  'long exponent': 'genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:4294967297 -out',
  'binary curve': 'ecparam -name sect283k1 -genkey -noout -out',
};

interface TestTsaOptions {
  readonly key?: keyof typeof NEW_KEY;
  /** That of its root, if it is another one. */
  readonly rootKey?: keyof typeof NEW_KEY;
  readonly expired?: boolean;
  readonly isIssuerExpired?: boolean;
  /** RFC 3161 wants it; `openssl ts` refuses to work without. */
  readonly isUsageCritical?: boolean;
  /** What its certificate is for, if not for time-stamps alone: `openssl ts` refuses that too. */
  readonly usage?: string;
  /** Who issued its certificate: the root, an authority under it, or somebody with a certificate for a website. */
  readonly issuer?: 'root' | 'ca' | 'web';
  /** With which hash the signature names the certificate: sha1 is the older attribute of RFC 2634. */
  readonly essDigest?: 'sha1' | 'sha256' | 'sha512';
}

/** A time-stamping authority made with the openssl command line: a root, and a certificate for time-stamps under it. */
export function makeTestTsa(options: TestTsaOptions = {}): TestTsa {
  const { key = 'ec', isUsageCritical = true, issuer = 'root', essDigest = 'sha256' } = options;
  const dir = mkdtempSync(path.join(tmpdir(), 'assent-tsa-'));
  const run = (text: string, ...more: readonly string[]) =>
    execFileSync('openssl', [...text.split(' '), ...more], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  const read = (name: string) => readFileSync(path.join(dir, name));
  const newKey = (name: string) => run(`${NEW_KEY[name === 'root' ? (options.rootKey ?? key) : key]} ${name}.key`);
  const issue = (name: string, by: string, extensions: string, { days, serial }: { days: number; serial: number }) => {
    newKey(name);
    run(`req -new -key ${name}.key -out ${name}.csr -config c.cnf -subj`, `/CN=Test ${name}`);
    run(
      `x509 -req -in ${name}.csr -CA ${by}.pem -CAkey ${by}.key -set_serial ${String(serial)} -days ${String(days)} ` +
        `-out ${name}.pem -extfile c.cnf -extensions ${extensions}`,
    );
  };
  writeFileSync(path.join(dir, 'c.cnf'), configOf(essDigest, options.usage ?? 'timeStamping'));
  writeFileSync(path.join(dir, 'serial'), '01\n');
  newKey('root');
  run('req -x509 -new -key root.key -days 3650 -out root.pem -config c.cnf -extensions ca -subj', '/CN=Test Root');
  if (issuer !== 'root')
    issue(issuer, 'root', issuer, { days: options.isIssuerExpired === true ? -1 : 3650, serial: 76 });
  issue('tsa', issuer, isUsageCritical ? 'tsa_ext' : 'careless', {
    days: options.expired === true ? -1 : 3650,
    serial: 77,
  });
  const chain = issuer === 'root' ? '' : ` -chain ${issuer}.pem`;
  return {
    authority: read('root.pem').toString(),
    authorityFile: path.join(dir, 'root.pem'),
    reply: (request) => {
      writeFileSync(path.join(dir, 'q.tsq'), request);
      run(`ts -reply -queryfile q.tsq -signer tsa.pem -inkey tsa.key${chain} -config c.cnf -section tsa1 -out r.tsr`);
      return read('r.tsr');
    },
    sign: (info, args = [], contentType = '1.2.840.113549.1.9.16.1.4') => {
      writeFileSync(path.join(dir, 'info.der'), info);
      run(
        'cms -sign -binary -nodetach -nosmimecap -cades -in info.der -signer tsa.pem -inkey tsa.key -outform DER -out token.der',
        '-econtent_type',
        contentType,
        ...args,
      );
      return read('token.der');
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}

export interface TestServer {
  readonly url: string;
  readonly seen: Buffer[];
  close(): Promise<void>;
}

/** A server whose one answer the test decides. */
export async function serveOnce(answer: (body: Buffer, res: http.ServerResponse) => void): Promise<TestServer> {
  const seen: Buffer[] = [];
  const server = http.createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      const body = Buffer.concat(parts);
      seen.push(body);
      answer(body, res);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    seen,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
