#!/usr/bin/env node
// assent-verify: checks a proof bundle of an Assent log, offline, without trusting whoever made it.
//
// One file, no dependencies, no network, Node.js 18 or newer. The format is docs/proof-bundle.md of the project; this
// program was written from that page and shares no code with the server. Licence: AGPL-3.0-or-later.
//
// Five levels, each PASS, FAIL or ABSENT: 1 integrity, 2 time, 3 order and completeness, 4 content, 5 origin.
// Exit status: 0 levels 1 to 4 hold and somebody outside vouches for the time; 2 they hold, but the time rests on the
// operator's word; 1 something fails, or the call was wrong.

import { constants, createHash, createHmac, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';

const USAGE = `usage: node assent-verify.mjs --key <vkey or file> [options] <bundle.zip | .json | .ndjson>

  --key K               verifier key of the log, as you got it from the operator or an auditor, not from the bundle;
                        several times for a log whose key was replaced, if you have more than one
  --tsa FILE            PEM of a time-stamping authority you trust; may be given several times
  --witness K           verifier key of a witness you trust; may be given several times
  --earlier FILE        another bundle of the same log, older or newer, about one person or many; may be given several times.
                        Whoever is in both must have the same chain in both
  --app-secret-file F   the Meta app secret, if it was shown to you: checks the webhook signatures (level 5)
  --json                prints the result as JSON
  --help                prints this

Exit status: 0 proved, with independent time; 2 proved, time on the operator's word only; 1 not proved.`;

const MIB = 1024 * 1024;
const MOST_FILE_BYTES = 64 * MIB;
const MOST_BUNDLE_BYTES = 256 * MIB;
const MOST_MEMBERS = 100_000;
const MOST_BODY_BYTES = 16 * 1024;
/** In one body: values take far more memory than their text. The server lists at most 101 pieces of a webhook, five values for each. */
const MOST_BODY_VALUES = 1_000;
/** In the entries and messages of one person together: more than a record of 64 MiB has room for, with all that belongs to each. */
const MOST_PERSON_BYTES = 32 * MIB;
const MOST_PERSON_VALUES = 1_500_000;
const MOST_NOTE_BYTES = 16 * 1024;
/** The server takes no longer answer of an authority. */
const MOST_TOKEN_BYTES = 64 * 1024;
/** Within one element of DER. */
const MOST_PARTS = 64;
/** The server takes no larger webhook, and none with more levels. */
const MOST_WEBHOOK_BYTES = MIB;
const MOST_WEBHOOK_DEPTH = 65;
const MOST_DEPTH = 8;
const MOST_MESSAGES = 500;
const MOST_CHECKPOINTS = 2_000;
/** Keys that a log has had: the former one signs beside a new one for 30 days, so these are more than twenty years. */
const MOST_KEYS = 256;
/** Two keys of a log sign a checkpoint at most. */
const MOST_OWN_LINES = 4;
const MOST_LINES = 128;
const MOST_CERTIFICATES = 16;
const MOST_CERTIFICATE_BYTES = 16 * 1024;
/** In a whole bundle, each counted once. */
const MOST_OTHER_CERTIFICATES = 2_000;
/** Pairs of certificates of which one is said to have issued the other, in a whole bundle. Authorities have few, and the same ones for years. */
const MOST_ISSUES = 4_000;
const MOST_RSA_BITS = 8_192;
const SKEW_MS = 5 * 60_000;
const DAY_MS = 86_400_000;
/** Somebody outside must have vouched for an entry within this time of when it says it was written. */
const MOST_WAIT_MS = 2 * DAY_MS;
/** The server makes nobody known by an act that is older than this when it arrives. */
const OLDEST_OPENING_MS = 2 * DAY_MS;
const SENDS_SKEW_MS = 5_000;
/** A longer text is no word, and is not brought to the form of one: that takes the square of its length where it is all accents. */
const MOST_WORD_CHARS = 200;
const CHUNK_RECORDS = 100;

/** Why a level does not hold. */
class Refusal extends Error {
  constructor(level, sentence) {
    super(sentence);
    this.level = level;
  }
}

const refuse = (level, sentence) => {
  throw new Refusal(level, sentence);
};
const need = (condition, level, sentence) => {
  if (!condition) refuse(level, sentence);
};

// ------------------------------------------------------------------------------------------------ bytes and JSON

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);
const leafHash = (input) => sha256(LEAF, input);
const nodeHash = (left, right) => sha256(NODE, left, right);
const commit = (body, nonce) => sha256(sha256(body), nonce);
const isHex = (text, bytes) => typeof text === 'string' && text.length === bytes * 2 && /^[0-9a-f]*$/.test(text);

function fromBase64(text, what) {
  need(typeof text === 'string', 1, `${what} is not base64`);
  const bytes = Buffer.from(text, 'base64');
  need(bytes.toString('base64') === text, 1, `${what} is not base64`);
  return bytes;
}

function parseJson(text, what) {
  try {
    return JSON.parse(text);
  } catch {
    return refuse(1, `${what} is not JSON`);
  }
}

/** Writes a value as canonical JSON (RFC 8785, narrowed); anything outside of it is refused. @param read counts the values */
function canonical(value, what, read = { values: 0 }, depth = 1) {
  read.values += 1;
  need(read.values <= MOST_BODY_VALUES, 1, `${what} holds more values than it may`);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    need(Number.isSafeInteger(value) && !Object.is(value, -0), 1, `${what} holds a number that is no safe integer`);
    return String(value);
  }
  if (typeof value === 'string') {
    need(!/\p{Surrogate}/u.test(value), 1, `${what} holds half of a character`);
    return JSON.stringify(value);
  }
  need(depth <= MOST_DEPTH, 1, `${what} is nested too deep`);
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, what, read, depth + 1)).join(',')}]`;
  const members = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  need(
    members.every((name) => /^[a-z0-9_]+$/.test(name)),
    1,
    `${what} has a key that is not allowed`,
  );
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name], what, read, depth + 1)}`).join(',')}}`;
}

/** Reads JSON that must be in canonical form: no duplicate key, no blank, no other order. @param read counts the values */
function readCanonical(bytes, what, read = { values: 0 }) {
  need(bytes.length <= MOST_BODY_BYTES, 1, `${what} is longer than 16 KiB`);
  const text = bytes.toString('utf8');
  const value = parseJson(text, what);
  need(typeof value === 'object' && value !== null && !Array.isArray(value), 1, `${what} is not a JSON object`);
  need(
    Buffer.from(text).equals(bytes) && canonical(value, what, read) === text,
    1,
    `${what} is not in canonical form (RFC 8785)`,
  );
  return value;
}

/** Drops the fields of an object that the format does not know, and says so: only what is looked at is worth its memory. */
function knownOf(value, known, what, warn) {
  const isOther = Object.keys(value ?? {}).some((field) => !known.includes(field));
  if (!isOther) return value;
  warn(`${what} has an unknown field`);
  return Object.fromEntries(known.flatMap((field) => (Object.hasOwn(value, field) ? [[field, value[field]]] : [])));
}

/** The same, with what the fields themselves hold. @param parts which fields an object among them may have */
function knownBody(body, known, parts, what, warn) {
  const kept = knownOf(body, known, what, warn);
  for (const [field, fields] of Object.entries(parts)) {
    if (Object.hasOwn(kept, field)) kept[field] = knownOf(kept[field], fields, `${what}: the ${field}`, warn);
  }
  return kept;
}

const isTime = (text) =>
  typeof text === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text));
const timeOf = (text, level, what) => {
  need(isTime(text), level, `${what} is not a time`);
  return Date.parse(text);
};
const iso = (ms) => new Date(ms).toISOString();

// ------------------------------------------------------------------------------------------------ trees (RFC 6962)

/** Whether `path` leads from leaf `index` to `root` in a tree of `size`. Source: RFC 9162, section 2.1.3.2. */
function isIncluded(leaf, index, size, path, root) {
  if (index >= size) return false;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && hash.equals(root);
}

/** Whether a tree of `size` begins with the tree of `oldSize`. Source: RFC 9162, section 2.1.4.2. */
function isConsistent(oldSize, oldRoot, size, root, path) {
  if (oldSize === size) return path.length === 0 && oldRoot.equals(root);
  if (oldSize === 0) return path.length === 0 && oldRoot.equals(sha256());
  if (oldSize > size) return false;
  let at = oldSize - 1;
  let last = size - 1;
  while (at % 2 === 1) {
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  const isPower = at === 0;
  const steps = isPower ? [oldRoot, ...path] : [...path];
  if (steps.length === 0) return false;
  let [old] = steps;
  let grown = steps[0];
  for (const step of steps.slice(1)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      old = nodeHash(step, old);
      grown = nodeHash(step, grown);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      grown = nodeHash(grown, step);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && old.equals(oldRoot) && grown.equals(root);
}

// ------------------------------------------------------------------------------------------------ keys and signed notes

const ED25519 = 1;
const COSIGNATURE = 4;
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const keyId = (name, type, publicKey) =>
  sha256(Buffer.from(`${name}\n`), Buffer.from([type]), publicKey).subarray(0, 4);

/** A file that the auditor gave: anything but a plain one could block, or never end. */
function readSmall(file) {
  const facts = statSync(file);
  if (!facts.isFile() || facts.size > MIB) throw new Error('not a file, or one of more than 1 MiB');
  return readFileSync(file, 'utf8');
}

/** Reads a verifier key given by the auditor: the text, or a file that holds it. */
const readKey = (given, type) =>
  parseKey(/^[^\s+]+\+[0-9a-f]{8}\+/.test(given) ? given.trim() : readSmall(given).trim(), type);

const KEYS_OF = { [ED25519]: 'a log', [COSIGNATURE]: 'a witness' };

function parseKey(text, type) {
  const [, name, id, base64] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const material = Buffer.from(base64 ?? '', 'base64');
  const publicKey = material.subarray(1);
  const kind = KEYS_OF[material[0]];
  if (name === undefined || kind === undefined || publicKey.length !== 32) throw new Error('not a verifier key');
  if (keyId(name, material[0], publicKey).toString('hex') !== id)
    throw new Error('the key id of a verifier key is wrong');
  if (material[0] !== type) throw new Error(`this is the verifier key of ${kind}, not of ${KEYS_OF[type]}`);
  return { text, name, type, publicKey, id: Buffer.from(id, 'hex') };
}

/** The log's key under the name with which exports are signed. */
const bundleKey = ({ name, publicKey }) => {
  const own = `${name}/bundle`;
  return { name: own, type: ED25519, publicKey, id: keyId(own, ED25519, publicKey) };
};

/** Keys of this kind take longer to read than to use. */
const READ_KEYS = new WeakMap();

function ed25519(key, message, signature) {
  if (signature.length !== 64) return false;
  if (!READ_KEYS.has(key)) {
    const der = Buffer.concat([SPKI, key.publicKey]);
    READ_KEYS.set(key, createPublicKey({ key: der, format: 'der', type: 'spki' }));
  }
  return verify(null, message, READ_KEYS.get(key), signature);
}

/** Takes a signed note apart (C2SP signed-note). A line of somebody else that cannot be read has no `id`. */
function readNote(bytes, what, own) {
  need(bytes.length <= MOST_NOTE_BYTES, 1, `${what} is too long`);
  const text = bytes.toString('utf8');
  const end = text.lastIndexOf('\n\n');
  need(end >= 0 && text.endsWith('\n') && Buffer.from(text).equals(bytes), 1, `${what} is not a signed note`);
  const lines = text.slice(end + 2, -1).split('\n');
  need(lines.length <= MOST_LINES, 1, `${what} has more signatures than it may`);
  const signatures = lines.map((line) => {
    const [, name, base64] = /^\u2014 ([^\s+]+) (.+)$/.exec(line) ?? [];
    need(name !== undefined, 1, `${what} is not a signed note`);
    const packed = Buffer.from(base64, 'base64');
    const isRead = packed.length > 4 && packed.toString('base64') === base64;
    need(isRead || name !== own, 1, `${what} has a malformed signature`);
    return { name, id: isRead ? packed.subarray(0, 4) : null, signature: packed.subarray(4), line: `${line}\n` };
  });
  const ids = signatures.flatMap(({ name, id }) => (name === own ? [id.toString('hex')] : []));
  need(new Set(ids).size === ids.length, 1, `${what} is signed twice with one key`);
  need(ids.length <= MOST_OWN_LINES, 1, `${what} is signed with more keys of the log than there are at a time`);
  return { text: text.slice(0, end + 1), signatures };
}

const linesBy = (note, key) => note.signatures.filter(({ name, id }) => name === key.name && id?.equals(key.id));

/** The note must be signed by one of the keys; another signature in the name of one of them that does not hold is refused too. */
function requireSignature(note, keys, what) {
  const lines = note.signatures.filter(({ name }) => name === keys[0].name);
  const own = lines.flatMap(({ id, signature }) =>
    keys.flatMap((key) => (id?.equals(key.id) ? [{ key, signature }] : [])),
  );
  const which = keys.length === 1 ? 'the key you gave' : 'a key you gave, or one that it vouches for';
  need(own.length > 0, 1, `${what} is not signed with ${which}`);
  for (const { key, signature } of own) {
    const isValid = ed25519(key, Buffer.from(note.text), signature);
    need(isValid, 1, `${what}: the signature is not by the key you gave`);
  }
}

/** A checkpoint of the log (C2SP tlog-checkpoint), its signature checked. */
function requireCheckpoint(head, keys) {
  const { what, origin, text, signatures } = head;
  requireSignature(head, keys, what);
  const logLines = signatures.filter(({ name }) => name === origin).map(({ line }) => line);
  const firstOther = signatures.findIndex(({ name }) => name !== origin);
  const isOrdered = signatures
    .slice(firstOther < 0 ? signatures.length : firstOther)
    .every(({ name }) => name !== origin);
  need(isOrdered, 1, `${what}: the log's own signatures do not come first`);
  /** What time-stamps are over. */
  return { ...head, stamped: Buffer.from(`${text}\n${logLines.join('')}`) };
}

/** What a checkpoint says. Who signed it is not looked at. */
function readHead(bytes, [key], what) {
  const { text, signatures } = readNote(bytes, what, key.name);
  const [, origin, size, root] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text) ?? [];
  need(origin !== undefined && Number.isSafeInteger(Number(size)), 1, `${what} is not a checkpoint`);
  need(origin === key.name, 1, `${what} is of another log than your key`);
  return { what, origin, size: Number(size), root: Buffer.from(root, 'base64'), text, signatures };
}

/** Lines of base64 hashes behind some header lines; each line ends with a newline. */
function readProof(bytes, headers, what) {
  need(bytes.length <= MOST_NOTE_BYTES, 1, `${what} is too long`);
  const lines = bytes.toString('latin1').split('\n');
  need(lines.pop() === '', 1, `${what} does not end with a newline`);
  const values = headers.map((header) => {
    const found = header.exec(lines.shift() ?? '');
    need(found !== null, 1, `${what} is malformed`);
    return Number(found[1]);
  });
  need(lines.length <= 64, 1, `${what} is too long`);
  return { values, hashes: lines.map((line) => readHash(line, what)) };
}

const readHash = (line, what) => {
  need(/^[A-Za-z0-9+/]{43}=$/.test(line), 1, `${what} holds something that is no hash`);
  return fromBase64(line, what);
};

const WHOLE = '(0|[1-9]\\d{0,15})';

