import { randomBytes } from 'node:crypto';
import { noteOf, sha256, signerOf, type Files } from '../../support/bundle-fixture';
import { CAST, WORDING } from './bundle-world';

type Change = (files: Files) => void;
export type Tampering = readonly [name: string, change: Change, level: number, sentence: RegExp];

export const edit =
  (name: string, change: (text: string) => string): Change =>
  (files) => {
    const text = files.get(name)!.toString();
    const changed = change(text);
    if (changed === text) throw new Error(`nothing was changed in ${name}`);
    files.set(name, Buffer.from(changed));
  };
export const bend =
  (name: string, at = 5): Change =>
  (files) => {
    const bent = Buffer.from(files.get(name)!);
    bent.writeUInt8(bent.readUInt8(at % bent.length) ^ 1, at % bent.length);
    files.set(name, bent);
  };
export const drop =
  (pattern: RegExp): Change =>
  (files) => {
    const names = [...files.keys()].filter((name) => pattern.test(name));
    if (names.length === 0) throw new Error('nothing to drop');
    for (const name of names) files.delete(name);
  };
export const put =
  (name: string, content: Buffer | string): Change =>
  (files) =>
    void files.set(name, Buffer.from(content));
const swap =
  (one: string, other: string): Change =>
  (files) => {
    const [a, b] = [files.get(one)!, files.get(other)!];
    files.set(one, b).set(other, a);
  };
const all =
  (...changes: readonly Change[]): Change =>
  (files) => {
    for (const change of changes) change(files);
  };
const field = (name: string): ((text: string) => string) => {
  const value = new RegExp(`("${name}":"?)([^"])`);
  return (text) => text.replace(value, (_all, head: string, first: string) => head + (first === '1' ? '2' : '1'));
};
const hashLine = (text: string): string =>
  text.replace(
    /\n([A-Za-z0-9+/])([A-Za-z0-9+/]{42}=)/,
    (_all, a: string, b: string) => `\n${a === 'A' ? 'B' : 'A'}${b}`,
  );
const fields = (file: string, names: readonly string[], sentence: RegExp): Tampering[] =>
  names.map((name) => [`${name} in ${file}`, edit(file, field(name)), 1, sentence]);

const CHAIN = 'entries/chain.json';
const NOT_IN_LOG = /inclusion proof fails|another log|not a time|unknown version|malformed|not know/;

