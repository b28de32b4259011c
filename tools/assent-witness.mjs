#!/usr/bin/env node
// assent-witness: cosigns checkpoints of logs it knows, if each begins with what it has seen before (C2SP tlog-witness).
//
// One file, no dependencies, Node.js 18 or newer. Whoever runs it, and not the operator of the log, can later say that the log
// was never rewritten and never shown in two versions. Licence: AGPL-3.0-or-later.

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

const USAGE = `usage: node assent-witness.mjs --name NAME --state DIR --log <vkey or file> [options]

  --name NAME    name of this witness, like witness.example.org/w1
  --state DIR    where its key and the last checkpoint of each log are kept; made when it is missing
  --log K        verifier key of a log to watch; may be given several times, also for one log whose key is being replaced
  --host H       address to listen on (127.0.0.1); put a TLS proxy in front of any other
  --port P       port (7080; 0 picks one)
  --print-key    prints the verifier key of this witness and ends
  --help         prints this
  --new-log      begins with logs that this witness has never seen; needed only for logs added after its first start

Keep DIR as long as the witness lives, and let one process at a time work in it. A witness whose state is lost must get a
new name and key.`;

const ED25519 = 1;
const COSIGNATURE = 4;
const MOST_BYTES = 64 * 1024;
const MOST_HASHES = 63;
const MOST_PORT = 65_535;
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const EMPTY_ROOT = sha256();
/** Lies in the folder from the making of the key to the first start: only then is a log without a file no loss. */
const FRESH = 'fresh';
/** After a signal, requests that are under way have so long. */
const GRACE_MS = 3_000;
const REQUEST_MS = 10_000;
const nodeHash = (left, right) => sha256(Buffer.from([1]), left, right);
const keyId = (name, type, key) => sha256(Buffer.from(`${name}\n`), Buffer.from([type]), key).subarray(0, 4);
const vkeyOf = (name, type, key) =>
  `${name}+${keyId(name, type, key).toString('hex')}+${Buffer.concat([Buffer.from([type]), key]).toString('base64')}`;

/** What is answered instead of a cosignature. */
class Answer extends Error {
  constructor(status, text, type = 'text/plain; charset=utf-8') {
    super(text);
    Object.assign(this, { status, text, type });
  }
}

function readVkey(given) {
  const text = /^[^\s+]+\+[0-9a-f]{8}\+/.test(given) ? given.trim() : readFileSync(given, 'utf8').trim();
  const [, name, id, base64] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const material = Buffer.from(base64 ?? '', 'base64');
  const key = material.subarray(1);
  const isKey = material[0] === ED25519 && key.length === 32 && keyId(name, ED25519, key).toString('hex') === id;
  if (!isKey) throw new Error('not the verifier key of a log');
  return {
    origin: name,
    id: Buffer.from(id, 'hex'),
    key: createPublicKey({ key: Buffer.concat([SPKI, key]), format: 'der', type: 'spki' }),
  };
}

