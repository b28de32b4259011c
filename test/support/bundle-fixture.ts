import { createHash, createHmac, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * Makes proof bundles from docs/proof-bundle.md alone, with no code of the server: a small log that does what its plan says,
 * which may be to cheat.
 */
export type Files = Map<string, Buffer>;
export type Fields = Record<string, unknown>;

export const sha256 = (...parts: (Buffer | string)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** RFC 8785 for what entries are made of. */
export function jcs(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jcs).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${jcs(member)}`).join(',')}}`;
}

// Trees as RFC 6962, section 2.1, defines them: by recursion.
const splitAt = (n: number): number => 2 ** Math.floor(Math.log2(n - 1));
export const leafHash = (input: Buffer): Buffer => sha256(Buffer.of(0), input);

/** Roots by the first leaf and the number of leaves: what follows a leaf in a log never changes. */
const ROOTS = new WeakMap<Buffer, Map<number, Buffer>>();

export function rootOf(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return sha256('');
  if (leaves.length === 1) return leafHash(first);
  const roots = ROOTS.get(first) ?? new Map<number, Buffer>();
  ROOTS.set(first, roots);
  const k = splitAt(leaves.length);
  const root = roots.get(leaves.length) ?? sha256(Buffer.of(1), rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
  roots.set(leaves.length, root);
  return root;
}

export function inclusion(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return [];
  const k = splitAt(leaves.length);
  return m < k
    ? [...inclusion(m, leaves.slice(0, k)), rootOf(leaves.slice(k))]
    : [...inclusion(m - k, leaves.slice(k)), rootOf(leaves.slice(0, k))];
}

export function consistency(m: number, leaves: readonly Buffer[], isWhole = true): Buffer[] {
  if (m === 0) return [];
  if (m === leaves.length) return isWhole ? [] : [rootOf(leaves)];
  const k = splitAt(leaves.length);
  return m <= k
    ? [...consistency(m, leaves.slice(0, k), isWhole), rootOf(leaves.slice(k))]
    : [...consistency(m - k, leaves.slice(k), false), rootOf(leaves.slice(0, k))];
}

export interface Signer {
  readonly name: string;
  readonly type: number;
  readonly vkey: string;
  readonly id: Buffer;
  readonly key: KeyObject;
}

export function signerOf(name: string, seed: Buffer, type = 1): Signer {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const material = Buffer.concat([
    Buffer.of(type),
    createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(12),
  ]);
  const id = sha256(`${name}\n`, material).subarray(0, 4);
  return { name, type, id, key, vkey: `${name}+${id.toString('hex')}+${material.toString('base64')}` };
}

const signatureLine = ({ name, id }: Signer, signature: Buffer): string =>
  `\u2014 ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
export const noteOf = (text: string, ...signers: readonly Signer[]): string =>
  `${text}\n${signers.map((signer) => signatureLine(signer, sign(null, Buffer.from(text), signer.key))).join('')}`;

export function cosigned(note: string, witness: Signer, atMs: number): string {
  const seconds = Math.floor(atMs / 1000);
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(seconds));
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`), witness.key);
  return note + signatureLine(witness, Buffer.concat([stamp, signature]));
}

/** A TimeStampReq over the note as the log signed it: with its own lines, and no others. */
export function timestampRequest(note: string): Buffer {
  const ofLog = note;
  const algorithm = '300d06096086480165030402010500';
  return Buffer.concat([
    Buffer.from(`30390201013031${algorithm}0420`, 'hex'),
    sha256(ofLog),
    Buffer.from('0101ff', 'hex'),
  ]);
}

export type Listed = readonly [kind: 'p' | 'm' | 'e', text: string];