/** Done to an export by its operator, who signs the manifest anew after each. */
export const TAMPERINGS: readonly Tampering[] = [
  ...fields(
    'entries/0001.json',
    [
      'at',
      'basis',
      'event_at',
      'hdr',
      'i',
      'len',
      'secret',
      'kind',
      'log',
      'lang',
      'surface',
      'version',
      'page',
      'psid',
      'n',
      'ref',
      'v',
      'via',
    ],
    NOT_IN_LOG,
  ),
  ...fields('sends/0001.json', ['at', 'broadcast', 'content_sha256', 'page', 'root'], NOT_IN_LOG),
  ['n in sends/0001.json', edit('sends/0001.json', field('n')), 1, /inclusion proof fails|counts other messages/],
  ...fields(
    'sends/0001.message.json',
    ['at', 'attempt', 'broadcast', 'c', 'index', 'delivery', 'page', 'psid', 'n', 'ref'],
    /inner proof fails|malformed/,
  ),
  ['a field added', edit('entries/0001.json', (text) => text.replace('{', '{"aa":1,')), 1, /inclusion proof fails/],
  ['a key twice', edit('entries/0001.json', (text) => text.replace('{', '{"at":1,')), 1, /not in canonical form/],
  ['a blank', edit('entries/0001.json', (text) => text.replace('{', '{ ')), 1, /not in canonical form/],
  ['a body that is too long', put('entries/0001.json', `{"a":"${'x'.repeat(17_000)}"}`), 1, /longer than 16 KiB/],
  ['a body that is too deep', put('entries/0001.json', `${'{"a":'.repeat(9)}1${'}'.repeat(9)}`), 1, /nested too deep/],
  ['a nonce', bend('entries/0001.nonce'), 1, /inclusion proof fails/],
  ['a short nonce', put('entries/0001.nonce', Buffer.alloc(63)), 1, /has not 64 bytes/],
  ['a proof gone', drop(/0001\.tlog-proof/), 1, /is missing/],
  ['two proofs swapped', swap('entries/0001.tlog-proof', 'entries/0002.tlog-proof'), 1, /inclusion proof fails/],
  ['a hash of a proof', edit('entries/0001.tlog-proof', hashLine), 1, /inclusion proof fails/],
  ['an index', edit('entries/0001.tlog-proof', (text) => text.replace('index 1', 'index 2')), 1, /inclusion proof/],
  ['an index beyond', edit('entries/0001.tlog-proof', (text) => text.replace('index 1', 'index 99')), 1, /inclusion/],
  [
    'a longer proof',
    edit('entries/0001.tlog-proof', (text) => text.replace('\n\n', `\n${'A'.repeat(43)}=\n\n`)),
    1,
    /fails/,
  ],
  ['a proof to another checkpoint', edit('entries/0001.tlog-proof', (text) => `${text}x`), 1, /another checkpoint/],
  [
    'the size of the checkpoint',
    edit('checkpoints/after.note', (text) => text.replace('\n8\n', '\n9\n')),
    1,
    /not by the key/,
  ],
  ['the root of the checkpoint', edit('checkpoints/after.note', hashLine), 1, /not by the key/],
  [
    'the lines of a checkpoint in another order',
    edit('checkpoints/after.note', (text) => {
      const [head, log, witness] = /^([^]*\n\n)(.*\n)(.*\n)$/.exec(text)!.slice(1);
      return `${head!}${witness!}${log!}`;
    }),
    1,
    /do not come first/,
  ],
  ['the checkpoint gone', drop(/after\.note/), 1, /after\.note is missing/],
  [
    'the size of an older one',
    edit('checkpoints/before.note', (text) => text.replace('\n1\n', '\n2\n')),
    1,
    /not by the key/,
  ],
  ['a consistency proof', edit('checkpoints/at-3.consistency', hashLine), 1, /rewritten/],
  ['a consistency proof gone', drop(/at-3\.consistency/), 1, /is missing/],
  [
    'the sizes of a consistency proof',
    edit('checkpoints/at-3.consistency', (text) => text.replace('from 3', 'from 2')),
    1,
    /between other|malformed/,
  ],
  [
    'a checkpoint under another name',
    all(
      swap('checkpoints/before.note', 'checkpoints/at-3.note'),
      swap('checkpoints/before.consistency', 'checkpoints/at-3.consistency'),
    ),
    1,
    /named after another size/,
  ],
  [
    'an empty log before it, with another root',
    put('checkpoints/before.note', noteOf(`${CAST.log.name}\n0\n${randomBytes(32).toString('base64')}\n`, CAST.log)),
    1,
    /between other checkpoints|rewritten/,
  ],
  [
    'a forked older log',
    all(put('checkpoints/at-3.note', noteOf(`${CAST.log.name}\n3\n${sha256('x').toString('base64')}\n`, CAST.log))),
    1,
    /it was rewritten/,
  ],
  [
    'the key in the bundle',
    put('keys/log.vkey', `${signerOf(CAST.log.name, Buffer.alloc(32, 9)).vkey}\n`),
    1,
    /another key than the one you gave/,
  ],
  ['a nonce of a message', bend('sends/0001.message.nonce'), 1, /inner proof fails/],
  [
    'the position',
    edit('sends/0001.inner', (text) => text.replace('position 1', 'position 0')),
    1,
    /inner proof fails/,
  ],
  ['a position beyond', edit('sends/0001.inner', (text) => text.replace('position 1', 'position 3')), 1, /inner proof/],
  ['the chunk size', edit('sends/0001.inner', (text) => text.replace('of 3', 'of 4')), 1, /counts other messages/],
  [
    'a message in two places',
    all(
      ...['json', 'nonce', 'tlog-proof', 'message.json', 'message.nonce', 'inner'].map(
        (part): Change =>
          (files) =>
            void files.set(`sends/0002.${part}`, files.get(`sends/0001.${part}`)!),
      ),
    ),
    1,
    /stands in the bundle twice/,
  ],
  ['a message left out', drop(/^sends\/0001/), 1, /not numbered from 1/],
  ['the first entry dropped', drop(/^(entries|evidence)\/0001/), 3, /entry 1 of the chain is missing/],
  ['the withdrawal dropped', drop(/^(entries|evidence)\/0003/), 3, /entry 3 of the chain is missing/],
  ['the last entry dropped', drop(/^(entries|evidence)\/0004/), 3, /left out at its end/],
  [
    'the last entry dropped, and counted so',
    all(
      drop(/^(entries|evidence)\/0004/),
      edit(CHAIN, (text) => text.replace('"n":4', '"n":3')),
    ),
    3,
    /left out at its end/,
  ],
  ['the end of the chain', edit(CHAIN, field('head')), 3, /left out at its end/],
  ['whose chain it is', edit(CHAIN, field('ref')), 3, /left out at its end/],
  ['the size in the chain', edit(CHAIN, field('size')), 3, /left out at its end/],
  ['no chain', drop(/chain\.json/), 1, /chain\.json is missing/],
  [
    'two entries swapped',
    all(...['json', 'nonce', 'tlog-proof'].map((part) => swap(`entries/0001.${part}`, `entries/0002.${part}`))),
    3,
    /stands in another place/,
  ],
  ['a piece of the webhook', bend('evidence/0001/seg.001.bin'), 4, /not the piece of the webhook/],
  ['the envelope', bend('evidence/0001/seg.000.bin'), 4, /not the piece of the webhook/],
  ['the nonce of a piece', bend('evidence/0001/seg.001.nonce'), 4, /not the piece of the webhook/],
  ['a nonce alone', drop(/0001\/seg\.001\.bin/), 4, /nonce/],
  ['the own event withheld', drop(/0001\/seg\.001/), 4, /not what the entry says|lacks the person/],
  ['the header', edit('evidence/0001/headers.json', field('x_hub_signature_256')), 4, /headers\.json is not what/],
  ['the length', edit('evidence/0001/delivery.json', field('length')), 4, /delivery\.json is not what/],
  ['evidence for no entry', put('evidence/0009/headers.json', '{}'), 4, /belongs to no entry/],
  ['evidence for an entry without', put('evidence/0002/headers.json', '{}'), 4, /names none/],
  ['the wording', put(`notices/${sha256(WORDING).toString('hex')}.txt`, 'other'), 4, /another wording/],
  ['the wording gone', drop(/^notices/), 4, /is missing/],
  ['a wording nobody named', put(`notices/${'0'.repeat(64)}.txt`, 'x'), 4, /named by no entry/],
  ['a file with no place', put('entries/extra.txt', 'x'), 1, /no place in a bundle/],
  ['a stamp', bend('anchors/after.tsr', 300), 2, /time-stamp/],
  ['a stamp of the operator that is garbage', put('anchors/after.self.tsr', randomBytes(400)), 2, /time-stamp/],
  [
    'a stamp of another checkpoint',
    (files) => void files.set('anchors/at-3.tsr', files.get('anchors/after.tsr')!),
    2,
    /over something else/,
  ],
  ['a stamp for no checkpoint', put('anchors/at-7.tsr', 'x'), 1, /checkpoint that is not here/],
  [
    'the line of a witness',
    edit('checkpoints/before.note', (text) =>
      text.replace(/(w1 .{30})(.)/, (_all, head: string, one: string) => head + (one === 'A' ? 'B' : 'A')),
    ),
    2,
    /not by its key/,
  ],
];