/** Writes a file so that it is there whole, or not at all. */
function writeDurably(file, text, mode) {
  const next = `${file}.next`;
  const fd = openSync(next, 'w', mode);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(next, file);
  const folder = openSync(path.dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function readPrivateKey(pem) {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

/** The key in a folder; both are made when they are missing. */
function openKey(state) {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const file = path.join(state, 'witness.key');
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeDurably(path.join(state, FRESH), '', 0o600);
    writeDurably(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), 0o600);
  }
  const privateKey = readPrivateKey(readFileSync(file, 'utf8'));
  if (privateKey?.asymmetricKeyType !== 'ed25519')
    fail(`${file} is damaged: put it back from a copy, or begin with a new name and state`);
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
  return { privateKey, publicKey };
}

/**
 * The last checkpoint that was cosigned of each log. What counts is the file: it is read for every request, and written before
 * every answer. A file that was there and is gone is no new beginning.
 *
 * @throws when a log has no file and `isNew` does not say that it is new
 */
function openState(folder, logs, isNew) {
  const fileOf = (origin) => path.join(folder, `${sha256(Buffer.from(origin)).toString('hex')}.json`);
  const seen = new Set();
  const read = (origin) => {
    try {
      return readFileSync(fileOf(origin), 'utf8');
    } catch (error) {
      if (error.code === 'ENOENT' && !seen.has(origin) && isNew) return null;
      throw error;
    }
  };
  const state = {
    of: (origin) => {
      const text = read(origin);
      if (text === null) return { size: 0, root: EMPTY_ROOT };
      const { origin: whose, size, root } = JSON.parse(text);
      const bytes = Buffer.from(root, 'base64');
      if (whose !== origin || !Number.isSafeInteger(size) || size < 0 || bytes.length !== 32)
        throw new Error('a file of the state is damaged');
      seen.add(origin);
      return { size, root: bytes };
    },
    keep: (origin, size, root) => {
      seen.add(origin);
      writeDurably(fileOf(origin), `${JSON.stringify({ origin, size, root: root.toString('base64') })}\n`, 0o600);
    },
  };
  for (const { origin } of logs) {
    const { size, root } = state.of(origin);
    if (!seen.has(origin)) state.keep(origin, size, root);
  }
  rmSync(path.join(folder, FRESH), { force: true });
  return state;
}

/** Whether the tree of `size` begins with that of `oldSize`. Source: RFC 9162, section 2.1.4.2. */
function isConsistent(oldSize, oldRoot, size, root, path_) {
  if (oldSize === size) return path_.length === 0 && oldRoot.equals(root);
  if (oldSize === 0) return path_.length === 0;
  let [at, last] = [oldSize - 1, size - 1];
  while (at % 2 === 1) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  const steps = at === 0 ? [oldRoot, ...path_] : [...path_];
  if (steps.length === 0) return false;
  let [old, grown] = [steps[0], steps[0]];
  for (const step of steps.slice(1)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      [old, grown] = [nodeHash(step, old), nodeHash(step, grown)];
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      grown = nodeHash(grown, step);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && old.equals(oldRoot) && grown.equals(root);
}

const isHash = (line) => {
  const bytes = Buffer.from(line, 'base64');
  return bytes.length === 32 && bytes.toString('base64') === line;
};

function parseRequest(body) {
  const text = body.toString('utf8');
  const end = text.indexOf('\n\n');
  const [first, ...lines] = text.slice(0, Math.max(end, 0)).split('\n');
  const [, old] = /^old (0|[1-9]\d{0,15})$/.exec(first ?? '') ?? [];
  const note = text.slice(end + 2);
  const split = note.indexOf('\n\n');
  const checkpoint = note.slice(0, split + 1);
  const [, origin, size, root] =
    /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*$/.exec(checkpoint) ?? [];
  const hashes = lines.map((line) => Buffer.from(line, 'base64'));
  const isWhole =
    Buffer.from(text).equals(body) &&
    old !== undefined &&
    origin !== undefined &&
    text.endsWith('\n') &&
    isHash(root) &&
    Number.isSafeInteger(Number(size)) &&
    hashes.length <= MOST_HASHES &&
    lines.every(isHash);
  if (!isWhole) throw new Answer(400, 'the request is malformed\n');
  return {
    oldSize: Number(old),
    hashes,
    checkpoint,
    origin,
    size: Number(size),
    root: Buffer.from(root, 'base64'),
    signatures: note.slice(split + 2, -1).split('\n'),
  };
}

/** By any of the keys. A line in the name of one of them that does not verify spoils the note, whatever else stands in it. */
function isSigned({ checkpoint, signatures }, keys) {
  const own = signatures.flatMap((line) => {
    const [, name, base64] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
    const packed = Buffer.from(base64 ?? '', 'base64');
    const by = keys.find(({ origin, id }) => name === origin && packed.subarray(0, 4).equals(id));
    return by === undefined ? [] : [{ key: by.key, signature: packed.subarray(4) }];
  });
  const text = Buffer.from(checkpoint);
  const holds = ({ key, signature }) => signature.length === 64 && verify(null, text, key, signature);
  return own.length > 0 && own.every(holds);
}

/** Everything between the check and the kept state happens in one turn of the event loop: no other request comes between. */
function addCheckpoint(body, { name, key, logs, state, nowMs }) {
  const request = parseRequest(body);
  const keys = logs.filter(({ origin }) => origin === request.origin);
  const [log] = keys;
  if (log === undefined) throw new Answer(404, 'this witness does not know the log\n');
  if (!isSigned(request, keys)) throw new Answer(403, 'the checkpoint is not signed by the log\n');
  const { oldSize, size, root, hashes } = request;
  if (oldSize > size) throw new Answer(400, 'the old size is larger than the checkpoint\n');
  const known = state.of(log.origin);
  if (oldSize !== known.size) throw new Answer(409, `${known.size}\n`, 'text/x.tlog.size');
  if (oldSize === size && !known.root.equals(root))
    throw new Answer(409, 'the log has shown another tree of this size\n');
  if (!isConsistent(known.size, known.root, size, root, hashes))
    throw new Answer(422, 'the log does not begin with what this witness has seen\n');
  state.keep(log.origin, size, root);
  const seconds = Math.floor(nowMs() / 1000);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(seconds));
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${request.checkpoint}`), key.privateKey);
  const id = keyId(name, COSIGNATURE, key.publicKey);
  return `\u2014 ${name} ${Buffer.concat([id, time, signature]).toString('base64')}\n`;
}

function serve(witness, host, port) {
  const server = createServer({ requestTimeout: REQUEST_MS, connectionsCheckingInterval: 1_000 }, (req, res) => {
    const answer = (status, text, type = 'text/plain; charset=utf-8') => {
      res.writeHead(status, { 'content-type': type }).end(text);
    };
    if (req.method !== 'POST' || req.url !== '/add-checkpoint') {
      req.resume();
      answer(404, 'POST /add-checkpoint\n');
      return;
    }
    const parts = [];
    let size = 0;
    req.on('data', (part) => {
      size += part.length;
      if (size <= MOST_BYTES) parts.push(part);
    });
    req.on('end', () => {
      if (size > MOST_BYTES) {
        answer(413, 'the request is too large\n');
        return;
      }
      try {
        answer(200, addCheckpoint(Buffer.concat(parts), witness));
      } catch (error) {
        if (error instanceof Answer) answer(error.status, error.text, error.type);
        else {
          process.stderr.write(`cannot cosign: ${error.code ?? error.constructor.name}\n`);
          answer(500, 'the witness cannot cosign now\n');
        }
      }
    });
  });
  server.listen(port, host, () => {
    process.stdout.write(`listening on http://${host}:${server.address().port}\n`);
  });
  server.on('error', ({ code }) => fail(`cannot listen: ${code}`));
  const stop = () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