export interface EntryStep {
  readonly do: 'entry';
  at: number;
  /** Which person, where there are several in one log. */
  who?: number;
  /** What the entry says, from the commitments of the entries before it. */
  fields: (before: readonly string[]) => Fields;
  /** What the person's event in the webhook is; others' events around it are withheld. */
  event?: {
    value: unknown;
    others: number;
    kept: boolean;
    /** A member of the webhook beside its entries. */ beside?: string;
    /** The webhook as the entry lists it, if not in the usual form: pieces between events, runs of events, and the own event as `e`. */
    listed?: readonly Listed[];
  };
  subject?: Fields;
  /** What the entry says of the webhook otherwise than it came. */
  evidence?: Fields;
  /** How many entries of the chain it follows, if not all before it: a fork. */
  follows?: number;
  /** Writes the body otherwise than canonically. */
  written?: (canonical: string) => string;
  /** Logged, and kept out of the export, whose chain.json is made as if it were not there. */
  isLeftOut?: boolean;
}
export interface SendsStep {
  readonly do: 'sends';
  at: number;
  who?: number;
  n: number;
  grant: number;
  position: number;
  of: number;
  message?: Fields;
  chunk?: Fields;
}
export interface CheckpointStep {
  readonly do: 'checkpoint';
  which: 'before' | 'at' | 'after';
  witnessedAt?: number;
  /** Keys of the log that sign it, if not its one. */
  by?: readonly Signer[];
  /** How often the line of the witness stands there, if not once. */
  lines?: number;
  stamp?: (request: Buffer) => Buffer;
  selfStamp?: (request: Buffer) => Buffer;
}
/** The log names a key of its own. */
export interface KeyStep {
  readonly do: 'key';
  readonly names: Signer;
  fields?: Fields;
}
export type Step = EntryStep | SendsStep | CheckpointStep | KeyStep | { readonly do: 'others' };

export interface Cast {
  readonly log: Signer;
  readonly witness: Signer;
  readonly secret: string;
  readonly page: string;
  readonly psid: string;
  readonly wording: string;
}

interface Opening {
  readonly body: Buffer;
  readonly nonce: Buffer;
  readonly c: Buffer;
  readonly index: number;
}

const REF = '0123456789abcdef0123456789abcdef';
export const BROADCAST = '7b0ad1ce-0000-4000-8000-000000000001';
const MADE_AT = new Date().toISOString();
const time = (ms: number): string => new Date(ms).toISOString();
const lines = (hashes: readonly Buffer[]): string => hashes.map((hash) => `${hash.toString('base64')}\n`).join('');
const four = (n: number): string => String(n).padStart(4, '0');

interface Person {
  readonly psid: string;
  readonly ref: string;
  readonly files: Files;
  readonly entries: Opening[];
  readonly sent: (Opening & { inner: string; message: Buffer; messageNonce: Buffer })[];
}

/** The Messenger ids of several people in one log. */
export const psidOf = ({ psid }: Pick<Cast, 'psid'>, who: number): string => String(BigInt(psid) + BigInt(who));

function newPerson(cast: Cast, who: number): Person {
  const ref = who === 0 ? REF : sha256(`ref ${who}`).toString('hex').slice(0, 32);
  return { psid: psidOf(cast, who), ref, files: new Map(), entries: [], sent: [] };
}

/** Does what a plan says, and exports the first person. Nonces come from a counter: the same plan gives the same bytes. */
export const makeBundle = (cast: Cast, plan: readonly Step[]): Files => makeBundles(cast, plan)[0]!;