function readTlogProof(bytes, what) {
  need(bytes.length <= 2 * MOST_NOTE_BYTES, 1, `${what} is too long`);
  const text = bytes.toString('utf8');
  const end = text.indexOf('\n\n');
  const [version, index, ...hashes] = text.slice(0, Math.max(end, 0)).split('\n');
  const [, number] = new RegExp(`^index ${WHOLE}$`).exec(index ?? '') ?? [];
  need(end > 0 && version === 'c2sp.org/tlog-proof@v1' && number !== undefined, 1, `${what} is not a tlog-proof`);
  need(hashes.length <= 64, 1, `${what} is too long`);
  return {
    index: Number(number),
    hashes: hashes.map((line) => readHash(line, what)),
    note: Buffer.from(text.slice(end + 2)),
  };
}

// ------------------------------------------------------------------------------------------------ time-stamps (RFC 3161)

const OID = {
  signedData: '2a864886f70d010702',
  tstInfo: '2a864886f70d0109100104',
  contentType: '2a864886f70d010903',
  messageDigest: '2a864886f70d010904',
  signingCertificate: '2a864886f70d010910020c',
  signingCertificateV2: '2a864886f70d010910022f',
  extendedKeyUsage: '551d25',
  rsaPss: '2a864886f70d01010a',
};
const DIGESTS = { '608648016503040201': 'sha256', '608648016503040202': 'sha384', '608648016503040203': 'sha512' };
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const hashOf = (name, bytes) => createHash(name).update(bytes).digest();

/** One DER element at `at`; everything is bounds-checked, lengths must be in their shortest form. */
function derAt(bytes, at) {
  const tag = bytes[at];
  const first = bytes[at + 1];
  need(tag !== undefined && first !== undefined && (tag & 31) !== 31, 2, 'is not DER');
  const extra = first < 128 ? 0 : first - 128;
  need(first !== 128 && extra <= 3 && at + 2 + extra <= bytes.length, 2, 'is not DER');
  const length = extra === 0 ? first : bytes.readUIntBE(at + 2, extra);
  const from = at + 2 + extra;
  need(extra === 0 || length >= (extra === 1 ? 128 : 256 ** (extra - 1)), 2, 'is not DER');
  need(from + length <= bytes.length, 2, 'is not DER');
  return { tag, content: bytes.subarray(from, from + length), whole: bytes.subarray(at, from + length) };
}

function derChildren({ content }, most = MOST_PARTS, sentence = 'has too many parts') {
  const children = [];
  for (let at = 0; at < content.length;) {
    need(children.length < most, 2, sentence);
    const child = derAt(content, at);
    children.push(child);
    at += child.whole.length;
  }
  return children;
}

const derChild = (element, index) => {
  const child = derChildren(element)[index];
  need(child !== undefined, 2, 'is not a time-stamp');
  return child;
};
const oidOf = (element) => {
  need(element.tag === 6, 2, 'is not a time-stamp');
  return element.content.toString('hex');
};
const digestOf = (algorithm) => {
  const name = DIGESTS[oidOf(derChild(algorithm, 0))];
  need(name !== undefined, 2, 'uses a hash that is not accepted');
  return name;
};

/** What is told of a certificate is worked out once: the same few come with most time-stamps of a bundle. */
function remembered(work) {
  const known = new WeakMap();
  return (certificate) => {
    if (!known.has(certificate)) known.set(certificate, work(certificate));
    return known.get(certificate);
  };
}

/**
 * Checks a time-stamp over `stamped` in every part.
 *
 * @param authorities those that count @param shelf of the bundle @returns its time, and whether one of them made it
 */
function readTimestamp(bytes, stamped, authorities, shelf) {
  need(bytes.length <= MOST_TOKEN_BYTES, 2, 'is too long');
  const response = derAt(bytes, 0);
  need(response.whole.length === bytes.length, 2, 'has bytes behind it');
  const [status, token] = derChildren(response);
  const code = status === undefined ? undefined : derChildren(status)[0]?.content;
  need(code?.length === 1 && code[0] <= 1 && token !== undefined, 2, 'was refused by the authority');
  need(oidOf(derChild(token, 0)) === OID.signedData, 2, 'is not signed');
  const fields = derChildren(derChild(derChild(token, 1), 0));
  need(fields.length >= 4, 2, 'is not a time-stamp');
  const inner = derChildren(fields[2]);
  need(inner.length === 2 && oidOf(inner[0]) === OID.tstInfo, 2, 'is not a time-stamp');
  const { content } = derChild(inner[1], 0);
  const sets = fields.filter(({ tag }) => tag === 0xa0);
  need(sets.length <= 1, 2, 'is not a time-stamp');
  const given = sets.flatMap((set) => derChildren(set, MOST_CERTIFICATES, 'holds too many certificates'));
  const certificates = given.map(shelf.certificate);
  const signers = derChildren(fields[fields.length - 1]);
  need(signers.length === 1, 2, 'has not one signer');
  const at = requireImprint(derAt(content, 0), stamped);
  const certificate = requireSigner(derChildren(signers[0]), content, certificates);
  const usage = usageOf(certificate);
  need(usage.length === 1 && usage[0] === TIME_STAMPING, 2, 'is signed with a certificate that is not for time-stamps');
  need(isUsageCritical(certificate), 2, 'is signed with a certificate that does not insist on its use for time-stamps');
  need(isValid(certificate, at), 2, 'is signed with a certificate that was not valid then');
  return {
    at,
    isTrusted: isTrusted(certificate, certificates, authorities, at, shelf.isIssuedBy),
    by: nameOf(certificate),
  };
}

const usageOf = remembered((certificate) => certificate.keyUsage ?? certificate.toLegacyObject().ext_key_usage ?? []);
const validityOf = remembered(({ validFrom, validTo }) => [Date.parse(validFrom), Date.parse(validTo)]);
const isValid = (certificate, at) => at >= validityOf(certificate)[0] && at <= validityOf(certificate)[1];
const usualKeyOf = remembered(({ publicKey }) => (isUsual(publicKey) ? publicKey : null));

/** Serial number, signature algorithm, issuer, validity, subject and so on: what stands behind the version. */
const factsOf = remembered(({ raw }) =>
  derChildren(derChild(derAt(raw, 0), 0)).filter(({ tag }, at) => at > 0 || tag !== 0xa0),
);

/** The names of the authorities that the auditor named, as they stand in a token, which may be damaged. */
const subjectsOf = (authorities) => {
  const subjects = authorities.flatMap((one) => factsOf(one)[4]?.whole ?? []).filter(({ length }) => length > 2);
  return [...new Map(subjects.map((subject) => [subject.toString('latin1'), subject])).values()];
};

/** RFC 3161, section 2.3: the extended key usage must be there and critical. */
const isUsageCritical = remembered(({ raw }) => {
  const extensions = derChildren(derChild(derAt(raw, 0), 0)).find(({ tag }) => tag === 0xa3);
  const usage = derChildren(derChild(extensions ?? refuse(2, 'is not a time-stamp'), 0)).find(
    (extension) => oidOf(derChild(extension, 0)) === OID.extendedKeyUsage,
  );
  return usage !== undefined && derChild(usage, 1).whole.toString('hex') === '0101ff';
});

const nameOf = remembered(
  ({ subject }) => (subject ?? '').replace(/[^\x20-\x7e]/g, ' ').slice(0, 120) || 'an unnamed authority',
);

