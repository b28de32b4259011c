import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const CONFIG = `
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
extendedKeyUsage = critical, timeStamping
[plain_ext]
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
ess_cert_id_alg = sha256
`;

export interface TestTsa {
  /** PEM of the authority that issued its certificate. */
  readonly authority: string;
  readonly authorityFile: string;
  /** Answers a TimeStampReq with openssl. */
  reply(request: Buffer): Buffer;
  close(): void;
}

/** A time-stamping authority made with the openssl command line: a root, and a certificate for time-stamps under it. */
export function makeTestTsa({ key = 'ec', expired = false } = {}): TestTsa {
  const dir = mkdtempSync(path.join(tmpdir(), 'assent-tsa-'));
  const run = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  writeFileSync(path.join(dir, 'c.cnf'), CONFIG);
  writeFileSync(path.join(dir, 'serial'), '01\n');
  const newKey = (file: string) =>
    key === 'ec'
      ? run('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file)
      : run('genrsa', '-out', file, '2048');
  newKey('root.key');
  run(
    'req',
    '-x509',
    '-new',
    '-key',
    'root.key',
    '-subj',
    '/CN=Test Root',
    '-days',
    '3650',
    '-out',
    'root.pem',
    '-config',
    'c.cnf',
    '-extensions',
    'ca',
  );
  newKey('tsa.key');
  run('req', '-new', '-key', 'tsa.key', '-subj', '/CN=Test TSA', '-out', 'tsa.csr', '-config', 'c.cnf');
  const days = expired ? '-1' : '3650';
  run(
    'x509',
    '-req',
    '-in',
    'tsa.csr',
    '-CA',
    'root.pem',
    '-CAkey',
    'root.key',
    '-set_serial',
    '77',
    '-days',
    days,
    '-out',
    'tsa.pem',
    '-extfile',
    'c.cnf',
    '-extensions',
    'tsa_ext',
  );
  return {
    authority: readFileSync(path.join(dir, 'root.pem'), 'utf8'),
    authorityFile: path.join(dir, 'root.pem'),
    reply: (request) => {
      writeFileSync(path.join(dir, 'q.tsq'), request);
      run(
        'ts',
        '-reply',
        '-queryfile',
        'q.tsq',
        '-signer',
        'tsa.pem',
        '-inkey',
        'tsa.key',
        '-config',
        'c.cnf',
        '-section',
        'tsa1',
        '-out',
        'r.tsr',
      );
      return readFileSync(path.join(dir, 'r.tsr'));
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