/** The same for everybody in the plan, each with all that they share. */
export function makeBundles(cast: Cast, plan: readonly Step[]): Files[] {
  const { log } = cast;
  const leaves: Buffer[] = [];
  const files: Files = new Map();
  const people = new Map<number, Person>();
  const person = ({ who = 0 }: { who?: number }): Person => {
    const known = people.get(who) ?? newPerson(cast, who);
    people.set(who, known);
    return known;
  };
  const checkpoints: { which: string; size: number; note: string; by: readonly Signer[] }[] = [];
  const keys: Opening[] = [];
  let drawn = 0;
  const nonce = (): Buffer => {
    drawn += 1;
    return createHash('sha512').update(`nonce ${drawn}`).digest();
  };
  const append = (fields: Fields, written = (canonical: string): string => canonical): Opening => {
    const body = Buffer.from(written(jcs({ v: 1, log: log.name, ...fields })));
    const r = nonce();
    const c = sha256(sha256(body), r);
    return { body, nonce: r, c, index: leaves.push(c) - 1 };
  };

  const entry = (step: EntryStep): void => {
    const { psid, ref, entries } = person(step);
    const before = entries.slice(0, step.follows).map(({ c }) => c.toString('hex'));
    const n = before.length + 1;
    const subject = { n, prev: before.at(-1) ?? null, ref, ...step.subject };
    const rests = step.event === undefined ? {} : { evidence: evidence(step, step.event, n) };
    const about = { page: cast.page, psid, at: time(step.at), subject };
    const opening = append({ ...about, ...rests, ...step.fields(before) }, step.written);
    if (step.isLeftOut !== true) entries.push(opening);
  };

  const evidence = (
    step: EntryStep,
    { value, others, ...event }: NonNullable<EntryStep['event']>,
    n: number,
  ): Fields => {
    const kept = event.kept && step.isLeftOut !== true;
    const head = Buffer.from(`{"object":"page",${event.beside ?? ''}"entry":[{"id":"${cast.page}","messaging":[`);
    const piece = ([kind, text]: Listed) => ({
      kind,
      bytes: Buffer.from(kind === 'e' ? JSON.stringify(value) : text),
      r: kind === 'e' ? nonce() : null,
      present: kept && kind !== 'm',
    });
    const pieces: { kind: string; bytes: Buffer; r: Buffer | null; present: boolean }[] = [
      { kind: 'p', bytes: head, r: null, present: kept },
      { kind: 'e', bytes: Buffer.from(JSON.stringify(value)), r: nonce(), present: kept },
    ];
    for (let other = 0; other < others; other += 1) {
      pieces.push({ kind: 'p', bytes: Buffer.from(','), r: null, present: kept });
      pieces.push({ kind: 'e', bytes: Buffer.from(`{"other":${other}}`), r: nonce(), present: false });
    }
    pieces.push({ kind: 'p', bytes: Buffer.from(']}]}'), r: null, present: kept });
    if (event.listed !== undefined) pieces.splice(0, Infinity, ...event.listed.map(piece));
    const body = Buffer.concat(pieces.map(({ bytes }) => bytes));
    const hdr = `sha256=${createHmac('sha256', cast.secret).update(body).digest('hex')}`;
    const digest = ({ kind, bytes, r }: (typeof pieces)[number]): Buffer =>
      r === null ? sha256(kind === 'm' ? 'the whole list' : bytes) : sha256(sha256(bytes), r);
    const segs = pieces.map((one) => [one.kind, one.bytes.length, digest(one).toString('hex')]);
    const received = time(step.at);
    const folder = `evidence/${four(n)}`;
    const put = (name: string, bytes: Buffer | string) =>
      person(step).files.set(`${folder}/${name}`, Buffer.from(bytes));
    if (kept) {
      put('headers.json', jcs({ x_hub_signature_256: hdr, received_at: step.evidence?.['at'] ?? received }));
      const segments = segs.map(([kind, length, hash], at) => ({ kind, length, hash, present: pieces[at]!.present }));
      put('delivery.json', jcs({ length: body.length, segments }));
    }
    pieces.forEach(({ bytes, r, present }, at) => {
      if (!present) return;
      put(`seg.${String(at).padStart(3, '0')}.bin`, bytes);
      if (r !== null) put(`seg.${String(at).padStart(3, '0')}.nonce`, r);
    });
    const secret = sha256(`assent/secret-id\n${cast.secret}`).subarray(0, 8).toString('hex');
    return {
      alg: 'hmac-sha256',
      at: received,
      hdr,
      i: pieces.findIndex(({ kind }) => kind === 'e'),
      len: body.length,
      secret,
      segs,
      ...step.evidence,
    };
  };

  const sends = (step: SendsStep): void => {
    const { psid, ref, entries, sent } = person(step);
    const grant = entries[step.grant - 1]!;
    const broadcast = BROADCAST;
    const nth = 256 * (step.who ?? 0) + sent.length;
    const message = Buffer.from(
      jcs({
        ...{ v: 1, log: log.name, kind: 'send', delivery: `7b0ad1ce-0000-4000-8000-${String(nth).padStart(12, '0')}` },
        ...{ attempt: 1, broadcast, page: cast.page, psid, at: time(step.at), path: 'standard' },
        consent: { c: grant.c.toString('hex'), index: grant.index },
        subject: { ref, n: step.n },
        ...step.message,
      }),
    );
    const messageNonce = nonce();
    const chunk = Array.from({ length: step.of }, (_, at) =>
      at === step.position ? sha256(sha256(message), messageNonce) : sha256(nonce()),
    );
    const shared = { kind: 'sends', page: cast.page, broadcast, content_sha256: 'ab'.repeat(32), at: time(step.at) };
    const opening = append({ ...shared, n: step.of, root: rootOf(chunk).toString('hex'), ...step.chunk });
    const head = `assent-inner-proof/v1\nposition ${step.position}\nof ${step.of}\n`;
    sent.push({ ...opening, message, messageNonce, inner: head + lines(inclusion(step.position, chunk)) });
  };

  const checkpoint = (step: CheckpointStep): void => {
    const size = leaves.length;
    const by = step.by ?? [log];
    const signed = noteOf(`${log.name}\n${size}\n${rootOf(leaves).toString('base64')}\n`, ...by);
    const which = step.which === 'at' ? `at-${size}` : step.which;
    const witnessed = step.witnessedAt === undefined ? signed : cosigned(signed, cast.witness, step.witnessedAt);
    const note = signed + witnessed.slice(signed.length).repeat(step.lines ?? 1);
    checkpoints.push({ which, size, note, by });
    files.set(`checkpoints/${which}.note`, Buffer.from(note));
    if (step.stamp !== undefined) files.set(`anchors/${which}.tsr`, step.stamp(timestampRequest(signed)));
    if (step.selfStamp !== undefined) files.set(`anchors/${which}.self.tsr`, step.selfStamp(timestampRequest(signed)));
  };

  for (const step of plan) {
    if (step.do === 'entry') entry(step);
    else if (step.do === 'sends') sends(step);
    else if (step.do === 'checkpoint') checkpoint(step);
    else if (step.do === 'key')
      keys.push(append({ kind: 'log_key', at: MADE_AT, vkey: step.names.vkey, ...step.fields }));
    else leaves.push(sha256(nonce()));
  }

  const after = checkpoints.at(-1)!;
  const proof = (index: number): string =>
    `c2sp.org/tlog-proof@v1\nindex ${index}\n${lines(inclusion(index, leaves.slice(0, after.size)))}\n${after.note}`;
  for (const { which, size } of checkpoints.slice(0, -1)) {
    const path = lines(consistency(size, leaves.slice(0, after.size)));
    files.set(
      `checkpoints/${which}.consistency`,
      Buffer.from(`assent-consistency/v1\nfrom ${size}\nto ${after.size}\n${path}`),
    );
  }
  files.set(`notices/${sha256(cast.wording).toString('hex')}.txt`, Buffer.from(cast.wording));
  files.set('keys/log.vkey', Buffer.from(`${after.by[0]!.vkey}\n`));
  keys.forEach((one, at) => {
    openInto(files, `keys/${four(at + 1)}`, one, proof(one.index));
  });
  files.set('README.txt', Buffer.from('A proof bundle.\n'));
  return [...people.values()].map((one) =>
    withManifest(new Map([...files, ...one.files, ...openedOf(one, after.size, proof)]), after.by),
  );
}