function requireImprint(info, stamped) {
  const fields = derChildren(info);
  const [algorithm, imprint] = derChildren(fields[2] ?? refuse(2, 'is not a time-stamp'));
  const digest = hashOf(digestOf(algorithm ?? refuse(2, 'is not a time-stamp')), stamped);
  need(imprint !== undefined && imprint.content.equals(digest), 2, 'is over something else than this checkpoint');
  const [, y, mo, d, h, mi, s, fraction = ''] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z$/.exec(fields[4]?.content.toString('latin1') ?? '') ?? [];
  const at = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}${fraction.slice(0, 4)}Z`);
  need(fields[4]?.tag === 0x18 && !Number.isNaN(at), 2, 'states no time');
  return at;
}

function requireSigner(fields, content, certificates) {
  const [, sid, digestAlgorithm, attributes, signatureAlgorithm, signature] = fields;
  need(attributes?.tag === 0xa0 && signature !== undefined, 2, 'has no signed attributes');
  const serial = derChild(sid, 1).content;
  const certificate = certificates.find((one) => factsOf(one)[0]?.content.equals(serial));
  need(certificate !== undefined, 2, 'does not hold the certificate of its signer');
  const values = new Map(
    derChildren(attributes).map((one) => [oidOf(derChild(one, 0)), derChild(derChild(one, 1), 0)]),
  );
  const digest = digestOf(digestAlgorithm);
  need(values.get(OID.messageDigest)?.content.equals(hashOf(digest, content)), 2, 'was changed after it was signed');
  const type = values.get(OID.contentType);
  need(type !== undefined && oidOf(type) === OID.tstInfo, 2, 'is signed as something else');
  need(namesCertificate(values, certificate), 2, 'names another certificate than the one it holds');
  const key = usualKeyOf(certificate);
  need(key !== null, 2, 'is signed with a key of a kind or size that is not accepted');
  const isPss = oidOf(derChild(signatureAlgorithm, 0)) === OID.rsaPss;
  const how = isPss
    ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
    : key;
  const signed = Buffer.concat([Buffer.from([0x31]), attributes.whole.subarray(1)]);
  // Edwards curves hash by themselves.
  const isEdwards = key.asymmetricKeyType === 'ed25519' || key.asymmetricKeyType === 'ed448';
  need(verify(isEdwards ? null : digest, signed, how, signature.content), 2, 'has a wrong signature');
  return certificate;
}

function namesCertificate(values, certificate) {
  const second = values.get(OID.signingCertificateV2);
  const listed = second ?? values.get(OID.signingCertificate);
  if (listed === undefined) return false;
  const named = derChildren(derChild(derChild(listed, 0), 0));
  const given = named.find(({ tag }) => tag === 4)?.content;
  const digest = second === undefined ? 'sha1' : named[0]?.tag === 0x30 ? digestOf(named[0]) : 'sha256';
  return given?.equals(hashOf(digest, certificate.raw)) === true;
}

/** Whether the certificate leads to one of the authorities; every link must have been valid then. */
function isTrusted(certificate, others, authorities, at, isIssuedBy) {
  if (authorities.length === 0) return false;
  let link = certificate;
  for (let links = 0; links < 8; links += 1) {
    if (!isValid(link, at)) return false;
    const current = link;
    if (authorities.some((one) => one.raw.equals(current.raw) || isIssuedBy(current, one))) return true;
    const next = others.find((one) => one !== current && one.ca && isIssuedBy(current, one));
    if (next === undefined) return false;
    link = next;
  }
  return false;
}

const USUAL_CURVES = /^(prime256v1|secp256k1|secp384r1|secp521r1|brainpoolP(256|384|512)[rt]1)$/;

/** Keys that authorities use: checking a signature by them takes a millisecond or two at most. */
function isUsual({ asymmetricKeyType: type, asymmetricKeyDetails: details }) {
  if (type === 'rsa' || type === 'rsa-pss')
    return details.modulusLength <= MOST_RSA_BITS && details.publicExponent <= 65_537n;
  return type === 'ec' ? USUAL_CURVES.test(details.namedCurve) : type === 'ed25519' || type === 'ed448';
}

/**
 * The certificates of a bundle, each read once, and whether one issued another, asked of each pair once: of no more certificates and
 * pairs than an honest bundle has.
 */
function makeShelf() {
  const certificates = new Map();
  const pairs = new Map();
  const requireRoom = (isRoom) => need(isRoom, 2, 'comes, with the others, with more certificates than can be checked');
  const fingerprintOf = remembered(({ fingerprint256 }) => fingerprint256);
  return {
    certificate: ({ whole }) => {
      need(whole.length <= MOST_CERTIFICATE_BYTES, 2, 'holds a certificate that is too long');
      const digest = sha256(whole).toString('latin1');
      if (!certificates.has(digest)) {
        requireRoom(certificates.size < MOST_OTHER_CERTIFICATES);
        certificates.set(digest, readCertificate(whole));
      }
      return certificates.get(digest) ?? refuse(2, 'holds a certificate that cannot be read');
    },
    isIssuedBy: (certificate, issuer) => {
      if (!certificate.checkIssued(issuer)) return false;
      const pair = fingerprintOf(certificate) + fingerprintOf(issuer);
      if (!pairs.has(pair)) {
        requireRoom(pairs.size < MOST_ISSUES);
        const key = usualKeyOf(issuer);
        pairs.set(pair, key !== null && certificate.verify(key));
      }
      return pairs.get(pair);
    },
  };
}

function readCertificate(written) {
  try {
    return new X509Certificate(written);
  } catch {
    return null;
  }
}

// ------------------------------------------------------------------------------------------------ reading archives

const SAFE_PATH = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

function requirePath(path) {
  const isSafe =
    typeof path === 'string' && path.length <= 200 && SAFE_PATH.test(path) && !path.split('/').includes('..');
  need(isSafe, 1, 'the bundle holds a file with a name that is not allowed');
}

/** Names must be allowed, in order, and each there once. */
function requireOrder(paths) {
  paths.forEach((path, at) => {
    requirePath(path);
    need(at === 0 || paths[at - 1] < path, 1, `${path}: names are not in order, or one stands there twice`);
  });
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** A file that is read in pieces, never as a whole. */
function openFile(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  need(stat !== undefined, 1, `there is no such file: ${path.slice(0, 300)}`);
  need(stat.isFile(), 1, `the bundle is not a file: ${path.slice(0, 300)}`);
  const fd = openSync(path, 'r');
  const { size } = fstatSync(fd);
  return {
    size,
    close: () => closeSync(fd),
    read: (from, length) => {
      need(from >= 0 && length >= 0 && from + length <= size, 1, 'the bundle ends too early');
      const bytes = Buffer.alloc(length);
      let done = 0;
      while (done < length) {
        const got = readSync(fd, bytes, done, length - done, from + done);
        need(got > 0, 1, 'the bundle ends too early');
        done += got;
      }
      return bytes;
    },
  };
}

/** A ZIP as docs/proof-bundle.md allows it: stored, in order, nothing between and nothing behind. */
function openZip(file) {
  const end = file.read(Math.max(0, file.size - 22), Math.min(22, file.size));
  need(
    end.length === 22 && end.readUInt32LE(0) === 0x06054b50,
    1,
    'the bundle is no ZIP, is cut short, or has bytes behind it',
  );
  need(
    end.readUInt16LE(4) === 0 && end.readUInt16LE(6) === 0 && end.readUInt16LE(20) === 0,
    1,
    'the ZIP has several disks or a comment',
  );
  need(end.readUInt16LE(8) === end.readUInt16LE(10), 1, 'the ZIP has several disks');
  let [count, size, offset, tail] = [end.readUInt16LE(10), end.readUInt32LE(12), end.readUInt32LE(16), 22];
  if (count === 0xffff || size === 0xffffffff || offset === 0xffffffff) {
    const locator = file.read(file.size - 42, 20);
    need(locator.readUInt32LE(0) === 0x07064b50, 1, 'the ZIP is damaged at its end');
    const end64 = file.read(file.size - 98, 56);
    need(
      end64.readUInt32LE(0) === 0x06064b50 &&
        end64.readBigUInt64LE(4) === 44n &&
        Number(locator.readBigUInt64LE(8)) === file.size - 98,
      1,
      'the ZIP is damaged at its end',
    );
    [count, size, offset] = [32, 40, 48].map((at) => Number(end64.readBigUInt64LE(at)));
    tail = 98;
  }
  need(count > 0 && count <= MOST_MEMBERS && size <= 64 * MIB, 1, 'the ZIP has no files, or too many');
  need(offset + size + tail === file.size, 1, 'the ZIP holds bytes that belong to no file');
  const members = readDirectory(file.read(offset, size), count);
  requireOrder(members.map(({ path }) => path));
  let next = 0;
  for (const member of members) {
    need(member.offset === next, 1, `${member.path}: files overlap or leave a gap`);
    next += 30 + Buffer.byteLength(member.path) + member.size;
  }
  need(next === offset, 1, 'the ZIP holds bytes that belong to no file');
  return members.map((member) => ({ path: member.path, size: member.size, bytes: () => readMember(file, member) }));
}

/** What stands in a directory entry besides name, size, checksum and place: version, DOS time and date, disk, attributes. */
const PLAIN = { 6: [20, 45], 12: [0], 14: [33], 34: [0], 36: [0], 38: [0], 40: [0] };

function readDirectory(bytes, count) {
  const members = [];
  let at = 0;
  for (let n = 0; n < count; n += 1) {
    need(at + 46 <= bytes.length && bytes.readUInt32LE(at) === 0x02014b50, 1, 'the directory of the ZIP is damaged');
    const [flags, method] = [bytes.readUInt16LE(at + 8), bytes.readUInt16LE(at + 10)];
    const isPlain = [6, 12, 14, 34, 36, 38, 40].every((shift) => PLAIN[shift].includes(bytes.readUInt16LE(at + shift)));
    need(
      isPlain && bytes.readUInt16LE(at + 4) === bytes.readUInt16LE(at + 6),
      1,
      'a file of the ZIP has a time, attributes or an unknown version',
    );
    const [crc, packed, size] = [16, 20, 24].map((shift) => bytes.readUInt32LE(at + shift));
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((shift) => bytes.readUInt16LE(at + shift));
    let offset = bytes.readUInt32LE(at + 42);
    need(
      flags === 0 && method === 0 && packed === size && commentLength === 0,
      1,
      'a file of the ZIP is packed or encrypted',
    );
    need(size <= MOST_FILE_BYTES, 1, 'a file of the ZIP is too large');
    need(at + 46 + nameLength + extraLength <= bytes.length, 1, 'the directory of the ZIP is damaged');
    const path = bytes.toString('latin1', at + 46, at + 46 + nameLength);
    const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
    if (offset === 0xffffffff) {
      need(
        extra.length === 12 && extra.readUInt16LE(0) === 1 && extra.readUInt16LE(2) === 8,
        1,
        `${path}: malformed ZIP64 field`,
      );
      offset = Number(extra.readBigUInt64LE(4));
    } else {
      need(extra.length === 0, 1, 'a file of the ZIP has extra fields');
    }
    members.push({ path, crc, size, offset });
    at += 46 + nameLength + extraLength;
  }
  need(at === bytes.length, 1, 'the directory of the ZIP is damaged');
  return members;
}

function readMember(file, { path, crc, size, offset }) {
  const name = Buffer.from(path, 'latin1');
  const local = file.read(offset, 30 + name.length);
  const agrees =
    local.readUInt32LE(0) === 0x04034b50 &&
    [20, 45].includes(local.readUInt16LE(4)) &&
    local.readUInt16LE(6) === 0 &&
    local.readUInt16LE(10) === 0 &&
    local.readUInt16LE(12) === 33 &&
    local.readUInt16LE(8) === 0 &&
    local.readUInt32LE(14) === crc &&
    local.readUInt32LE(18) === size &&
    local.readUInt32LE(22) === size &&
    local.readUInt16LE(26) === name.length &&
    local.readUInt16LE(28) === 0 &&
    local.subarray(30).equals(name);
  need(agrees, 1, `${path}: the two headers of the file do not agree`);
  const bytes = file.read(offset + 30 + name.length, size);
  need(crc32(bytes) === crc, 1, `${path}: the file is damaged`);
  return bytes;
}

/**
 * `{"<path>":"<text>",...}`, exactly as it would be written. It is taken apart byte by byte: a parser would build whatever a
 * hostile bundle nests. @returns the texts as bytes, and where the object ends
 */
function readFlat(bytes, from, what) {
  const texts = new Map();
  const malformed = `${what} is not a tree of files`;
  const take = (text) => {
    need(bytes.toString('latin1', at, at + text.length) === text, 1, malformed);
    at += text.length;
  };
  const quoted = () => {
    take('"');
    const end = bytes.indexOf(34, at);
    need(end >= 0, 1, malformed);
    const value = bytes.subarray(at, end);
    at = end + 1;
    return value;
  };
  let at = from;
  let last = '';
  take('{');
  while (bytes[at] !== 125) {
    if (texts.size > 0) take(',');
    need(texts.size < MOST_MEMBERS, 1, `${what} holds too many files`);
    const name = quoted();
    const path = name.length > 200 ? null : name.toString('latin1');
    requirePath(path);
    need(last < path, 1, `${path}: names are not in order, or one stands there twice`);
    take(':');
    texts.set(path, quoted());
    last = path;
  }
  return { texts, end: at + 1 };
}

/** `{path: base64}`: the files, and where the object ends. */
function readTree(bytes, from, what) {
  const { texts, end } = readFlat(bytes, from, what);
  const files = new Map();
  for (const [path, text] of texts) {
    need(text.length <= MOST_FILE_BYTES * 1.4, 1, `${path} is too large`);
    files.set(path, fromBase64(text.toString('latin1'), path));
  }
  return { files, end };
}

/** A tree between two texts, and nothing else. */
function readWrapped(bytes, head, tail, what) {
  need(bytes.toString('latin1', 0, head.length) === head, 1, `${what} is not written as it should be`);
  const { files, end } = readTree(bytes, head.length, what);
  need(bytes.toString('latin1', end) === tail, 1, `${what} is not written as it should be`);
  return files;
}

/** The first name of a bundle holds a point or a slash, or is one of capitals: JSON of anything else hardly begins so. */
const BUNDLE_HEAD = /^\{"(?:[^"./]*[./]|VERIFIER-SHA256")/;

function readJsonBundle(file) {
  need(file.size <= MOST_BUNDLE_BYTES, 1, 'the bundle is too large');
  const start = file.read(0, Math.min(64, file.size)).toString('latin1');
  need(BUNDLE_HEAD.test(start), 1, 'this is no bundle, neither a ZIP nor JSON nor lines of JSON in the form of one');
  return readWrapped(file.read(0, file.size), '', '', 'the bundle');
}

/** The lines of a file, each with its newline. */
function* linesOf(file) {
  let kept = [];
  let length = 0;
  for (let at = 0; at < file.size;) {
    let part = file.read(at, Math.min(MIB, file.size - at));
    at += part.length;
    for (let end = part.indexOf(10); end >= 0; end = part.indexOf(10)) {
      yield Buffer.concat([...kept, part.subarray(0, end + 1)]);
      [kept, length, part] = [[], 0, part.subarray(end + 1)];
    }
    kept.push(part);
    length += part.length;
    need(length <= MOST_FILE_BYTES, 1, 'a line of the bundle is too long');
  }
  need(length === 0, 1, 'the bundle ends too early');
}

// ------------------------------------------------------------------------------------------------ manifest

const KINDS = ['lead', 'message', 'broadcast', 'audit'];

/** Checks the manifest's signature and form. @returns what it names */
function readManifest(manifest, note, keys) {
  const [key] = keys;
  need(manifest !== undefined && note !== undefined, 1, 'the bundle has no manifest or no signature over it');
  const [, about, head] =
    /^\{(?:"about":(\{[^{}]{0,300}\}),)?("files":)/.exec(manifest.toString('latin1', 0, 400)) ?? [];
  need(head !== undefined, 1, 'manifest.json has other fields than it should');
  const from = 1 + head.length + (about === undefined ? 0 : `"about":${about},`.length);
  const { texts, end } = readFlat(manifest, from, 'the list of manifest.json');
  const files = new Map([...texts].map(([path, digest]) => [path, digest.toString('latin1')]));
  const value = readCanonical(Buffer.concat([Buffer.from('{'), manifest.subarray(end + 1)]), 'manifest.json');
  need(manifest[end] === 44, 1, 'manifest.json is not in canonical form (RFC 8785)');
  const { too_large: tooLarge = 0, ...fixed } = value;
  need(Object.keys(fixed).join() === 'kind,log,made_at,v', 1, 'manifest.json has other fields than it should');
  const isCount = 'too_large' in value ? about !== undefined && Number.isSafeInteger(tooLarge) && tooLarge > 0 : true;
  need(isCount, 1, 'manifest.json: too_large is no number of people');
  need(value.v === 1 && KINDS.includes(value.kind), 1, 'manifest.json is of an unknown version or kind');
  const claim = about === undefined ? null : readCanonical(Buffer.from(about, 'latin1'), 'manifest.json');
  need(
    isClaim(value.kind, claim),
    1,
    'manifest.json does not say what the bundle is about, or says it in another form',
  );
  need(value.log === key.name, 1, 'manifest.json is of another log than your key');
  need(isTime(value.made_at), 1, 'manifest.json: made_at is not a time');
  const signed = readNote(note, 'manifest.note', bundleKey(key).name);
  const expected = `assent-bundle/v1\n${key.name}\n${sha256(manifest).toString('hex')}\n`;
  need(signed.text === expected, 1, 'manifest.note does not sign this manifest.json');
  requireSignature(signed, keys.map(bundleKey), 'manifest.note');
  return { kind: value.kind, files, about: claim, madeAt: value.made_at, tooLarge };
}

/** Whoever reads a bundle about many must be told which ones they are. */
function isClaim(kind, about) {
  if (kind === 'lead' || kind === 'message') return about === null;
  if (about === null) return false;
  const names = Object.keys(about).join();
  if (kind === 'broadcast') return names === 'broadcast' && typeof about.broadcast === 'string';
  const isRange = isTime(about.from) && isTime(about.to) && about.from < about.to;
  return names === 'from,page,to' && isRange && (about.page === null || typeof about.page === 'string');
}

function requireHash(named, path, digest) {
  need(named.has(path), 1, `${path} is not in the manifest`);
  need(named.get(path) === digest, 1, `${path} is not the file the manifest names`);
}

// ------------------------------------------------------------------------------------------------ one person

const ENTRY_FIELDS = {
  opt_in: ['via', 'notice', 'purposes', 'basis', 'event_at', 'evidence'],
  re_opt_in: ['via', 'notice', 'purposes', 'basis', 'event_at', 'evidence', 'after'],
  consent: ['via', 'notice', 'purposes', 'event_at', 'evidence'],
  withdraw: ['via'],
  token: ['state', 'expires', 'token_sha256'],
  notice_shown: ['notice', 'mid'],
  object: ['req'],
};
const EVIDENCE_FIELDS = ['alg', 'at', 'hdr', 'i', 'len', 'secret', 'segs'];
const OPTIONAL_FIELDS = ['ref', 'event_at', 'evidence'];
const ENTRY_PARTS = {
  subject: ['n', 'prev', 'ref'],
  notice: ['lang', 'sha256', 'surface', 'version'],
  evidence: EVIDENCE_FIELDS,
};
const COMMON_FIELDS = ['v', 'log', 'kind', 'page', 'psid', 'at', 'subject'];
const MARKETING = 'marketing.broadcast';
const GRANTS = ['opt_in', 're_opt_in', 'consent'];
/** By which acts a conversation begins, and by which ones somebody agrees or comes back: an ordinary message does not. */
const OPENING = ['get_started', 'first_message', 'referral', 'ad', 'optin_plugin', 'marketing_optin'];
const AGREEING = ['quick_reply', 'button', 'keyword', 'marketing_optin'];
const VIAS = {
  opt_in: OPENING,
  consent: AGREEING,
  re_opt_in: AGREEING,
  withdraw: ['postback', 'keyword', 'meta_stop', 'admin', 'api', 'bounce', 'web'],
  token: ['granted', 'renewed', 'stopped', 'resumed', 'expired'],
};
/** Nobody is known before a conversation began, or they refused one. */
const BEGINNINGS = ['opt_in', 'withdraw'];
const isGrant = ({ body }) =>
  GRANTS.includes(body.kind) && Array.isArray(body.purposes) && body.purposes.includes(MARKETING);
/** What Meta says of its own permission for marketing messages: without the last of these there is none. */
const LIVE = ['granted', 'renewed', 'resumed'];
const isPermission = ({ body }) => body.kind === 'token' && LIVE.includes(body.state);
/** Entries that are proved by nothing but a webhook. */
const isBasis = (entry) => isGrant(entry) || isPermission(entry);
const SENDS_FIELDS = ['v', 'log', 'kind', 'at', 'page', 'broadcast', 'content_sha256', 'n', 'root', 'test'];
const MESSAGE_FIELDS = [
  'v',
  'log',
  'kind',
  'at',
  'page',
  'psid',
  'subject',
  'delivery',
  'attempt',
  'broadcast',
  'path',
  'consent',
];
const MESSAGE_PARTS = { consent: ['c', 'index'], subject: ['n', 'ref'] };
const PATHS = ['standard', 'utility', 'marketing'];

const fileOf = (files, path) => files.get(path) ?? refuse(1, `${path} is missing`);

/** Counts what the bodies of one person take, wherever they are of one. */
function readBody(bytes, what, { room }) {
  const read = { values: 0 };
  const body = readCanonical(bytes, what, read);
  if (room === undefined) return body;
  room.bytes -= bytes.length;
  room.values -= read.values;
  need(room.bytes >= 0 && room.values >= 0, 1, `${what}: the entries of this person are more than a verifier reads`);
  return body;
}

/** An opening, its commitment, and its place in the tree of `after`. */
function readOpening(files, name, context) {
  const bytes = fileOf(files, `${name}.json`);
  const nonce = fileOf(files, `${name}.nonce`);
  need(nonce.length === 64, 1, `${name}.nonce has not 64 bytes`);
  const body = readBody(bytes, `${name}.json`, context);
  need(body.v === 1, 1, `${name}.json is of an unknown version`);
  need(body.log === context.key.name, 1, `${name}.json is of another log`);
  const commitment = commit(bytes, nonce);
  const proof = readTlogProof(fileOf(files, `${name}.tlog-proof`), `${name}.tlog-proof`);
  const { after } = context;
  need(proof.note.equals(after.bytes), 1, `${name}.tlog-proof leads to another checkpoint than checkpoints/after.note`);
  const isThere = isIncluded(leafHash(commitment), proof.index, after.size, proof.hashes, after.root);
  need(isThere, 1, `${name}: the log does not hold this entry at its place (the inclusion proof fails)`);
  return { name, body, commitment, index: proof.index };
}

function readEntries(files, context, warn) {
  const numbers = [...files.keys()].flatMap((path) => /^entries\/(\d{4,})\.json$/.exec(path)?.[1] ?? []);
  need(numbers.length > 0, 1, 'the bundle holds no entry');
  numbers.sort((a, b) => Number(a) - Number(b));
  return numbers.map((number) => {
    const entry = readOpening(files, `entries/${number}`, context);
    const { body } = entry;
    const isKnown = typeof body.kind === 'string' && Object.hasOwn(ENTRY_FIELDS, body.kind);
    need(isKnown, 1, `${entry.name}.json is of a kind that this verifier does not know`);
    const fields = ENTRY_FIELDS[body.kind];
    const missing = [...COMMON_FIELDS, ...fields].find((field) => !Object.hasOwn(body, field));
    need(missing === undefined, 1, `${entry.name}.json lacks the field ${missing}`);
    const known = [...COMMON_FIELDS, ...fields, ...OPTIONAL_FIELDS];
    const kept = knownBody(body, known, ENTRY_PARTS, `${entry.name}.json`, warn);
    need(isTime(body.at), 1, `${entry.name}.json: at is not a time`);
    const { subject } = body;
    const isSubject =
      typeof subject === 'object' && subject !== null && Number.isInteger(subject.n) && isHex(subject.ref, 16);
    const isAbout = isSubject && typeof body.psid === 'string' && typeof body.page === 'string';
    need(isAbout, 1, `${entry.name}.json: the subject is malformed`);
    return { ...entry, body: kept, number };
  });
}

function readMessages(files, context, warn) {
  const numbers = [...files.keys()].flatMap((path) => /^sends\/(\d{4,})\.json$/.exec(path)?.[1] ?? []);
  need(numbers.length <= MOST_MESSAGES, 1, 'the bundle holds more messages of one person than it may');
  const places = new Set();
  return numbers.map((number, at) => {
    need(Number(number) === at + 1, 1, `sends/${number}: messages are not numbered from 1`);
    const sends = readOpening(files, `sends/${number}`, context);
    const name = sends.name;
    need(sends.body.kind === 'sends', 1, `${name}.json is of a kind that this verifier does not know`);
    const isChunk = isHex(sends.body.root, 32) && Number.isInteger(sends.body.n);
    need(isChunk && [undefined, true].includes(sends.body.test), 1, `${name}.json is malformed`);
    const bytes = fileOf(files, `${name}.message.json`);
    const nonce = fileOf(files, `${name}.message.nonce`);
    need(nonce.length === 64, 1, `${name}.message.nonce has not 64 bytes`);
    const body = readBody(bytes, `${name}.message.json`, context);
    need(
      body.v === 1 && body.kind === 'send' && body.log === context.key.name,
      1,
      `${name}.message.json is no message of this log`,
    );
    const heads = [/^(assent-inner-proof\/v1)$/, new RegExp(`^position ${WHOLE}$`), new RegExp(`^of ${WHOLE}$`)];
    const { values, hashes } = readProof(fileOf(files, `${name}.inner`), heads, `${name}.inner`);
    const [, position, of] = values;
    const root = Buffer.from(sends.body.root, 'hex');
    need(of === sends.body.n, 1, `${name}.inner counts other messages than the entry`);
    const isThere = isIncluded(leafHash(commit(bytes, nonce)), position, of, hashes, root);
    need(isThere, 1, `${name}: the chunk that was authorised does not hold this message (the inner proof fails)`);
    const place = `${sends.index} ${position}`;
    need(!places.has(place), 1, `${name} stands in the bundle twice`);
    places.add(place);
    const isWhole =
      isTime(body.at) &&
      PATHS.includes(body.path) &&
      typeof body.delivery === 'string' &&
      Number.isInteger(body.attempt) &&
      body.attempt >= 1 &&
      typeof body.broadcast === 'string' &&
      typeof body.consent === 'object' &&
      body.consent !== null &&
      isHex(body.consent.c, 32) &&
      typeof body.subject === 'object' &&
      body.subject !== null &&
      Number.isInteger(body.subject.n);
    need(isWhole, 1, `${name}.message.json is malformed`);
    return {
      name,
      body: knownBody(body, MESSAGE_FIELDS, MESSAGE_PARTS, `${name}.message.json`, warn),
      sends: { ...sends, body: knownOf(sends.body, SENDS_FIELDS, `${name}.json`, warn) },
      position,
    };
  });
}

/** Everything of level 1 that concerns one person. Files that nothing reads are refused: they could say anything. */
function readPerson(files, context, warn) {
  const own = { ...context, room: { bytes: MOST_PERSON_BYTES, values: MOST_PERSON_VALUES } };
  const entries = readEntries(files, own, warn);
  const messages = readMessages(files, own, warn);
  const chain = readCanonical(fileOf(files, 'entries/chain.json'), 'entries/chain.json');
  for (const path of files.keys()) {
    const isKnown =
      /^entries\/(chain\.json|\d{4,}\.(json|nonce|tlog-proof))$/.test(path) ||
      /^sends\/\d{4,}\.(json|nonce|tlog-proof|message\.json|message\.nonce|inner)$/.test(path) ||
      /^evidence\/\d{4,}\/(headers\.json|delivery\.json|seg\.\d{3,}\.(bin|nonce))$/.test(path);
    need(isKnown, 1, `${path} has no place in a bundle`);
  }
  return { entries, messages, chain };
}

// ------------------------------------------------------------------------------------------------ level 2: time

/** The moments at which somebody vouched for a state of the log. */
function readMoments(common, context, note) {
  const moments = [];
  const shelf = makeShelf();
  const named = subjectsOf(context.authorities);
  for (const checkpoint of context.checkpoints) {
    const { which } = checkpoint;
    for (const [path, isSelf] of [
      [`anchors/${which}.tsr`, false],
      [`anchors/${which}.self.tsr`, true],
    ]) {
      const token = common.get(path);
      if (token === undefined) continue;
      let stamp;
      try {
        stamp = readTimestamp(token, checkpoint.stamped, isSelf ? [] : context.authorities, shelf);
      } catch (error) {
        const why = `${path}: the time-stamp ${error instanceof Refusal ? error.message : 'cannot be read'}`;
        need(!isSelf && !named.some((subject) => token.includes(subject)), 2, why);
        note(`${why}; it is of no authority you named: ignored`);
        continue;
      }
      if (!isSelf && !stamp.isTrusted) {
        note(`${path} is by ${stamp.by}, no authority you named: it counts as the operator's own word`);
      }
      moments.push({ size: checkpoint.size, at: stamp.at, isOutside: stamp.isTrusted, by: stamp.by });
    }
    moments.push(...readCosignatures(checkpoint, context.witnesses, context.key.name, note));
  }
  return moments;
}