const usage = (sentence) => fail(`${sentence}\n\n${USAGE}`);

function help() {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}

function main(args) {
  const given = { name: null, state: null, logs: [], host: '127.0.0.1', port: '7080', printKey: false, newLog: false };
  for (let at = 0; at < args.length; at += 1) {
    const value = () => args[(at += 1)] ?? usage(`${args[at - 1]} needs a value`);
    if (args[at] === '--name') given.name = value();
    else if (args[at] === '--state') given.state = value();
    else if (args[at] === '--log') given.logs.push(value());
    else if (args[at] === '--host') given.host = value();
    else if (args[at] === '--port') given.port = value();
    else if (args[at] === '--print-key') given.printKey = true;
    else if (args[at] === '--new-log') given.newLog = true;
    else if (args[at] === '--help' || args[at] === '-h') help();
    else usage(`not understood: ${args[at]}`);
  }
  if (given.name === null || !/^[^\s+]+$/.test(given.name)) usage('--name is needed, without blanks and plus signs');
  if (given.state === null) usage('--state is needed');
  const port = /^\d{1,5}$/.test(given.port) ? Number(given.port) : MOST_PORT + 1;
  if (port > MOST_PORT) usage(`--port must be a number from 0 to ${MOST_PORT}`);
  let key;
  try {
    key = openKey(given.state);
  } catch ({ code }) {
    fail(`--state: ${given.state} is no folder that can be made, read and written (${code})`);
  }
  process.stdout.write(`${vkeyOf(given.name, COSIGNATURE, key.publicKey)}\n`);
  if (given.printKey) return;
  if (given.logs.length === 0) usage('--log is needed');
  let logs;
  try {
    logs = given.logs.map(readVkey);
  } catch (error) {
    usage(`--log: ${error.code === 'ENOENT' ? 'neither a verifier key nor a file' : error.message}`);
  }
  let state;
  try {
    state = openState(given.state, logs, given.newLog || existsSync(path.join(given.state, FRESH)));
  } catch ({ code }) {
    fail(
      code === 'ENOENT'
        ? 'what this witness has seen of a log is gone: begin with a new name and state, or say --new-log if it never saw that log'
        : 'the state cannot be read; nothing is cosigned without it',
    );
  }
  serve({ name: given.name, key, logs, state, nowMs: () => Date.now() }, given.host, port);
}

main(process.argv.slice(2));