function openInto(files: Files, name: string, { body, nonce }: Opening, proof: string): void {
  files.set(`${name}.json`, body).set(`${name}.nonce`, nonce).set(`${name}.tlog-proof`, Buffer.from(proof));
}

function openedOf({ entries, sent }: Person, size: number, proof: (index: number) => string): Files {
  const files: Files = new Map();
  const opened = (name: string, opening: Opening): void => {
    openInto(files, name, opening, proof(opening.index));
  };
  entries.forEach((one, at) => opened(`entries/${four(at + 1)}`, one));
  sent.forEach((one, at) => {
    const name = `sends/${four(at + 1)}`;
    opened(name, one);
    files.set(`${name}.message.json`, one.message).set(`${name}.message.nonce`, one.messageNonce);
    files.set(`${name}.inner`, Buffer.from(one.inner));
  });
  const head = entries.at(-1)!.c.toString('hex');
  const [, ref] = /"subject":\{[^}]*"ref":"([^"]*)"/.exec(entries[0]!.body.toString()) ?? [];
  return files.set('entries/chain.json', Buffer.from(jcs({ v: 1, ref, n: entries.length, head, size })));
}

export const inOrder = (files: Files): [string, Buffer][] => [...files].sort(([a], [b]) => (a < b ? -1 : 1));