/** One moment for each witness the auditor named: of several lines by one, the earliest counts and the others are not looked at. */
function readCosignatures(checkpoint, witnesses, own, note) {
  const earliest = new Map();
  for (const { name, id, signature } of checkpoint.signatures) {
    if (name === own) continue;
    if (id === null) {
      const isNamed = witnesses.some((one) => one.name === name);
      need(!isNamed, 2, `${checkpoint.what}: the line of a witness you named cannot be read`);
      note(`${checkpoint.what}: a line of a witness that you did not name cannot be read: ignored`);
      continue;
    }
    const witness = witnesses.find((one) => one.name === name && one.id.equals(id));
    if (witness === undefined) {
      note('a witness that you did not name has signed too: ignored');
      continue;
    }
    const seconds = signature.length === 72 ? signature.readBigUInt64BE(0) : 0n;
    const known = earliest.get(witness);
    if (known === undefined || seconds < known.seconds) earliest.set(witness, { seconds, signature });
  }
  return [...earliest].map(([witness, { seconds, signature }]) => {
    const message = Buffer.from(`cosignature/v1\ntime ${String(seconds)}\n${checkpoint.text}`);
    const isValid = signature.length === 72 && seconds < 10n ** 11n && ed25519(witness, message, signature.subarray(8));
    need(isValid, 2, `${checkpoint.what}: the line of a witness you named is not by its key`);
    return { size: checkpoint.size, at: Number(seconds) * 1000, isOutside: true, by: witness.name };
  });
}