/** Names the files as they are now, and signs that: what an operator can do who cheats. */
export function withManifest(files: Files, signers: Signer | readonly Signer[], fields: Fields = {}): Files {
  const by = 'vkey' in signers ? [signers] : signers;
  const { name } = by[0]!;
  const named = inOrder(files).filter(([path]) => !path.startsWith('manifest.'));
  const hashes = Object.fromEntries(named.map(([path, bytes]) => [path, sha256(bytes).toString('hex')]));
  const made = { v: 1, log: name, made_at: MADE_AT, kind: 'lead', files: hashes, ...fields };
  const manifest = Buffer.from(jcs(made));
  const text = `assent-bundle/v1\n${name}\n${sha256(manifest).toString('hex')}\n`;
  const keys = by.map(({ key }) =>
    signerOf(`${name}/bundle`, key.export({ format: 'der', type: 'pkcs8' }).subarray(-32)),
  );
  return new Map(named).set('manifest.json', manifest).set('manifest.note', Buffer.from(noteOf(text, ...keys)));
}

const base64Tree = (files: Files): string =>
  JSON.stringify(Object.fromEntries(inOrder(files).map(([path, bytes]) => [path, bytes.toString('base64')])));
export const jsonOf = (files: Files): Buffer => Buffer.from(base64Tree(files));

/** A stored ZIP; the names are taken as they come. */
export function zipOf(members: readonly (readonly [string, Buffer])[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [path, bytes] of members) {
    const name = Buffer.from(path);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(33, 8);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(bytes.length, 14);
    facts.writeUInt32LE(bytes.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    local.push(Buffer.from('504b0304', 'hex'), facts, name, bytes);
    central.push(Buffer.from('504b01021400', 'hex'), facts, rest, name);
    offset += 30 + name.length + bytes.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}

const isPersonal = (path: string): boolean => /^(entries|evidence|sends)\//.test(path);

const WHENEVER = { from: '2020-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z', page: null };

/** The same people as a bundle about many, in both forms: about a broadcast where each has one message. */
export function manyOf(people: readonly Files[], log: Signer, fields?: Fields): { zip: Buffer; ndjson: Buffer } {
  const isOne = (files: Files): boolean => files.has('sends/0001.json') && !files.has('sends/0002.json');
  const about = people.every(isOne)
    ? { kind: 'broadcast', about: { broadcast: BROADCAST } }
    : { kind: 'audit', about: WHENEVER };
  const common: Files = new Map([...people[0]!].filter(([path]) => !isPersonal(path) && !path.startsWith('manifest.')));
  const records = people.map((files, at) => {
    const own: Files = new Map([...files].filter(([path]) => isPersonal(path)));
    return `{"record":${at + 1},"files":${base64Tree(own)}}\n`;
  });
  const chunks: [string, Buffer][] = [];
  for (let at = 0; at < records.length; at += 100) {
    const name = `chunks/${String(chunks.length + 1).padStart(6, '0')}.ndjson`;
    chunks.push([name, Buffer.from(records.slice(at, at + 100).join(''))]);
  }
  const whole = withManifest(new Map([...common, ...chunks]), log, { ...about, ...fields });
  const { 'manifest.json': manifest, 'manifest.note': note } = Object.fromEntries(whole);
  const last = { manifest: manifest!.toString('base64'), note: note!.toString('base64') };
  const ndjson = `{"common":${base64Tree(common)}}\n${records.join('')}${JSON.stringify(last)}\n`;
  return { zip: zipOf(inOrder(whole)), ndjson: Buffer.from(ndjson) };
}