/** The first of `0 … length - 1` for which `holds`, which must hold for all that follow it; `length` when there is none. */
function firstWhere(length, holds) {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Tells after and before which moment a leaf came to be: `upper` is the earliest word for a checkpoint that holds it, `lower`
 * the latest for one that does not. A word that came after `upper`, for an old checkpoint, says nothing of it.
 */
function makeBracketOf(moments) {
  const sorted = [...moments].sort((a, b) => a.size - b.size);
  const count = sorted.length;
  const uppers = Array(count + 1).fill(Infinity);
  for (let at = count - 1; at >= 0; at -= 1) uppers[at] = Math.min(sorted[at].at, uppers[at + 1]);
  const lowers = Array(count + 1).fill(-Infinity);
  sorted.forEach(({ at }, place) => {
    const from = Math.max(
      place + 1,
      firstWhere(count, (one) => uppers[one] >= at),
    );
    lowers[from] = Math.max(lowers[from], at);
  });
  for (let at = 1; at <= count; at += 1) lowers[at] = Math.max(lowers[at], lowers[at - 1]);
  const known = (moment) => (Number.isFinite(moment) ? moment : null);
  return (index) => {
    const place = firstWhere(count, (one) => sorted[one].size > index);
    return { lower: known(lowers[place]), upper: known(uppers[place]) };
  };
}

/**
 * An operator chooses which checkpoints lie in a bundle, so a missing lower limit says nothing. What cannot be forged is how
 * soon somebody outside saw the entry: one that was seen days after the time it states may have been made up until then.
 */
function isSeenSoon({ name, since, upper }, note) {
  if (upper === null) {
    note(`${name}: nobody outside has vouched for it yet`);
    return false;
  }
  if (upper - since <= MOST_WAIT_MS) return true;
  const days = Math.floor((upper - since) / DAY_MS);
  note(
    `${name} says ${iso(since)}; the first word from outside came ${days} days later: that it is so old is the operator's word`,
  );
  return false;
}

function checkTime({ entries, messages }, moments, { warn, note }) {
  const { hasOutside, bracketOf } = moments;
  const brackets = [];
  let isCovered = hasOutside;
  const leaves = [
    ...entries.map(({ name, body, index }) => ({ name, body, index })),
    ...messages.map(({ name, body, sends }) => ({ name: `${name} (message)`, body, index: sends.index })),
  ];
  for (const { name, body, index } of leaves) {
    const { lower, upper } = bracketOf(index);
    const at = Date.parse(body.at);
    need(
      lower === null || at >= lower - SKEW_MS,
      2,
      `${name} says it was written at ${body.at}, but the log did not hold it at ${iso(lower ?? 0)}: it is dated back`,
    );
    need(
      upper === null || at <= upper + SKEW_MS,
      2,
      `${name} says it was written at ${body.at}, after a checkpoint that holds it was vouched for: it is dated ahead`,
    );
    checkEventTime(name, body, upper, warn);
    if (hasOutside && !isSeenSoon({ name, since: sinceWhen(body), upper }, note)) isCovered = false;
    brackets.push({
      entry: name,
      index,
      says: body.at,
      after: lower === null ? null : iso(lower),
      before: upper === null ? null : iso(upper),
    });
  }
  return { brackets, isCovered };
}

/** What a grant says happened when the person acted, not when that was written down. */
const sinceWhen = (body) => Date.parse(isGrant({ body }) && body.event_at < body.at ? body.event_at : body.at);

/** A conversation begins with an act of the last two days before it arrived; later acts may come late, and are seen by the wait. */
function checkEventTime(name, body, upper, warn) {
  if (body.event_at === undefined) return;
  const event = timeOf(body.event_at, 2, `${name}: event_at`);
  const written = Date.parse(body.at);
  const arrived = isTime(body.evidence?.at) ? Date.parse(body.evidence.at) : written;
  const isEarly = event < arrived - OLDEST_OPENING_MS;
  const isLate = (upper !== null && event > upper + SKEW_MS) || event > written + SKEW_MS;
  const isFar = isEarly || isLate || event < written - OLDEST_OPENING_MS;
  if (isFar) warn(`${name}: the act is dated far from when it was written; Meta may have handed it over late`);
  if (![...GRANTS, 'token'].includes(body.kind)) return;
  need(arrived <= written + SKEW_MS, 2, `${name}: the act arrived after it was written: it is dated ahead`);
  need(!isLate, 2, `${name}: the act is dated after it was written: it is dated ahead`);
  const isOpening = body.kind === 'opt_in';
  need(!isOpening || !isEarly, 2, `${name}: the act is dated more than 48 hours before it arrived: it is dated back`);
}

// ------------------------------------------------------------------------------------------------ level 3: order

/**
 * Every chain that was shown, in whichever bundle. What one bundle says of the end of a chain is the operator's statement; two
 * bundles can contradict each other. It takes memory for each person, so it is kept only where bundles are compared.
 */
class Chains {
  constructor() {
    this.people = new Map();
    this.roots = new Map();
  }

  /** @param source which bundle, and which record of it */
  add({ entries }, size, bundle, source) {
    const [{ body }] = entries;
    const person = JSON.stringify([body.page, body.psid]);
    const shown = {
      bundle,
      source,
      size,
      entries: entries.map(({ body: { kind, subject }, commitment, index }) => ({
        kind,
        n: subject.n,
        ref: subject.ref,
        c: commitment.toString('hex'),
        index,
      })),
    };
    if (!this.people.has(person)) this.people.set(person, []);
    this.people.get(person).push(shown);
  }

  addCheckpoint({ size, root }, source) {
    const known = this.roots.get(size);
    if (known === undefined) this.roots.set(size, { root, source });
    else
      need(
        known.root.equals(root),
        1,
        `${source} and ${known.source} hold different logs of ${size} entries: the log was forked`,
      );
  }

  /** Looks at everybody who was shown more than once. */
  compare(findings) {
    for (const shown of this.people.values()) {
      if (shown.length < 2) continue;
      const bundles = new Set(shown.map(({ bundle }) => bundle));
      if (bundles.has(THIS_BUNDLE) && bundles.size > 1) findings.compared += 1;
      findings.try(() => compareChains(shown, findings));
    }
  }
}

const THIS_BUNDLE = 'this bundle';
const nameOfEntry = ({ ref, n }) => `${ref} ${n}`;

function compareChains(shown, findings) {
  const known = new Map();
  const chains = new Map();
  for (const { source, size, entries } of shown) {
    for (const entry of entries) {
      const other = known.get(nameOfEntry(entry)) ?? { ...entry, source };
      known.set(nameOfEntry(entry), other);
      need(
        other.c === entry.c && other.index === entry.index,
        3,
        `${source} and ${other.source} show two versions of this person's chain: they differ in entry ${entry.n}`,
      );
      const chain = chains.get(entry.ref) ?? { from: entry.index, source, to: size, until: source };
      if (entry.index < chain.from) chain.from = entry.index;
      if (size > chain.to) [chain.to, chain.until] = [size, source];
      chains.set(entry.ref, chain);
    }
  }
  requireAll(shown, [...known.values()]);
  requireOneAtATime([...chains.values()], findings);
}

/** A bundle must show every entry of a chain that its checkpoint holds, as far as any bundle shows it. */
function requireAll(shown, known) {
  const byRef = new Map();
  for (const entry of [...known].sort((a, b) => a.index - b.index)) {
    if (byRef.has(entry.ref)) byRef.get(entry.ref).push(entry);
    else byRef.set(entry.ref, [entry]);
  }
  for (const { source, size, entries } of shown) {
    const own = new Set(entries.map(nameOfEntry));
    for (const ref of new Set(entries.map((entry) => entry.ref))) {
      const chain = byRef.get(ref);
      const held = firstWhere(chain.length, (at) => chain[at].index >= size);
      if (own.size >= held) continue;
      const hidden = chain.slice(0, held).find((entry) => !own.has(nameOfEntry(entry)));
      refuse(3, `${source} hides entry ${hidden.n} (${hidden.kind}) of this person, which ${hidden.source} shows`);
    }
  }
}

/**
 * Somebody who was erased and comes back has a chain of their own, which begins behind every checkpoint at which the old one was
 * still shown. Two chains at one time are two versions; one after the other, the erasure is the operator's word.
 */
function requireOneAtATime(chains, findings) {
  const inOrder = [...chains].sort((a, b) => a.from - b.from);
  let before;
  for (const chain of inOrder) {
    need(
      before === undefined || chain.from >= before.to,
      3,
      `${chain.source} and ${before?.until} show two versions of this person's chain, with different references`,
    );
    if (before !== undefined) {
      findings.isContinued = false;
      findings.note(
        `${chain.source} shows a new chain of somebody whose earlier chain ${before.until} shows: that they were erased in between is the operator's word`,
      );
    }
    before = chain;
  }
}

function checkChain({ entries, chain }, afterSize) {
  let before = null;
  let latest = -Infinity;
  entries.forEach(({ name, number, body, index, commitment }, at) => {
    const { n, prev, ref } = body.subject;
    need(
      n === at + 1 && Number(number) === n,
      3,
      `${name}: entry ${at + 1} of the chain is missing or stands in another place`,
    );
    const link = before === null ? null : before.commitment.toString('hex');
    need(
      prev === link,
      3,
      `${name}: it does not follow the entry before it: one was left out, exchanged, or the chain was forked`,
    );
    const first = entries[0].body;
    const isSame = ref === first.subject.ref && body.psid === first.psid && body.page === first.page;
    need(isSame, 3, `${name} is about another person than the rest`);
    need(before === null || index > before.index, 3, `${name} stands in the log before an entry that it follows`);
    need(
      Date.parse(body.at) >= latest - SKEW_MS,
      3,
      `${name} says that it was written before an entry that it follows`,
    );
    latest = Math.max(latest, Date.parse(body.at));
    before = { commitment, index };
  });
  const last = entries[entries.length - 1];
  const isEnd =
    chain.v === 1 &&
    chain.n === entries.length &&
    chain.head === last.commitment.toString('hex') &&
    chain.ref === last.body.subject.ref &&
    chain.size === afterSize;
  need(
    isEnd,
    3,
    'entries/chain.json says that the chain ends elsewhere: entries were left out at its end, perhaps a withdrawal',
  );
}

/** The wish never to be written to again: nothing that follows it in the chain permits a message. */
const isObjection = ({ body }) => body.kind === 'object';
/** What ends a consent. */
const LEAVING = { withdraw: 'a withdrawal', object: 'the wish never to be written to again' };

/** Walks the chain: what is a return, and what holds after each entry: consent, permission, and whether its wording was shown. */
function checkActs({ entries }) {
  let grant = null;
  let objection = null;
  let withdrawal = null;
  let isOut = false;
  let token = null;
  let heardAt = -Infinity;
  let lastShown = null;
  const shown = new Set();
  const used = new Map();
  const [first] = entries;
  need(BEGINNINGS.includes(first.body.kind), 3, `${first.name} cannot be the beginning of a chain`);
  return entries.map((entry) => {
    const { name, body } = entry;
    const isMeant = VIAS[body.kind]?.includes(body.kind === 'token' ? body.state : body.via) ?? true;
    need(isMeant, 3, `${name} says that it came about by something that is no such act`);
    if (GRANTS.includes(body.kind)) requireOwnEvent(entry, used);
    if (body.kind === 're_opt_in') {
      need(
        withdrawal !== null && body.after === withdrawal.commitment.toString('hex'),
        3,
        `${name} is a return, and does not name the withdrawal it follows`,
      );
      need(
        timeOf(body.event_at, 3, `${name}: event_at`) > leftAt(withdrawal.body),
        3,
        `${name} is a return that happened before the withdrawal it follows`,
      );
      isOut = false;
    }
    if (body.kind === 'withdraw') [grant, withdrawal, isOut] = [null, entry, true];
    if (isObjection(entry)) [grant, objection] = [null, objection ?? entry];
    if (body.kind === 'token') [token, heardAt] = [body, requireLater(entry, heardAt)];
    if (body.kind === 'notice_shown') {
      lastShown = String(body.notice?.sha256);
      shown.add(lastShown);
    }
    if (isGrant(entry)) {
      need(!isOut, 3, `${name} grants after a withdrawal without being a return`);
      grant = entry;
    }
    return { grant, objection, token, lastShown, isAgreedShown: shown.has(wordingOf(grant)) };
  });
}

/** What Meta said of its permission holds until it says something else: an older word changes nothing. */
function requireLater({ name, body }, heardAt) {
  if (body.event_at === undefined) return heardAt;
  const at = timeOf(body.event_at, 3, `${name}: event_at`);
  need(at > heardAt, 3, `${name} tells of a permission at Messenger something that is older than what is known`);
  return at;
}

/** When the person left. What was no message of theirs has no time but that of the server, whose clock is not Meta's. */
const leftAt = ({ at, event_at: event }) => (isTime(event) ? Date.parse(event) : Date.parse(at) - SKEW_MS);

/** Nobody acts twice by one event. Where consent is explicit, the tap that opens a conversation may also be the consent. */
function requireOwnEvent(entry, used) {
  const { segs, i, hdr } = entry.body.evidence ?? {};
  if (!Array.isArray(segs)) return;
  const before = segs.slice(0, i).reduce((sum, seg) => sum + Number(seg?.[1]), 0);
  for (const place of [`${hdr} ${before}`, String(segs[i]?.[2])]) {
    const other = used.get(place);
    used.set(place, entry);
    need(
      other === undefined || isPair(other, entry),
      3,
      `${entry.name} rests on the event that ${other?.name} rests on: nobody acts twice by one event`,
    );
  }
}

const isPair = (opening, { body }) =>
  opening.body.kind === 'opt_in' &&
  !isGrant(opening) &&
  body.kind === 'consent' &&
  body.subject.n === opening.body.subject.n + 1;

const wordingOf = (entry) => String(entry?.body.notice?.sha256);

function checkMessages({ entries, messages }, states, findings) {
  const { warn } = findings;
  let previous = -1;
  const [{ body: first }] = entries;
  const left = firstLeaving(entries);
  const attempts = new Set();
  for (const { name, body, sends } of messages) {
    need(sends.index >= previous, 3, `${name}: messages are not in the order of the log`);
    previous = sends.index;
    const { n } = body.subject;
    need(
      n >= 1 && n <= entries.length,
      3,
      `${name} speaks of a chain of ${n} entries, and ${entries.length} are here: some were left out`,
    );
    const isSame = body.subject.ref === first.subject.ref && body.psid === first.psid && body.page === first.page;
    need(isSame, 3, `${name} is a message to another person`);
    need(
      sends.body.page === body.page && sends.body.broadcast === body.broadcast,
      3,
      `${name}: message and chunk are of different broadcasts or Pages`,
    );
    // The chain is in the order of the log, so its last known and its first unknown entry speak for all.
    const late = entries[n - 1];
    const early = entries[n];
    need(late.index < sends.index, 3, `${name} rests on ${late.name}, which the log took in later`);
    const ending = LEAVING[early?.body.kind];
    const what = ending === undefined ? 'an entry was passed over' : `a message after ${ending}`;
    need(
      early === undefined || early.index > sends.index,
      3,
      `${name} was authorised after ${early?.name} and does not count it: ${what}`,
    );
    requireInTime(name, body, left[n], findings);
    const attempt = JSON.stringify([body.delivery, body.attempt]);
    need(!attempts.has(attempt), 3, `${name} was authorised twice`);
    attempts.add(attempt);
    checkGrant(name, body, sends, states[n - 1], warn);
  }
}

/** For each length of the chain: the first moments at which a withdrawal or an objection behind it was written, and happened. */
function firstLeaving(entries) {
  const left = Array(entries.length + 1).fill({ written: Infinity, happened: Infinity });
  for (let at = entries.length - 1; at >= 0; at -= 1) {
    const { written, happened, what } = left[at + 1];
    const { kind, at: own, event_at: event } = entries[at].body;
    const isEarlier = Date.parse(own) < written;
    left[at] = Object.hasOwn(LEAVING, kind)
      ? {
          written: Math.min(written, Date.parse(own)),
          happened: Math.min(happened, Date.parse(isTime(event) ? event : own)),
          what: isEarlier ? LEAVING[kind] : what,
        }
      : left[at + 1];
  }
  return left;
}

/** The log may have taken a withdrawal or an objection in late: then the times tell. */
function requireInTime(name, body, { written, happened, what }, findings) {
  const at = Date.parse(body.at);
  need(at <= written + SKEW_MS, 3, `${name} was authorised at ${body.at}, after ${what} that it does not count`);
  if (at <= happened + SKEW_MS) return;
  findings.isCurrent = false;
  findings.note(
    `${name} was authorised after the person had left: that the server heard of it only later is the operator's word`,
  );
}

function checkGrant(name, body, sends, { grant, objection, token, lastShown, isAgreedShown }, warn) {
  need(
    objection === null,
    3,
    `${name} was authorised although the person had asked never to be written to again (${objection?.name})`,
  );
  need(grant !== null, 3, `${name} was authorised although the consent had been withdrawn or never given`);
  need(body.consent.c === grant.commitment.toString('hex'), 3, `${name} names another consent than the one in force`);
  need(
    body.consent.index === null || body.consent.index === grant.index,
    3,
    `${name} names a wrong place of its consent in the log`,
  );
  need(lastShown !== null, 3, `${name} was authorised before the person was shown the notice`);
  if (!isAgreedShown)
    warn(`${name}: ${grant.name} names the wording ${wordingOf(grant)}, and the one shown before it is ${lastShown}`);
  // Two clocks: that of the database, and that of the program. The leaves say which came first.
  need(Date.parse(body.at) >= Date.parse(grant.body.at) - SKEW_MS, 3, `${name} is older than its consent`);
  const sentAt = timeOf(sends.body.at, 3, `${name}: at`);
  need(Math.abs(sentAt - Date.parse(body.at)) <= SENDS_SKEW_MS, 3, `${name}: message and chunk have different times`);
  if (body.path !== 'marketing') return;
  const isLive = token !== null && LIVE.includes(token.state);
  const isOpen = isLive && (token.expires === null || Date.parse(token.expires) > Date.parse(body.at));
  need(isOpen, 3, `${name} went by the marketing path without a live permission at Messenger`);
}

// ------------------------------------------------------------------------------------------------ level 4: content

const digits = (value) => (typeof value === 'number' ? String(value) : value);

/** Parses an event without losing digits: Meta has sent ids as bare numbers. */
function parseEvent(bytes, what) {
  need(bytes.length <= MOST_WEBHOOK_BYTES, 4, `${what} is too long`);
  need(isShallow(bytes), 4, `${what} is nested too deep`);
  const text = bytes
    .toString('utf8')
    .replace(/("(?:id|notification_messages_token)"\s*:\s*)(\d{1,400})(?=\s*[,}])/g, '$1"$2"');
  try {
    return JSON.parse(text);
  } catch {
    return refuse(4, `${what} is not an event`);
  }
}

/** Counted in the bytes, for a reader of JSON takes memory for each level before anybody can look. */
function isShallow(bytes) {
  let [depth, isText] = [0, false];
  for (let at = 0; at < bytes.length && depth <= MOST_WEBHOOK_DEPTH; at += 1) {
    const byte = bytes[at];
    if (byte === 0x22) isText = !isText;
    else if (isText) at += byte === 0x5c ? 1 : 0;
    else if (byte === 0x5b || byte === 0x7b) depth += 1;
    else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  return depth <= MOST_WEBHOOK_DEPTH;
}

/** The paths of evidence by the number of their entry. */
function evidencePaths(files) {
  const paths = new Map();
  for (const path of files.keys()) {
    const [, number] = /^evidence\/(\d+)\//.exec(path) ?? [];
    if (number === undefined) continue;
    if (paths.has(number)) paths.get(number).push(path);
    else paths.set(number, [path]);
  }
  return paths;
}

function checkEvidence(files, own, entry, warn) {
  const { number, body } = entry;
  const folder = `evidence/${number}`;
  if (body.evidence === undefined) {
    need(own.length === 0, 4, `${folder} holds evidence for an entry that names none`);
    const isTimer = body.kind !== 'token' || body.state === 'expired';
    need(isTimer, 4, `${entry.name} tells of a permission at Messenger, and names no webhook that says so`);
    return null;
  }
  const { evidence } = body;
  const isWhole =
    evidence.alg === 'hmac-sha256' &&
    /^sha256=[0-9a-f]{64}$/.test(evidence.hdr) &&
    isHex(evidence.secret, 8) &&
    isTime(evidence.at) &&
    Array.isArray(evidence.segs) &&
    Number.isInteger(evidence.i) &&
    evidence.segs.every(
      (seg) =>
        Array.isArray(seg) &&
        seg.length === 3 &&
        ['p', 'e', 'm'].includes(seg[0]) &&
        Number.isInteger(seg[1]) &&
        seg[1] >= 0 &&
        isHex(seg[2], 32),
    ) &&
    evidence.segs[evidence.i]?.[0] === 'e';
  need(isWhole, 4, `${entry.name}.json: the evidence is malformed`);
  checkRuns(evidence.segs, entry);
  const total = evidence.segs.reduce((sum, seg) => sum + seg[1], 0);
  need(total === evidence.len, 4, `${entry.name}.json: the pieces of the webhook do not add up to its length`);
  need(total <= MOST_WEBHOOK_BYTES, 4, `${entry.name}.json: the webhook is longer than a server takes`);
  if (own.length === 0) return { grade: isBasis(entry) ? 'ABSENT' : 'not kept' };
  return checkSegments(files, entry, folder, new Set(own), warn);
}

/** Where other people's events are told of in runs, pieces between events and all others take turns, and one of these is the own event. */
function checkRuns(segs, { name }) {
  const runs = segs.filter(([kind]) => kind === 'm');
  if (runs.length === 0) return;
  const isInTurn = /^p(mp)*ep(mp)*$/.test(segs.map(([kind]) => kind).join(''));
  const isOne = runs.every(([, length, hash]) => length > 0 && hash === runs[0][2]);
  need(isInTurn && isOne, 4, `${name}.json: the runs of other people's events are malformed`);
}

/** One signature header is of one body: entries that name it list the same length, and the same pieces around events. */
function requireOneBody(entries) {
  const bodies = new Map();
  for (const { name, body } of entries) {
    const { hdr, len, segs } = body.evidence ?? {};
    if (typeof hdr !== 'string' || !Array.isArray(segs)) continue;
    const around = aroundEvents(segs);
    const other = bodies.get(hdr) ?? { name, len, around: null };
    bodies.set(hdr, { ...other, around: other.around ?? around });
    const isSame = other.len === len && (other.around === null || around === null || other.around === around);
    need(isSame, 4, `${name} and ${other.name} tell of one signed webhook, and not of the same bytes`);
  }
}

/** What a list says of the bytes that name nobody. Null where it hides them. Commitments differ where a copy of a body was read. */
function aroundEvents(segs) {
  if (segs[0]?.[0] !== 'p') return null;
  const listed = segs.map(([kind, length, hash]) => (kind === 'p' ? [kind, length, hash] : [kind, length]));
  return JSON.stringify(segs.some(([kind]) => kind === 'm') ? [listed[0], 'm', listed.at(-1)] : listed);
}

function checkSegments(files, entry, folder, own, warn) {
  const { evidence } = entry.body;
  const headers = readAt4(files, `${folder}/headers.json`);
  const isHeader = headers.x_hub_signature_256 === evidence.hdr && headers.received_at === evidence.at;
  need(isHeader, 4, `${folder}/headers.json is not what the entry says of the webhook`);
  const seen = new Set([`${folder}/headers.json`, `${folder}/delivery.json`]);
  const parts = evidence.segs.map(([kind, length, hash], at) => {
    const name = `${folder}/seg.${String(at).padStart(3, '0')}`;
    const bytes = files.get(`${name}.bin`);
    const nonce = files.get(`${name}.nonce`);
    if (kind === 'm') return null;
    seen.add(`${name}.bin`).add(`${name}.nonce`);
    need(
      (nonce !== undefined) === (bytes !== undefined && kind === 'e'),
      4,
      `${name} has a nonce that does not belong there, or lacks it`,
    );
    if (bytes === undefined) return null;
    const digest = kind === 'p' ? sha256(bytes) : commit(bytes, nonce);
    need(
      bytes.length === length && digest.toString('hex') === hash,
      4,
      `${name}.bin is not the piece of the webhook that was logged`,
    );
    return bytes;
  });
  need(
    [...own].every((path) => seen.has(path)),
    4,
    `${folder} holds a file that has no place there`,
  );
  const delivery = readAt4(files, `${folder}/delivery.json`);
  const expected = {
    length: evidence.len,
    segments: evidence.segs.map(([kind, length, hash], at) => ({ kind, length, hash, present: parts[at] !== null })),
  };
  need(
    canonical(delivery, 'delivery.json') === canonical(expected, 'delivery.json'),
    4,
    `${folder}/delivery.json is not what the entry says of the webhook`,
  );
  const event = parts[evidence.i];
  need(event !== null, 4, `${folder} lacks the person's own event`);
  const act = parseEvent(event, `${folder}/seg.${String(evidence.i).padStart(3, '0')}.bin`);
  const isWhole = parts.every((part) => part !== null);
  const isEnvelopeWhole = evidence.segs.every(([kind], at) => kind !== 'p' || parts[at] !== null);
  // Before there were runs, of a body of very many events only this one was cut out: what lies around it, the envelope too, is withheld as two pieces.
  const around =
    isWhole || (isEnvelopeWhole && evidence.segs[0][0] === 'p') ? readWebhook(parts, act, entry, folder) : null;
  const found = {
    isTimed: checkEvent(act, around, entry, folder, warn),
    event: sha256(JSON.stringify(act)).toString('hex'),
    ...(entry.body.via === 'keyword' ? { words: quoted(readMeaning(act ?? {}).text ?? '') } : {}),
  };
  if (isWhole) return { grade: 'E1', parts, ...found };
  if (around !== null) return { grade: 'E2', ...found };
  return { grade: isEnvelopeWhole ? 'E4' : 'E3', ...found };
}

/** The webhook with other people's events as null. @returns the part of it that is about this Page and holds the event */
function readWebhook(parts, act, { name, body }, folder) {
  const webhook = parseEvent(Buffer.concat(parts.map((part) => part ?? Buffer.from('null'))), `${folder}: the webhook`);
  need(webhook?.object === 'page' && Array.isArray(webhook.entry), 4, `${folder} is no webhook about a Page`);
  const own = JSON.stringify(act);
  const isAround = (one) =>
    digits(one?.id) === body.page &&
    ['messaging', 'standby', 'changes'].some(
      (channel) => Array.isArray(one[channel]) && one[channel].some((item) => JSON.stringify(item) === own),
    );
  return webhook.entry.find(isAround) ?? refuse(4, `${name}: the webhook does not hold this event under its Page`);
}

function readAt4(files, path) {
  try {
    return readCanonical(fileOf(files, path), path);
  } catch (error) {
    throw error instanceof Refusal ? new Refusal(4, error.message) : error;
  }
}

/** A time as Meta writes it: in seconds or milliseconds, as a number or its digits. */
function momentOf(value) {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^\d{1,16}$/.test(text) || Number(text) === 0) return null;
  const ms = Number(text) < 1e11 ? Number(text) * 1000 : Number(text);
  return ms <= 8.64e15 ? ms : null;
}

/**
 * The event of a withdrawal may be in a form of Meta's settings; all others name person, Page and time.
 *
 * @param around the part of the webhook that holds the event, where it is here @returns whether the event itself says when it happened
 */
function checkEvent(event, around, { name, body }, folder, warn) {
  const sender = digits(event?.sender?.id);
  if (sender === undefined) {
    need(![...GRANTS, 'token'].includes(body.kind), 4, `${name}: the event names no person`);
    warn(`${folder}: the event has another form than a message; person and time were not compared`);
    return false;
  }
  need(sender === body.psid, 4, `${name}: the event is of another person`);
  need(digits(event.recipient?.id) === body.page, 4, `${name}: the event is of another Page`);
  const isTimed = checkMoment(momentOf(event.timestamp), around, { name, body }, folder, warn);
  const wanted = SHAPES[body.via];
  const isShaped = wanted === undefined || wanted.some((shape) => Object.hasOwn(event, shape));
  need(isShaped, 4, `${name}: the event is of another kind than the entry says`);
  checkMeaning(readMeaning(event), name, body);
  if (body.kind === 'token') checkPermission(event.optin, name, body);
  return isTimed;
}

/** An event dated ahead of its arrival counts as of its arrival; none that is begins a conversation. */
function checkMoment(own, around, { name, body }, folder, warn) {
  if (own === null) warn(`${folder}: the event has no time of its own`);
  if (own === null && around === null) return false;
  const arrived = Date.parse(body.evidence.at);
  const happened = own ?? momentOf(around.time) ?? arrived;
  const isAhead = happened > arrived + SKEW_MS;
  need(
    Date.parse(body.event_at) === (isAhead ? arrived : happened),
    4,
    `${name}: the event happened at another time than the entry says`,
  );
  need(!isAhead || body.kind !== 'opt_in', 4, `${name}: the event is dated after it arrived, and begins nothing`);
  if (isAhead) warn(`${folder}: the event is dated after it arrived`);
  return own !== null && !isAhead;
}

/** What the event of an act must hold, by how the entry says that it came about. */
const SHAPES = {
  get_started: ['postback'],
  button: ['postback'],
  quick_reply: ['message'],
  postback: ['postback', 'message'],
  first_message: ['message', 'postback', 'referral'],
  referral: ['referral', 'postback', 'message', 'optin'],
  ad: ['referral', 'postback', 'message', 'optin'],
  optin_plugin: ['optin'],
  marketing_optin: ['optin'],
  keyword: ['message', 'message_edit'],
};

/** What the buttons of Assent carry. The payloads of other programs mean nothing here. */
const TAPS = [
  [/^assent:v1:unsubscribe(:|$)/, 'refuse'],
  [/^assent:v1:consent:no$/, 'refuse'],
  [/^assent:v1:(subscribe|consent:yes)$/, 'agree'],
  [/^assent:v1:start$/, 'start'],
  [/^assent:v1:notice$/, 'read'],
];
const tapOf = (payload) => TAPS.find(([form]) => typeof payload === 'string' && form.test(payload))?.[1] ?? null;

/** Words that are no to everybody, in the languages that most people write to Pages in. A message as a whole, not a word in it. */
const NO = new Set(
  [
    'stop,stop all,stopall,unsubscribe,opt out,optout,cancel,quit,parar,baja,darme de baja,cancelar,sair,arrêt,arret',
    'arrêter,arreter,désabonner,desabonner,stopp,abmelden,basta,ferma,stoppen,afmelden,dur,стоп,отписаться,توقف',
  ].flatMap((words) => words.split(',')),
);

function isNo(text) {
  if (text.length > MOST_WORD_CHARS) return false;
  const words = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\p{Cf}/gu, '')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();
  return NO.has(words) || NO.has(/^\p{L}( \p{L})+$/u.test(words) ? words.replaceAll(' ', '') : words);
}

/** What the person did, as far as an event tells: which of our buttons they tapped, what they wrote, what they set at Meta. */
function readMeaning({ message, message_edit: edit, postback, optin }) {
  const button = tapOf(postback?.payload);
  const reply = tapOf(message?.quick_reply?.payload);
  const text = [message?.text, edit?.text].find((words) => typeof words === 'string') ?? null;
  const isStopped = /^stop/i.test(String(optin?.notification_messages_status ?? ''));
  const isRefused = button === 'refuse' || reply === 'refuse' || isStopped;
  const isTapped = button !== null || reply !== null;
  return {
    button,
    reply,
    text,
    isMarketing: optin?.type === 'notification_messages',
    isTapped,
    isWritten: typeof message?.text === 'string',
    isRefused: isRefused || (!isTapped && text !== null && isNo(text)),
  };
}

function checkMeaning(meaning, name, { kind, via }) {
  const { button, reply, text, isTapped, isWritten, isMarketing, isRefused } = meaning;
  if (kind === 'withdraw') {
    const isMeant = via !== 'postback' || button === 'refuse' || reply === 'refuse';
    need(isMeant, 4, `${name}: the button that was tapped does not unsubscribe`);
  }
  if (via === 'keyword') need(text !== null && !isTapped, 4, `${name}: the event holds no words of the person`);
  if (!GRANTS.includes(kind)) return;
  need(!isRefused, 4, `${name} passes a refusal off as consent: the event says no`);
  const meant = {
    button: button === 'agree',
    quick_reply: reply === 'agree',
    get_started: button === 'start',
    keyword: isWritten,
    marketing_optin: isMarketing,
  };
  need(meant[via] !== false, 4, `${name}: the event means something else than the entry says`);
}

/** Meta's pages write its words with a blank, programs with an underscore. */
const wordOf = (value) => (typeof value === 'string' ? storable(value).toUpperCase().replaceAll(' ', '_') : '');

function permissionStateOf({ notification_messages_status: status, user_token_status: token }) {
  const word = wordOf(status);
  if (word === '') return wordOf(token) === 'REFRESHED' ? 'renewed' : 'granted';
  if (word.startsWith('STOP')) return 'stopped';
  return word.startsWith('RESUME') ? 'resumed' : null;
}

/** What an entry says of Meta's own permission must be what the event says, and nothing more. */
function checkPermission(optin, name, { state, expires, token_sha256: digest }) {
  const isSaid = optin?.type === 'notification_messages' && permissionStateOf(optin) === state;
  need(isSaid, 4, `${name}: the event says something else of the permission at Messenger than the entry`);
  const until = momentOf(optin.token_expiry_timestamp);
  need(
    expires === (until === null ? null : iso(until)),
    4,
    `${name}: the permission ends at another time than the event says`,
  );
  const token = digits(optin.notification_messages_token);
  const key = typeof token === 'string' ? storable(token) : '';
  need(key !== '', 4, `${name}: the event names no token, and so gives no permission and ends none`);
  const isOwn = sha256(key).toString('hex') === digest;
  need(isOwn, 4, `${name}: the permission has another token than the event says`);
}

/** Text as a server can store it. */
const storable = (text) => text.replace(/[\0\p{Surrogate}]/gu, '');

/** Words of a person for the auditor to read: nothing that could move the cursor or turn the line round. */
const quoted = (text) =>
  [...text]
    .slice(0, 60)
    .join('')
    .replace(/[^\p{L}\p{M}\p{N}\x20-\x7e]/gu, '?');

/** The texts of a bundle by the hash in their names, each hashed once: whether it is that text. */
const readWordings = (common) =>
  new Map(
    [...common].flatMap(([path, text]) => {
      const [, hash] = /^notices\/([0-9a-f]{64})\.txt$/.exec(path) ?? [];
      return hash === undefined ? [] : [[hash, sha256(text).toString('hex') === hash]];
    }),
  );

function checkNotices(wordings, entries, named) {
  const own = new Set(entries.flatMap(({ body }) => (body.notice === undefined ? [] : [body.notice.sha256])));
  for (const hash of own) {
    const isText = wordings.get(hash);
    need(
      isText !== undefined,
      4,
      `notices/${String(hash).slice(0, 64)}.txt, a wording that an entry names, is missing`,
    );
    need(isText, 4, `notices/${hash}.txt is another wording than the one that was shown`);
    named.add(hash);
  }
}

const otherNotices = (common, named) =>
  [...common.keys()].filter((path) => path.startsWith('notices/') && !named.has(path.slice(8, 72)));

function requireNoOtherNotice(common, named) {
  const [extra] = otherNotices(common, named);
  need(extra === undefined, 4, `${extra} is named by no entry`);
}

/** A bundle about many people is begun before anybody knows which wordings its records name: it may hold others. */
function noteOtherNotices(common, { wordings, note }) {
  const others = otherNotices(common, wordings);
  for (const path of others) {
    const isItself = `notices/${sha256(common.get(path)).toString('hex')}.txt` === path;
    need(isItself, 4, `${path} is named by no entry, and is another wording than its name says`);
  }
  if (others.length > 0) note(`wordings that no record names: ${others.length}`);
}

// ------------------------------------------------------------------------------------------------ level 5: origin

/** @returns how many webhooks were checked, and on how many of them a grant rests */
function checkOrigin(evidence, secret) {
  const id = sha256(Buffer.from(`assent/secret-id\n${secret}`))
    .subarray(0, 8)
    .toString('hex');
  const whole = evidence.filter(({ found }) => found?.grade === 'E1');
  for (const { entry, found } of whole) {
    const { hdr, secret: named } = entry.body.evidence;
    need(named === id, 5, `${entry.name} was signed with another app secret than the one you gave`);
    const mac = createHmac('sha256', secret);
    for (const part of found.parts) mac.update(part);
    need(`sha256=${mac.digest('hex')}` === hdr, 5, `${entry.name}: the signature header of the webhook is wrong`);
  }
  return { all: whole.length, grants: whole.filter(({ entry }) => isGrant(entry)).length };
}

// ------------------------------------------------------------------------------------------------ the whole

const LEVELS = ['integrity', 'time', 'order and completeness', 'content', 'origin'];
const PROVES = [
  'these openings, and no others, stand in the signed log at their places, and the files are those the operator exported',
  'when the entries came to be',
  'what the bundle shows of the chain has no gap in its middle, and every message rests on a consent that was in force',
  'the wording, and the bytes of the webhook as far as they are here, are those that were logged',
  'the webhook carries a signature that needs the app secret',
];
const NOT_PROVES = [
  'that the operator logged everything that happened',
  'more than the services you trust have vouched for',
  "that the chain does not go on behind its end, or is not shown to others in another version: another bundle (--earlier), the person's own receipt or a full audit can show that, and an act that was never logged only the receipt",
  'that the person read the text, or, after a first message, more than that they opened the conversation and were shown it',
  'that Meta made that signature: it is symmetric, and the operator could have made it too',
];

/** What a bundle says must not be able to write over what the verifier says. */
const printable = (sentence) => sentence.replace(/[^\x20-\x7e]/g, '?');

const ABSENT = {
  1: 'nothing of this level is proved',
  2: 'nothing of this level is proved: no time-stamp and no witness',
  3: 'nothing of this level is proved: no record could be checked',
  4: "the webhook of a grant is not here or not whole, or none is here at all: what the person did rests on the operator's word",
  5: 'no app secret was shown to you, or nothing is here that grants',
};

function originSentence({ grants, grantOrigins }) {
  const left = grants - grantOrigins;
  return `the signatures of ${grantOrigins} of ${grants} grants were checked; ${left} could not be, for their webhooks are not whole here`;
}

/** Collects what was found, level by level. A level that fails does not keep the later ones from being looked at. */
class Findings {
  constructor() {
    this.reasons = [[], [], [], [], []];
    this.warnings = new Set();
    this.notes = new Set();
    this.brackets = [];
    this.grades = [];
    this.hasOutside = false;
    this.hasMoments = false;
    this.isCovered = true;
    this.hasGrantEvidence = true;
    this.wordings = new Set();
    this.evidence = 0;
    this.origins = 0;
    this.grants = 0;
    this.grantOrigins = 0;
    this.log = null;
    this.isCurrent = true;
    this.seen = new Set();
    this.counts = new Set();
    this.broadcasts = new Set();
    this.pages = new Set();
    this.chunks = new Map();
    this.messages = 0;
    this.tests = 0;
    this.records = 0;
    this.compared = 0;
    this.isContinued = true;
  }

  warn = (sentence) => this.warnings.size < 50 && this.warnings.add(printable(sentence));
  note = (sentence) => this.notes.size < 50 && this.notes.add(printable(sentence));

  /** Runs a check; what it refuses is noted at its level. @returns undefined then */
  try(work, prefix = '') {
    try {
      return work();
    } catch (error) {
      const [level, sentence] =
        error instanceof Refusal
          ? [error.level, error.message]
          : [1, `the bundle cannot be read: ${error?.code ?? error?.constructor?.name ?? 'unknown fault'}`];
      const reasons = this.reasons[level - 1];
      if (reasons.length < 5) reasons.push(printable(prefix + sentence));
      return undefined;
    }
  }
}

const KEY_ENTRY = /^keys\/\d{4}\.(json|nonce|tlog-proof)$/;

/**
 * The keys that count, for a log whose key was replaced. `trusted` are those the auditor gave, and each later one whose entry in the log
 * stands under a checkpoint that a trusted key before it has signed: never an earlier one, for that may have been stolen since it ended.
 * The others which the log names count for nothing but checkpoints that are shown to be the beginning of this log.
 *
 * @returns also the checkpoints, of which `after` is not known yet to be signed by a trusted key
 */
function readKeys(common, keys) {
  const names = [...common.keys()].filter((path) => KEY_ENTRY.test(path) && path.endsWith('.json')).sort();
  need(names.length <= MOST_KEYS, 1, 'the bundle names too many keys');
  const bytes = fileOf(common, 'checkpoints/after.note');
  const head = { ...readHead(bytes, keys, 'checkpoints/after.note'), bytes, which: 'after' };
  const named = names.map((path) =>
    readNamedKey(common, path.slice(0, -'.json'.length), { key: keys[0], after: head }),
  );
  const places = new Map(named.map(({ key, index }) => [key.text, index]).sort(([, a], [, b]) => a - b));
  const all = new Map([...named.map(({ key }) => key), ...keys].map((key) => [key.text, key]));
  const ids = new Set([...all.values()].map(({ id }) => id.toString('hex')));
  need(ids.size === all.size, 1, 'the bundle names two keys that cannot be told apart');
  const known = [...all.values()];
  const after = requireCheckpoint(head, known);
  const older = readOlder(common, known, after);
  const reachOf = reaches([after, ...older]);
  const trusted = [...keys];
  const isVouched = (index) =>
    trusted.some(({ text, id }) => places.get(text) < index && reachOf.get(id.toString('hex')) > index);
  for (const { key, index } of [...named].sort((a, b) => a.index - b.index)) {
    if (!trusted.some(({ text }) => text === key.text) && isVouched(index)) trusted.push(key);
  }
  return { trusted, after, older };
}

/** How many entries the largest checkpoint holds that a key has signed: it vouches for those. The signatures are checked already. */
function reaches(heads) {
  const largest = new Map();
  for (const { origin, signatures, size } of heads) {
    for (const { name, id } of signatures) {
      const known = name === origin ? (largest.get(id.toString('hex')) ?? 0) : size;
      if (known < size) largest.set(id.toString('hex'), size);
    }
  }
  return largest;
}

function readNamedKey(common, name, context) {
  const { body, index } = readOpening(common, name, context);
  need(Object.keys(body).sort().join() === 'at,kind,log,v,vkey', 1, `${name}.json has other fields than it should`);
  need(body.kind === 'log_key' && typeof body.vkey === 'string', 1, `${name}.json does not name a key of the log`);
  let key;
  try {
    key = parseKey(body.vkey, ED25519);
  } catch {
    refuse(1, `${name}.json does not name a key of the log`);
  }
  need(key.name === context.key.name, 1, `${name}.json names a key of another log`);
  return { key, index };
}

/** Checkpoints that are shown to be the beginning of `after`, by whichever keys of the log. */
function readOlder(common, keys, after) {
  const found = [...common.keys()].flatMap(
    (path) => /^checkpoints\/(before|at-[1-9]\d{0,15})\.note$/.exec(path)?.[1] ?? [],
  );
  need(found.length < MOST_CHECKPOINTS, 1, 'the bundle holds too many checkpoints');
  return found.map((which) => {
    const what = `checkpoints/${which}.note`;
    const head = requireCheckpoint(readHead(fileOf(common, what), keys, what), keys);
    return requireBeginning(common, which, head, after);
  });
}

/** The files all people of a bundle share, checked: checkpoints, their consistency, the key, the anchors. */
function readCommon(common, { trusted, after, older }, options, findings) {
  requireSignature(after, trusted, after.what);
  const claimed = fileOf(common, 'keys/log.vkey').toString('utf8');
  const isTrusted = trusted.some(({ text }) => claimed === `${text}\n`);
  need(isTrusted, 1, 'keys/log.vkey is another key than the one you gave');
  if (!options.keys.some((key) => linesBy(after, key).length > 0))
    findings.note(
      `the log is signed with ${trusted.find((key) => linesBy(after, key).length > 0).text}, for which a key you gave vouches`,
    );
  const checkpoints = [after, ...older];
  for (const path of common.keys()) {
    const isKnown =
      /^checkpoints\/(after|before|at-[1-9]\d{0,15})\.note$/.test(path) ||
      (KEY_ENTRY.test(path) && common.has(path.replace(/\.[a-z-]+$/, '.json'))) ||
      /^(checkpoints\/(before|at-\d+)\.consistency|anchors\/(before|after|at-\d+)\.(tsr|tsa\.pem|self\.tsr|self\.pem)|notices\/[0-9a-f]{64}\.txt)$/.test(
        path,
      ) ||
      [
        'README.txt',
        'VERIFIER-SHA256',
        'verify-by-hand.sh',
        'keys/log.vkey',
        'keys/policy.txt',
        'manifest.json',
        'manifest.note',
        'views/consent-record.jsonld',
        'views/summary.html',
      ].includes(path);
    need(isKnown, 1, `${path} has no place in a bundle`);
    const [, of] = /^(?:checkpoints|anchors)\/(before|at-\d+)\./.exec(path) ?? [];
    need(
      of === undefined || common.has(`checkpoints/${of}.note`),
      1,
      `${path} belongs to a checkpoint that is not here`,
    );
  }
  for (const checkpoint of checkpoints) findings.try(() => options.chains?.addCheckpoint(checkpoint, options.source));
  const before = checkpoints.find(({ which }) => which === 'before');
  const context = { ...options, after, before, checkpoints, wordings: readWordings(common) };
  const moments = findings.try(() => readMoments(common, context, findings.note)) ?? [];
  const outside = moments.filter(({ isOutside }) => isOutside);
  findings.hasMoments = moments.length > 0;
  findings.hasOutside = outside.length > 0;
  const counted = outside.length > 0 ? outside : moments;
  const words = counted.map(({ at }) => at);
  const last = words.reduce((latest, at) => Math.max(latest, at), -Infinity);
  // What the operator's own clock says is no word of anybody else.
  findings.log = { size: after.size, made_at: null, last_word: outside.length === 0 ? null : iso(last) };
  if (['views/consent-record.jsonld', 'views/summary.html'].some((path) => common.has(path)))
    findings.note('views (summary.html, consent-record.jsonld, README.txt) are not checked');
  return { context, moments: { hasOutside: findings.hasOutside, bracketOf: makeBracketOf(counted) } };
}

function requireBeginning(common, which, older, after) {
  const what = `checkpoints/${which}.note`;
  need(older.size <= after.size, 1, `${what} is larger than checkpoints/after.note`);
  need(which === 'before' || which === `at-${older.size}`, 1, `${what} is named after another size`);
  const path = `checkpoints/${which}.consistency`;
  const heads = [/^(assent-consistency\/v1)$/, new RegExp(`^from ${WHOLE}$`), new RegExp(`^to ${WHOLE}$`)];
  const { values, hashes } = readProof(fileOf(common, path), heads, path);
  const isFor = values[1] === older.size && values[2] === after.size;
  need(isFor, 1, `${path} is between other checkpoints`);
  const holds = isConsistent(older.size, older.root, after.size, after.root, hashes);
  need(holds, 1, `${path}: the log of checkpoints/after.note does not begin with the log of ${what}: it was rewritten`);
  return { ...older, which };
}

/** What the manifest says of the whole. Nobody outside has seen what the log took in behind the last word about it. */
function noteMaking({ madeAt }, findings) {
  if (findings.log === null) return;
  findings.log.made_at = madeAt;
  const { last_word: word } = findings.log;
  if (!findings.hasOutside || Date.parse(madeAt) - Date.parse(word) <= MOST_WAIT_MS) return;
  findings.isCurrent = false;
  findings.note(
    `the bundle says its checkpoint was signed at ${madeAt}, and the last word from outside came at ${word}: that nothing followed is the operator's word`,
  );
}

/** What keeps the webhook of a grant from proving it. */
function lackOf(found) {
  if (found === undefined || found === null) return undefined;
  const what = {
    ABSENT: 'is not in the bundle',
    E3: 'is withheld in part',
    E4: 'was logged without its envelope: of which Page and of what kind it was is the word of the operator',
  }[found.grade];
  return what ?? (found.isTimed === false ? 'does not itself say when the act happened' : undefined);
}

/** All levels for one person. */
function checkPerson(files, { context, moments }, findings, prefix) {
  const person = findings.try(() => readPerson(files, context, findings.warn), prefix);
  if (person === undefined) return;
  context.chains?.add(
    person,
    context.after.size,
    context.source,
    `${context.source}${prefix === '' ? '' : `, ${prefix.slice(0, -2)},`}`,
  );
  const tests = person.messages.filter(({ sends }) => sends.body.test);
  findings.tests += tests.length;
  if (prefix === '' && tests.length > 0)
    findings.note(
      `tests of a draft, and no messages of a broadcast: ${tests.map(({ sends }) => sends.name).join(', ')}`,
    );
  if (prefix !== '') {
    findings.try(() => requireOnce(person, findings.seen), prefix);
    countRecord(person, findings);
  }
  const { before } = context;
  const isAhead = ({ index }) => before !== undefined && index < before.size;
  const isHeld = person.entries.some(isAhead) || person.messages.some(({ sends }) => isAhead(sends));
  const sentence = 'checkpoints/before.note already holds an entry of this bundle';
  findings.try(() => need(prefix !== '' || !isHeld, 1, sentence), prefix);
  const say = {
    warn: (sentence) => findings.warn(prefix + sentence),
    note: (sentence) => findings.note(prefix + sentence),
  };
  const timed = findings.try(() => checkTime(person, moments, say), prefix);
  if (timed?.isCovered !== true) findings.isCovered = false;
  if (prefix === '') findings.brackets = timed?.brackets ?? [];
  findings.try(() => {
    checkChain(person, context.after.size);
    checkMessages(person, checkActs(person), findings);
  }, prefix);
  const paths = evidencePaths(files);
  const evidence = person.entries.map((entry) => ({
    entry,
    found: findings.try(() => checkEvidence(files, paths.get(entry.number) ?? [], entry, findings.warn), prefix),
  }));
  findings.try(() => requireOneBody(person.entries), prefix);
  findings.try(() => requireOwnBytes(evidence), prefix);
  for (const { entry, found } of evidence) {
    const what = lackOf(found);
    if (what === undefined || !isBasis(entry)) continue;
    findings.hasGrantEvidence = false;
    findings.note(`${prefix}${entry.name} grants, and the webhook it rests on ${what}`);
  }
  findings.evidence += evidence.filter(({ found }) => found?.grade === 'E1' || found?.grade === 'E2').length;
  if (prefix === '')
    findings.grades = evidence.flatMap(({ entry, found }) =>
      found ? [{ entry: entry.name, grade: found.grade, words: found.words }] : [],
    );
  for (const { number } of person.entries) paths.delete(number);
  const [[stray] = []] = paths.values();
  findings.try(() => need(stray === undefined, 4, `${stray} belongs to no entry`), prefix);
  findings.try(() => checkNotices(context.wordings, person.entries, findings.wordings), prefix);
  findings.grants += person.entries.filter(isGrant).length;
  if (context.secret === null) return;
  const checked = findings.try(() => checkOrigin(evidence, context.secret), prefix) ?? { all: 0, grants: 0 };
  findings.origins += checked.all;
  findings.grantOrigins += checked.grants;
}

/** Bytes may be written in more than one way: what counts is what the events say. */
function requireOwnBytes(evidence) {
  const used = new Map();
  for (const { entry, found } of evidence) {
    if (found?.event === undefined || !GRANTS.includes(entry.body.kind)) continue;
    const other = used.get(found.event);
    need(
      other === undefined || isPair(other, entry),
      4,
      `${entry.name} rests on the event that ${other?.name} rests on: nobody acts twice by one event`,
    );
    used.set(found.event, entry);
  }
}

const isPersonal = (path) => /^(entries|evidence|sends)\//.test(path);

function verifySingle(files, options, findings) {
  findings.records = 1;
  const keys = findings.try(() => readKeys(files, options.keys));
  const manifest = findings.try(() => {
    const read = readManifest(files.get('manifest.json'), files.get('manifest.note'), keys?.trusted ?? options.keys);
    for (const [path, bytes] of files) {
      if (path !== 'manifest.json' && path !== 'manifest.note')
        requireHash(read.files, path, sha256(bytes).toString('hex'));
    }
    const gone = [...read.files.keys()].find((path) => !files.has(path));
    need(gone === undefined, 1, `${String(gone).slice(0, 200)}, which the manifest names, is missing`);
    need(['lead', 'message'].includes(read.kind), 1, 'manifest.json is of another kind of bundle');
    return read;
  });
  if (keys === undefined) return;
  const own = new Map([...files].filter(([path]) => isPersonal(path)));
  const common = new Map([...files].filter(([path]) => !isPersonal(path)));
  const shared = findings.try(() => readCommon(common, keys, options, findings));
  if (shared === undefined) return;
  if (manifest !== undefined) noteMaking(manifest, findings);
  checkPerson(own, shared, findings, '');
  findings.try(() => requireNoOtherNotice(common, findings.wordings));
  if (manifest?.kind === 'message') {
    const count = [...own.keys()].filter((path) => /^sends\/\d+\.json$/.test(path)).length;
    findings.try(() => need(count === 1, 1, 'a bundle about one message holds another number of them'));
  }
}

/** Nobody may be counted twice, nor a message: neither in a record of their own nor in somebody else's. */
function requireOnce({ entries: [{ body }], messages }, seen) {
  const isNew = (what) => {
    const mark = sha256(JSON.stringify(what)).toString('latin1');
    return !seen.has(mark) && seen.add(mark) !== undefined;
  };
  const isOne = [
    ['person', body.page, body.psid],
    ['ref', body.subject.ref],
  ]
    .map(isNew)
    .every(Boolean);
  need(isOne, 3, 'this person is in the bundle already');
  const marks = messages.flatMap(({ body: { delivery, attempt }, position, sends }) => [
    ['place', sends.index, position],
    ['delivery', delivery, attempt],
  ]);
  need(marks.map(isNew).every(Boolean), 3, 'a message of this person is in the bundle already');
}

/** What a bundle about many holds, for the comparison with what its manifest claims, which may come last. */
function countRecord({ entries: [{ body }], messages }, findings) {
  const keep = (set, value) => set.size < 2 && set.add(value);
  keep(findings.counts, messages.length === 1 ? 'one' : 'other');
  keep(findings.pages, body.page);
  findings.messages += messages.length;
  for (const { body: message, sends } of messages) {
    keep(findings.broadcasts, message.broadcast);
    findings.chunks.set(sends.index, sends.body.n);
  }
}

/** Whether the records are what the manifest claims. That none is missing cannot be seen. */
function checkClaim(manifest, findings) {
  noteMaking(manifest, findings);
  const { about, kind, tooLarge } = manifest;
  if (tooLarge > 0)
    findings.note(
      `people left out, whose records are larger than a verifier reads: ${tooLarge}; ask for their own bundles`,
    );
  const isOnly = (set, value) => [...set].every((one) => one === value);
  if (kind === 'broadcast') {
    const isWhole = isOnly(findings.counts, 'one') && isOnly(findings.broadcasts, about.broadcast);
    findings.try(() =>
      need(isWhole, 1, 'a record of a bundle about a broadcast does not hold one message, of that broadcast'),
    );
    findings.try(() => need(findings.tests === 0, 1, 'a bundle about a broadcast holds tests of its draft'));
    const inAll = [...findings.chunks.values()].reduce((sum, n) => sum + n, 0);
    findings.note(`${findings.messages} of ${inAll} messages of the chunks named here are in this bundle`);
    findings.note(`that broadcast ${about.broadcast} had no other chunks is the operator's word`);
    return;
  }
  if (about.to > manifest.madeAt)
    findings.note(
      `the range ends after the checkpoint was signed: what was written after ${manifest.madeAt} is not here`,
    );
  const isOfPage = about.page === null || isOnly(findings.pages, about.page);
  findings.try(() => need(isOfPage, 1, 'a record is of another Page than the bundle is about'));
  if (findings.tests > 0)
    findings.note(
      `${findings.tests} of the ${findings.messages} messages are tests of a draft, and no messages of a broadcast`,
    );
  const where = about.page === null ? 'on any Page' : `on the Page ${about.page}`;
  findings.note(
    `claimed: everybody of whom an entry was written from ${about.from} until ${about.to} ${where}; that nobody is missing is the operator's word`,
  );
}

/** One line of a chunk. */
function verifyRecord(line, number, shared, findings) {
  const prefix = `record ${number}: `;
  const own = findings.try(() => {
    const head = `{"record":${number},"files":`;
    const isNext = line.toString('latin1', 0, head.length) === head;
    need(isNext, 1, 'records are not numbered one after the other');
    const files = readWrapped(line, head, '}\n', 'a record');
    need([...files.keys()].every(isPersonal), 1, 'it holds a file that has no place in a record');
    return files;
  }, prefix);
  if (own !== undefined) checkPerson(own, shared, findings, prefix);
}

const splitLines = function* (bytes) {
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at);
    need(end >= 0, 1, 'a chunk ends in the middle of a line');
    yield bytes.subarray(at, end + 1);
    at = end + 1;
  }
};

function verifyManyZip(members, options, findings) {
  const isChunk = ({ path }) => /^chunks\/\d{6,}\.ndjson$/.test(path);
  const others = members.filter((member) => !isChunk(member));
  need(others.reduce((sum, { size }) => sum + size, 0) <= MOST_BUNDLE_BYTES, 1, 'the bundle is too large');
  const common = new Map(others.map(({ path, bytes }) => [path, bytes()]));
  const keys = readKeys(common, options.keys);
  const manifest = readManifest(common.get('manifest.json'), common.get('manifest.note'), keys.trusted);
  need(['broadcast', 'audit'].includes(manifest.kind), 1, 'manifest.json is of another kind of bundle');
  const present = new Set(members.map(({ path }) => path));
  const gone = [...manifest.files.keys()].find((path) => !present.has(path));
  need(gone === undefined, 1, `${String(gone).slice(0, 200)}, which the manifest names, is missing`);
  for (const [path, bytes] of common) {
    if (!path.startsWith('manifest.'))
      findings.try(() => requireHash(manifest.files, path, sha256(bytes).toString('hex')));
  }
  const shared = readCommon(common, keys, options, findings);
  members.filter(isChunk).forEach(({ path, bytes }, at) => {
    findings.try(() => {
      need(path === chunkName(at + 1), 1, `${path}: chunks are not numbered one after the other`);
      const content = bytes();
      requireHash(manifest.files, path, sha256(content).toString('hex'));
      for (const line of splitLines(content)) verifyRecord(line, (findings.records += 1), shared, findings);
    });
  });
  findings.try(() => noteOtherNotices(common, findings));
  checkClaim(manifest, findings);
}

const chunkName = (n) => `chunks/${String(n).padStart(6, '0')}.ndjson`;

function verifyLines(file, options, findings) {
  let common;
  let shared;
  let keys;
  let end;
  const hashes = new Map();
  let hash = createHash('sha256');
  let inChunk = 0;
  const closeChunk = () => {
    if (inChunk > 0) hashes.set(chunkName(hashes.size + 1), hash.digest('hex'));
    [hash, inChunk] = [createHash('sha256'), 0];
  };
  for (const line of linesOf(file)) {
    need(end === undefined, 1, 'the bundle has lines behind its end');
    if (common === undefined) {
      common = readWrapped(line, '{"common":', '}\n', 'the first line');
      keys = readKeys(common, options.keys);
      shared = readCommon(common, keys, options, findings);
    } else if (line.subarray(0, 10).toString() === '{"record":') {
      hash.update(line);
      inChunk += 1;
      verifyRecord(line, (findings.records += 1), shared, findings);
      if (inChunk === CHUNK_RECORDS) closeChunk();
    } else {
      end = readWrapped(line, '', '\n', 'the last line');
    }
  }
  need(common !== undefined && end !== undefined, 1, 'the bundle ends too early: it has no manifest');
  closeChunk();
  need([...end.keys()].join() === 'manifest,note', 1, 'the last line is not written as it should be');
  const manifest = readManifest(end.get('manifest'), end.get('note'), keys.trusted);
  for (const [path, bytes] of common) hashes.set(path, sha256(bytes).toString('hex'));
  for (const [path, digest] of hashes) requireHash(manifest.files, path, digest);
  need(manifest.files.size === hashes.size, 1, 'the manifest names files that are not here');
  findings.try(() => noteOtherNotices(common, findings));
  checkClaim(manifest, findings);
}

/** Checks a bundle, and whether it agrees with the others that the auditor has. */
function verifyBundle(path, { earlier, ...options }) {
  if (earlier.length === 0) return resultOf(findBundle(path, options), options);
  const chains = new Chains();
  const others = earlier.map((file, at) => {
    const source = `other bundle ${at + 1}`;
    return { source, ...findBundle(file, { ...options, chains, source }) };
  });
  const findings = findBundle(path, { ...options, chains, source: THIS_BUNDLE });
  for (const { source, reasons } of others)
    reasons.forEach((sentences, at) => findings.reasons[at].push(...sentences.map((one) => `${source}: ${one}`)));
  chains.compare(findings);
  if (findings.compared === 0)
    findings.note('nobody of the bundles given with --earlier is in this one: nothing was compared');
  return resultOf(findings, options);
}

function findBundle(path, options) {
  const findings = new Findings();
  findings.try(() => {
    const file = openFile(path);
    try {
      const start = file.read(0, Math.min(10, file.size)).toString('latin1');
      if (start.startsWith('PK')) {
        const members = openZip(file);
        if (members.some(({ path: name }) => name.startsWith('entries/'))) {
          const total = members.reduce((sum, { size }) => sum + size, 0);
          need(total <= MOST_BUNDLE_BYTES, 1, 'the bundle is too large');
          verifySingle(new Map(members.map(({ path: name, bytes }) => [name, bytes()])), options, findings);
        } else verifyManyZip(members, options, findings);
      } else if (start === '{"common":') {
        verifyLines(file, options, findings);
      } else {
        verifySingle(readJsonBundle(file), options, findings);
      }
    } finally {
      file.close();
    }
  });
  return findings;
}

function resultOf(findings, options) {
  const failed = findings.reasons.map((reasons) => reasons.length > 0);
  const isRead = !failed[0] || findings.records > 0;
  const absent = [
    !isRead,
    !findings.hasMoments,
    !isRead || findings.records === 0,
    findings.evidence === 0 || !findings.hasGrantEvidence,
    options.secret === null || findings.origins === 0 || findings.grantOrigins < findings.grants,
  ];
  const isPartly = options.secret !== null && findings.grants > 0;
  const why = (at) => (at === 4 && isPartly ? originSentence(findings) : ABSENT[at + 1]);
  const levels = LEVELS.map((name, at) => {
    const state = failed[at] ? 'FAIL' : absent[at] || (failed[0] && at > 0) ? 'ABSENT' : 'PASS';
    return {
      level: at + 1,
      name,
      state,
      proves: at === 1 ? timeSentence(findings) : PROVES[at],
      does_not_prove: NOT_PROVES[at],
      reasons: findings.reasons[at],
      ...(state === 'ABSENT' ? { absent: failed[0] ? 'not judged, for level 1 fails' : why(at) } : {}),
    };
  });
  const isIndependent = findings.hasOutside && findings.isCovered;
  const isWhole = levels.slice(0, 4).every(({ state }) => state === 'PASS');
  const exit = failed.some(Boolean)
    ? 1
    : isIndependent && isWhole && findings.isContinued && findings.isCurrent
      ? 0
      : 2;
  return {
    exit,
    independent: isIndependent,
    has_outside: findings.hasOutside,
    records: findings.records,
    compared: findings.compared,
    log: findings.log,
    levels,
    brackets: findings.brackets,
    evidence: findings.grades,
    warnings: [...findings.warnings],
    notes: [...findings.notes],
  };
}

function timeSentence({ hasMoments, hasOutside, isCovered }) {
  if (!hasMoments) return 'nothing: no time-stamp and no witness is part of the bundle';
  if (!hasOutside)
    return "SELF: when the entries came to be, on this operator's word only; name a time-stamping authority or a witness you trust";
  return isCovered
    ? 'the entries existed by the times below, by the word of somebody outside whom you trust'
    : 'by the word of somebody outside for some entries; for others nobody outside vouched within two days (see the notes)';
}

function logSentence({ size, made_at: made, last_word: word }) {
  const last =
    word === null ? 'nobody outside whom you named has vouched for it' : `the last word about it is of ${word}`;
  const signed = made === null ? 'it is not said when that was signed' : `signed, it says, at ${made}`;
  return `log    ${size} entries; ${signed}; ${last}`;
}

function printed(result) {
  const lines = [];
  for (const { level, name, state, proves, absent, does_not_prove: not, reasons } of result.levels) {
    lines.push(`${state.padEnd(6)} ${level} ${name}`);
    if (state === 'PASS') lines.push(`         proves: ${proves}`);
    if (state === 'ABSENT') lines.push(`         ${absent}`);
    for (const reason of reasons) lines.push(`         ${reason}`);
    lines.push(`         does not prove: ${not}`);
  }
  if (result.log !== null) lines.push(logSentence(result.log));
  for (const { entry, says, after, before } of result.brackets) {
    lines.push(
      `time   ${entry}: says ${says}; ${after === null ? 'no lower limit' : `not before ${after}`}, ${before === null ? 'no upper limit' : `there by ${before}`}`,
    );
  }
  for (const { entry, grade, words } of result.evidence) {
    const meaning = {
      E1: 'the whole webhook is here',
      E2: "the person's event is here, and the webhook around it; other people's are withheld, and that they are events and no more is what the server logged",
      E3: "the person's event is here; part of the webhook itself is withheld",
      E4: "the person's event is here, and nothing of the webhook around it",
      'not kept': 'its words were not kept',
      ABSENT: 'it grants, and its webhook is not here',
    };
    lines.push(
      `proof  ${entry}: ${grade}, ${meaning[grade]}${words === undefined ? '' : `; it rests on the words "${words}"`}`,
    );
  }
  for (const warning of result.warnings) lines.push(`WARN   ${warning}`);
  for (const note of result.notes) lines.push(`note   ${note}`);
  const verdict = [
    'PROVED, with independent time',
    'NOT PROVED',
    result.independent
      ? "PROVED, but what is ABSENT or noted above rests on this operator's word"
      : result.has_outside
        ? "PROVED, but the time of some of it rests on this operator's word (see the notes)"
        : "PROVED, but the time rests on this operator's word (no independent anchor)",
  ][result.exit];
  const compared = result.compared === 0 ? '' : `, ${result.compared} compared with other bundles`;
  lines.push(`${verdict}. ${result.records === 1 ? '1 record' : `${result.records} records`}${compared}.`);
  return lines.join('\n');
}

function parseArguments(args) {
  const given = { keys: [], tsa: [], witness: [], earlier: [], secret: null, json: false, bundle: null };
  for (let at = 0; at < args.length; at += 1) {
    const value = () => args[(at += 1)] ?? usage(`${args[at - 1]} needs a value`);
    if (args[at] === '--key') given.keys.push(value());
    else if (args[at] === '--tsa') given.tsa.push(value());
    else if (args[at] === '--witness') given.witness.push(value());
    else if (args[at] === '--earlier') given.earlier.push(value());
    else if (args[at] === '--app-secret-file') given.secret = value();
    else if (args[at] === '--json') given.json = true;
    else if (args[at] === '--help' || args[at] === '-h') help();
    else if (args[at].startsWith('-') || given.bundle !== null) usage(`not understood: ${args[at]}`);
    else given.bundle = args[at];
  }
  if (given.bundle === null) usage('no bundle given');
  if (given.keys.length === 0)
    usage('--key is needed: the key that lies in a bundle would prove nothing, whoever forged it put it there');
  return given;
}

function usage(sentence) {
  process.stderr.write(`${printable(sentence)}\n\n${USAGE}\n`);
  process.exit(1);
}

function help() {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}

function readCertificates(file) {
  const [begin, end] = ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----'];
  const text = readSmall(file);
  const certificates = [];
  for (let from = text.indexOf(begin); from >= 0;) {
    const to = text.indexOf(end, from);
    if (to < 0) break;
    const certificate = readCertificate(text.slice(from, to + end.length));
    if (certificate === null) throw new Error('the file holds a certificate that cannot be read');
    certificates.push(certificate);
    from = text.indexOf(begin, to);
  }
  if (certificates.length === 0) throw new Error('the file holds no certificate');
  return certificates;
}

function readOptions(given) {
  const orUsage = (option, absent, work) => {
    try {
      return work();
    } catch (error) {
      return usage(`${option}: ${['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(error.code) ? absent : error.message}`);
    }
  };
  const keyOf = (option, one, type) =>
    orUsage(option, 'neither a verifier key nor a file that holds one', () => readKey(one, type));
  const contentOf = (option, file, read) =>
    orUsage(option, `there is no such file: ${file.slice(0, 300)}`, () => read(file));
  const keys = given.keys.map((one) => keyOf('--key', one, ED25519));
  if (keys.some(({ name }) => name !== keys[0].name)) usage('--key: the keys are of more than one log');
  return {
    earlier: given.earlier,
    key: keys[0],
    keys,
    authorities: given.tsa.flatMap((file) => contentOf('--tsa', file, readCertificates)),
    witnesses: given.witness.map((one) => keyOf('--witness', one, COSIGNATURE)),
    secret: given.secret === null ? null : contentOf('--app-secret-file', given.secret, readSmall).trim(),
  };
}

const given = parseArguments(process.argv.slice(2));
const result = verifyBundle(given.bundle, readOptions(given));
process.stdout.write(`${given.json ? JSON.stringify(result) : printed(result)}\n`);
process.exitCode = result.exit;
