import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { bundleSigner, logSigner } from '../../../src/domain/ledger';
import { noteSigner, signNote, vkeyOf } from '../../../src/domain/ledger/note.rules';
import { pemOf, selfAuthority, selfTimestamp } from '../../../src/domain/ledger/anchor/self-timestamp.rules';
import { makeLeadBundle } from '../../../src/domain/proof';
import { sha256 } from '../../../src/kernel/crypto/merkle';
import { jsonOf, resigned, treeOf, zipOfTree, type Tree } from '../../support/bundle-tree';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { openVerifier, type Verdict, type Verifier, statesOf } from '../../support/verifier';
import { APP_SECRET, message, newPsid, postback, type TestPage } from '../domain/inbox/inbox-world';
import { openProofWorld, type ProofWorld } from '../domain/proof/proof-world';

const WITNESS_SEED = Buffer.alloc(32, 2);
const MINUTE_MS = 60_000;
let world: ProofWorld;
let page: TestPage;
let tsa: TestTsa;
let verifier: Verifier;
let tree: Tree;
let trusting: string[];

const now = (): void => world.setNow(new Date());

/** Opt-in, notice, message, withdrawal, return, message: each anchored from outside. */
async function walk(psid: string): Promise<string> {
  now();
  await world.deliver(page, postback(page, psid, new Date(Date.now() - MINUTE_MS), 'assent:v1:start'));
  const { id } = (await world.leadOf(page, psid))!;
  await world.showNotice(page, id);
  await world.sequence();
  await world.anchor();
  now();
  await world.sendTo(page, [id]);
  await world.deliver(page, message(page, psid, new Date(Date.now() - 3_000), 'STOP'));
  await world.deliver(page, message(page, psid, new Date(Date.now() - 1_000), 'START'));
  await world.sequence();
  now();
  await world.sendTo(page, [id]);
  await world.sequence();
  await world.anchor();
  return (await world.leadOf(page, psid))!.uuid;
}

const exportLead = async (leadUuid: string, form: 'zip' | 'json' = 'json'): Promise<Buffer> =>
  makeLeadBundle(world.bundleDeps)({ accountId: page.accountId, leadUuid, form });

beforeAll(async () => {
  tsa = makeTestTsa();
  world = await openProofWorld({ tsa, witnessSeed: WITNESS_SEED });
  page = await world.newPage();
  verifier = openVerifier();
  verifier.file('tsa.pem', tsa.authority);
  trusting = [
    '--key',
    world.vkey,
    '--tsa',
    'tsa.pem',
    '--witness',
    vkeyOf(noteSigner('witness.test/w1', WITNESS_SEED), 4),
  ];
  tree = treeOf(await exportLead(await walk(newPsid())));
});
afterAll(async () => {
  verifier.close();
  tsa.close();
  await world.close();
});

const judge = (files: Tree, args = trusting): Verdict => verifier.verify(jsonOf(files), args);

describe('an honest bundle', () => {
  it('is proved with independent time, as JSON and as ZIP alike', async () => {
    const verdict = judge(tree);
    expect(verdict.levels.flatMap(({ reasons }) => reasons)).toEqual([]);
    expect([verdict.exit, statesOf(verdict)]).toEqual([0, 'PASS PASS PASS PASS ABSENT']);
    expect(verdict.warnings).toEqual([]);
    expect(verifier.verify(await zipOfTree(tree), trusting)).toEqual(verdict);
    expect([...tree.keys()].filter((name) => /^sends\/\d+\.json$/.test(name))).toHaveLength(2);
    expect(verdict.evidence.every(({ grade }) => grade === 'E1')).toBe(true);
  });

  it("is proved on the word of either outside alone, and on the operator's only when neither is named", () => {
    const key = ['--key', world.vkey];
    expect(judge(tree, [...key, '--tsa', 'tsa.pem']).exit).toBe(0);
    expect(judge(tree, [...key, ...trusting.slice(-2)]).exit).toBe(0);
    const alone = judge(tree, key);
    expect([alone.exit, statesOf(alone)]).toEqual([2, 'PASS PASS PASS PASS ABSENT']);
    expect(alone.notes.join()).toContain("counts as the operator's own word");
    const { text } = verifier.read(jsonOf(tree), key);
    expect(text).toContain("SELF: when the entries came to be, on this operator's word only");
    expect(text).toContain('does not prove: that Meta made that signature');
  });

  it('shows the origin to whoever was shown the app secret', () => {
    verifier.file('secret', `${APP_SECRET}\n`);
    expect(statesOf(judge(tree, [...trusting, '--app-secret-file', 'secret']))).toBe('PASS PASS PASS PASS PASS');
    verifier.file('other', 'another-app-secret-000000\n');
    const verdict = judge(tree, [...trusting, '--app-secret-file', 'other']);
    expect([verdict.exit, verdict.levels[4]!.state]).toEqual([1, 'FAIL']);
  });

  it('passes by hand, with OpenSSL and coreutils alone', () => {
    const check = (files: Tree): { ok: boolean; text: string } => {
      const dir = mkdtempSync(path.join(tmpdir(), 'assent-by-hand-'));
      for (const [name, bytes] of files) {
        execFileSync('mkdir', ['-p', path.join(dir, path.dirname(name))]);
        writeFileSync(path.join(dir, name), bytes);
      }
      try {
        const text = execFileSync('bash', ['verify-by-hand.sh', world.vkey, tsa.authorityFile], {
          cwd: dir,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        return { ok: true, text };
      } catch (error) {
        return { ok: false, text: (error as { stdout: string }).stdout };
      } finally {
        rmSync(dir, { recursive: true });
      }
    };
    const honest = check(tree);
    expect(honest.text).not.toContain('FAIL');
    expect(honest).toMatchObject({ ok: true });
    expect(honest.text).toContain('(by the authority you gave)');
    expect(honest.text).toContain('(SELF, no independent proof)');
    for (const name of [
      'entries/0001.json',
      'sends/0001.message.nonce',
      'anchors/after.tsr',
      'evidence/0001/seg.001.bin',
    ]) {
      const bent = new Map(tree);
      const bytes = Buffer.from(bent.get(name)!);
      bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
      bent.set(name, bytes);
      expect(check(resigned(bent, signer())).text).toContain('FAIL');
    }
  });
});

const signer = () => bundleSigner(logSigner(world.keyRing, world.deps.logOrigin));
const flipped = (bytes: Buffer, at: number): Buffer => {
  const bent = Buffer.from(bytes);
  bent[at] = (bent[at] ?? 0) ^ 1;
  return bent;
};
const edit =
  (name: string, change: (text: string) => string) =>
  (files: Tree): void => {
    const text = files.get(name)!.toString();
    const changed = change(text);
    if (changed === text) throw new Error(`nothing was changed in ${name}`);
    files.set(name, Buffer.from(changed));
  };
const swap =
  (one: string, other: string) =>
  (files: Tree): void => {
    const [a, b] = [files.get(one)!, files.get(other)!];
    files.set(one, b);
    files.set(other, a);
  };
const drop =
  (pattern: RegExp) =>
  (files: Tree): void => {
    const names = [...files.keys()].filter((name) => pattern.test(name));
    if (names.length === 0) throw new Error('nothing to drop');
    for (const name of names) files.delete(name);
  };
const bend =
  (name: string, at = 5) =>
  (files: Tree): void =>
    void files.set(name, flipped(files.get(name)!, at));
const put =
  (name: string, content: Buffer | string) =>
  (files: Tree): void =>
    void files.set(name, Buffer.from(content));

type Tampering = readonly [name: string, change: (files: Tree) => void, level: number, sentence: RegExp];
const CHAIN = 'entries/chain.json';
const jsonField = (field: string) => (text: string) =>
  text.replace(
    new RegExp(`("${field}":")(.)`),
    (_all, head: string, first: string) => `${head}${first === '1' ? '2' : '1'}`,
  );

/** Done by the operator himself, who signs the manifest anew after each. */
const TAMPERINGS: readonly Tampering[] = [
  [
    'the text of an entry',
    edit('entries/0001.json', (text) => text.replace('get_started', 'first_message')),
    1,
    /inclusion proof fails/,
  ],
  ...['at', 'event_at', 'basis', 'page', 'psid', 'log', 'ref', 'sha256', 'lang', 'hdr', 'secret'].map(
    (field): Tampering => [
      `${field} of an entry`,
      edit('entries/0001.json', jsonField(field)),
      1,
      /inclusion proof fails|another log|not a time/,
    ],
  ),
  [
    'a field added to an entry',
    edit('entries/0001.json', (text) => text.replace('{', '{"aa":1,')),
    1,
    /inclusion proof fails/,
  ],
  [
    'an entry not in canonical form',
    edit('entries/0001.json', (text) => text.replace('{', '{ ')),
    1,
    /not in canonical form/,
  ],
  [
    'a key twice in an entry',
    edit('entries/0001.json', (text) => text.replace('{', '{"at":"2020-01-01T00:00:00.000Z",')),
    1,
    /not in canonical form/,
  ],
  [
    'an unknown kind',
    edit('entries/0002.json', (text) => text.replace('notice_shown', 'notice_given')),
    1,
    /inclusion proof fails/,
  ],
  ['the nonce of an entry', bend('entries/0001.nonce'), 1, /inclusion proof fails/],
  [
    'a nonce cut short',
    (files) => void files.set('entries/0001.nonce', files.get('entries/0001.nonce')!.subarray(1)),
    1,
    /has not 64 bytes/,
  ],
  [
    'the index of a proof',
    edit('entries/0002.tlog-proof', (text) =>
      text.replace(/index (\d+)/, (_all, n: string) => `index ${String(Number(n) + 1)}`),
    ),
    1,
    /inclusion proof fails/,
  ],
  [
    'a hash of a proof',
    edit('entries/0001.tlog-proof', (text) =>
      text.replace(
        /\n([A-Za-z0-9+/])([A-Za-z0-9+/]{42}=)/,
        (_all, a: string, b: string) => `\n${a === 'A' ? 'B' : 'A'}${b}`,
      ),
    ),
    1,
    /inclusion proof fails/,
  ],
  [
    'the checkpoint of a proof',
    edit('entries/0001.tlog-proof', (text) =>
      text.replace(/\n(\d+)\n/, (_all, n: string) => `\n${String(Number(n) + 1)}\n`),
    ),
    1,
    /another checkpoint|tlog-proof/,
  ],
  ['two proofs swapped', swap('entries/0001.tlog-proof', 'entries/0002.tlog-proof'), 1, /inclusion proof fails/],
  [
    'two entries swapped',
    (files) => {
      for (const part of ['json', 'nonce', 'tlog-proof']) swap(`entries/0003.${part}`, `entries/0004.${part}`)(files);
    },
    3,
    /missing or stands in another place/,
  ],
  ['the first entry dropped', drop(/^(entries|evidence)\/0001/), 3, /entry 1 of the chain is missing/],
  ['the withdrawal dropped', drop(/^(entries|evidence)\/0003/), 3, /entry 3 of the chain is missing/],
  ['the last entry dropped', drop(/^(entries|evidence)\/0004/), 3, /left out/],
  [
    'the last entry dropped, and the chain said to end before',
    (files) => {
      drop(/^(entries|evidence)\/0004/)(files);
      edit(CHAIN, (text) => text.replace('"n":4', '"n":3'))(files);
    },
    3,
    /left out/,
  ],
  [
    'a withdrawal at the end hidden, with everything after it',
    (files) => {
      drop(/^(entries|evidence)\/000[34]/)(files);
      edit(CHAIN, (text) => text.replace('"n":4', '"n":2'))(files);
    },
    3,
    /left out/,
  ],
  ['the end of the chain', edit(CHAIN, jsonField('head')), 3, /ends elsewhere/],
  ['whose chain it is', edit(CHAIN, jsonField('ref')), 3, /ends elsewhere/],
  ['the size in the chain', edit(CHAIN, (text) => text.replace(/"size":\d+/, '"size":1')), 3, /ends elsewhere/],
  ['no chain file', drop(/chain\.json/), 1, /chain\.json is missing/],
  [
    'the size of the checkpoint',
    edit('checkpoints/after.note', (text) => text.replace(/\n(\d+)\n/, '\n1$1\n')),
    1,
    /not by the key you gave/,
  ],
  [
    'the root of the checkpoint',
    edit('checkpoints/after.note', (text) =>
      text.replace(
        /\n([A-Za-z0-9+/])([A-Za-z0-9+/]{42}=)\n/,
        (_all, a: string, b: string) => `\n${a === 'A' ? 'B' : 'A'}${b}\n`,
      ),
    ),
    1,
    /not by the key you gave/,
  ],
  ['the checkpoint gone', drop(/^checkpoints\/after\.note/), 1, /after\.note is missing/],
  [
    'an older checkpoint',
    edit('checkpoints/at-2.note', (text) => text.replace('\n2\n', '\n1\n')),
    1,
    /not by the key you gave|is missing/,
  ],
  [
    'a consistency proof',
    edit('checkpoints/at-2.consistency', (text) =>
      text.replace(
        /\n([A-Za-z0-9+/])([A-Za-z0-9+/]{42}=)\n/,
        (_all, a: string, b: string) => `\n${a === 'A' ? 'B' : 'A'}${b}\n`,
      ),
    ),
    1,
    /rewritten/,
  ],
  ['a consistency proof gone', drop(/at-2\.consistency/), 1, /is missing/],
  [
    'the key in the bundle',
    edit('keys/log.vkey', (text) => text.replace(/\+A/, '+B')),
    1,
    /another key than the one you gave/,
  ],
  ['the chunk of a message', edit('sends/0001.json', jsonField('broadcast')), 1, /inclusion proof fails/],
  ['the root of a chunk', edit('sends/0001.json', jsonField('root')), 1, /inclusion proof fails/],
  ['the nonce of a chunk', bend('sends/0001.nonce'), 1, /inclusion proof fails/],
  ['a message', edit('sends/0001.message.json', jsonField('delivery')), 1, /inner proof fails/],
  ['the consent of a message', edit('sends/0001.message.json', jsonField('c')), 1, /inner proof fails/],
  ['the nonce of a message', bend('sends/0001.message.nonce'), 1, /inner proof fails/],
  [
    'the position of a message',
    edit('sends/0001.inner', (text) => text.replace('position 0', 'position 1')),
    1,
    /inner proof fails/,
  ],
  [
    'the number of messages in a chunk',
    edit('sends/0001.inner', (text) => text.replace('of 1', 'of 2')),
    1,
    /counts other messages/,
  ],
  ['two messages swapped', swap('sends/0001.message.json', 'sends/0002.message.json'), 1, /inner proof fails/],
  ['a message left out of the numbering', drop(/^sends\/0001/), 1, /not numbered from 1/],
  ['a piece of the webhook', bend('evidence/0001/seg.001.bin', 30), 4, /not the piece of the webhook/],
  ['the envelope of the webhook', bend('evidence/0001/seg.000.bin'), 4, /not the piece of the webhook/],
  ['the nonce of a piece', bend('evidence/0001/seg.001.nonce'), 4, /not the piece of the webhook/],
  ['a nonce without its piece', drop(/0001\/seg\.001\.bin/), 4, /nonce/],
  ["the person's event withheld", drop(/0001\/seg\.001\./), 4, /lacks the person's own event|not what the entry says/],
  [
    'the header of the webhook',
    edit('evidence/0001/headers.json', jsonField('x_hub_signature_256')),
    4,
    /headers\.json is not what/,
  ],
  [
    'the arrival of the webhook',
    edit('evidence/0001/headers.json', (text) => text.replace('Z"', '1Z"')),
    4,
    /headers\.json is not what/,
  ],
  [
    'the pieces listed',
    edit('evidence/0001/delivery.json', (text) => text.replace('"present":true', '"present":false')),
    4,
    /delivery\.json is not what/,
  ],
  ['evidence for an entry that has none', put('evidence/0002/headers.json', '{}'), 4, /for an entry that names none/],
  ['evidence for no entry', put('evidence/0009/headers.json', '{}'), 4, /belongs to no entry/],
  [
    'the wording',
    (files) => bend([...files.keys()].find((name) => name.startsWith('notices/'))!)(files),
    4,
    /another wording/,
  ],
  ['the wording gone', drop(/^notices\//), 4, /is missing/],
  ['a wording added', put(`notices/${'0'.repeat(64)}.txt`, 'x'), 4, /named by no entry/],
  ['a file added', put('entries/extra.json', '{}'), 1, /has no place in a bundle/],
  ['another file added', put('more.txt', 'x'), 1, /has no place in a bundle/],
  ['a time-stamp', bend('anchors/after.tsr', 200), 2, /time-stamp/],
  ['a time-stamp of another checkpoint', swap('anchors/after.tsr', 'anchors/at-2.tsr'), 2, /over something else/],
  [
    'a time-stamp of the operator that is garbage',
    put('anchors/after.self.tsr', 'garbage'),
    2,
    /time-stamp is not DER|has bytes behind/,
  ],
  ['a time-stamp for no checkpoint', put('anchors/at-999.tsr', 'x'), 1, /checkpoint that is not here/],
  [
    'the line of a witness',
    edit('checkpoints/at-2.note', (text) =>
      text.replace(
        /(witness\.test\/w1 .{20})(.)/,
        (_all, head: string, one: string) => `${head}${one === 'A' ? 'B' : 'A'}`,
      ),
    ),
    2,
    /witness you named is not by its key/,
  ],
];

describe('a bundle that the operator has tampered with and signed anew', () => {
  it('covers enough', () => {
    expect(TAMPERINGS.length).toBeGreaterThanOrEqual(60);
  });

  it.each(TAMPERINGS.map(([name, change, level, sentence]) => ({ name, change, level, sentence })))(
    'fails at level $level: $name',
    ({ change, level, sentence }) => {
      const bent = new Map(tree);
      change(bent);
      const verdict = judge(resigned(bent, signer()));
      expect(verdict.exit).toBe(1);
      expect(verdict.levels[level - 1]!.reasons.join('\n')).toMatch(sentence);
    },
  );
});

describe('a bundle that somebody else has tampered with', () => {
  it('fails for any file that is changed, dropped or added, whichever it is', () => {
    for (const name of tree.keys()) {
      if (!/^(views|README|VERIFIER|verify-by|keys\/policy|manifest|anchors\/.*pem)/.test(name)) continue;
      const bent = new Map(tree);
      bend(name)(bent);
      const verdict = judge(bent);
      expect([name, verdict.exit, verdict.levels[0]!.state]).toEqual([name, 1, 'FAIL']);
    }
    const without = new Map(tree);
    without.delete('views/summary.html');
    expect(judge(without).levels[0]!.reasons.join()).toContain('is missing');
  });

  it.each([
    ['fields', (text: string) => text.replace('{', '{"aa":1,'), /other fields|sign this/],
    ['kind', (text: string) => text.replace('"kind":"lead"', '"kind":"leaf"'), /unknown version or kind/],
    ['log', (text: string) => text.replace('"log":"', '"log":"x'), /another log/],
    ['time', (text: string) => text.replace('"made_at":"2', '"made_at":"x'), /not a time/],
    ['a hash', (text: string) => text.replace(/("README.txt":")./, '$1f'), /sign this manifest|not the file/],
  ])('fails for a manifest with another %s', (_name, change, sentence) => {
    const bent = new Map(tree);
    edit('manifest.json', change)(bent);
    expect(judge(bent).levels[0]!.reasons.join()).toMatch(sentence);
  });

  it('fails under another key, and does not begin without one', () => {
    const other = vkeyOf(noteSigner(world.deps.logOrigin, randomBytes(32)));
    const verdict = judge(tree, ['--key', other]);
    expect([verdict.exit, verdict.levels[0]!.state]).toEqual([1, 'FAIL']);
    expect(verdict.levels[0]!.reasons.join()).toContain('not signed with the key you gave');
    const without = verifier.read(jsonOf(tree), []);
    expect([without.exit, without.text]).toEqual([1, expect.stringContaining('--key is needed')]);
    for (const bad of ['nonsense', 'x+00000000+AAAA']) expect(verifier.read(jsonOf(tree), ['--key', bad]).exit).toBe(1);
  });

  it('fails when a manifest is signed with the key of another log', () => {
    const forger = bundleSigner(noteSigner(world.deps.logOrigin, Buffer.alloc(32, 9)));
    expect(judge(resigned(tree, forger)).levels[0]!.reasons.join()).toContain('manifest.note');
  });
});

describe('what only a cheating log can try', () => {
  it('a self-made time-stamp posing as independent does not count', () => {
    const bent = new Map(tree);
    const authority = selfAuthority(Buffer.alloc(32, 5));
    for (const name of [...bent.keys()].filter((one) => /^anchors\/[^.]+\.tsr$/.test(one))) {
      const which = name.slice(8, -4);
      const note = bent.get(`checkpoints/${which}.note`)!.toString();
      const stamped = note
        .split('\n')
        .filter((line) => !line.startsWith('\u2014 witness'))
        .join('\n');
      bent.set(name, selfTimestamp(authority, sha256(Buffer.from(stamped)), randomBytes(8), new Date()));
      bent.set(`anchors/${which}.tsa.pem`, Buffer.from(pemOf(authority.certificate)));
    }
    const verdict = judge(resigned(bent, signer()), ['--key', world.vkey, '--tsa', 'tsa.pem']);
    expect(verdict.exit).toBe(2);
    expect(verdict.notes.join()).toContain('no authority you named');
  });

  it('a message after a withdrawal fails at level 3', async () => {
    const psid = newPsid();
    const uuid = await walk(psid);
    const { id, row } = (await world.leadOf(page, psid))!;
    now();
    await world.deliver(page, message(page, psid, new Date(), 'STOP'));
    await world.db.run('update lead set consent_entry = $2, consent_commitment = $3 where id = $1', [
      id,
      row['consent_entry'],
      row['consent_commitment'],
    ]);
    await world.sequence();
    await world.sendTo(page, [id]);
    await world.sequence();
    const verdict = verifier.verify(await exportLead(uuid), trusting);
    expect(verdict.levels[2]!.reasons.join()).toContain('was authorised although the consent had been withdrawn');

    // The same, and the message claims that the chain still ended before the withdrawal.
    await world.db.run('update lead set chain_n = chain_n - 1 where id = $1', [id]);
    await world.sendTo(page, [id]);
    await world.sequence();
    const passed = verifier.verify(await exportLead(uuid), trusting);
    expect(passed.levels[2]!.reasons.join()).toMatch(/withdrawn|a message after a withdrawal/);
  });

  it('a message that passes over the withdrawal fails at level 3', async () => {
    const psid = newPsid();
    const uuid = await walk(psid);
    const { id, row } = (await world.leadOf(page, psid))!;
    now();
    await world.deliver(page, message(page, psid, new Date(), 'STOP'));
    await world.sequence();
    await world.db.run(
      'update lead set consent_entry = $2, consent_commitment = $3, chain_n = chain_n - 1 where id = $1',
      [id, row['consent_entry'], row['consent_commitment']],
    );
    await world.sendTo(page, [id]);
    await world.sequence();
    const verdict = verifier.verify(await exportLead(uuid), trusting);
    expect(verdict.levels[2]!.reasons.join()).toContain('a message after a withdrawal');
  });

  it('an opt-in dated back behind what was vouched for fails at level 2', async () => {
    await walk(newPsid());
    const psid = newPsid();
    const past = new Date(Date.now() - 5 * 86_400_000);
    world.setNow(past);
    await world.deliver(page, postback(page, psid, past, 'assent:v1:start'));
    await world.sequence();
    now();
    const { uuid } = (await world.leadOf(page, psid))!;
    const verdict = verifier.verify(await exportLead(uuid), trusting);
    expect([verdict.exit, verdict.levels[1]!.state]).toEqual([1, 'FAIL']);
    expect(verdict.levels[1]!.reasons.join()).toContain('dated back');
  });

  it('a message before the notice was shown fails at level 3', async () => {
    const psid = newPsid();
    now();
    await world.deliver(page, postback(page, psid, new Date(), 'assent:v1:start'));
    await world.sequence();
    const { id, uuid } = (await world.leadOf(page, psid))!;
    await world.sendTo(page, [id]);
    await world.sequence();
    const verdict = verifier.verify(await exportLead(uuid), trusting);
    expect(verdict.levels[2]!.reasons.join()).toContain('before the person was shown the notice');
  });

  it('a checkpoint of another log with the same key is no continuation', () => {
    const bent = new Map(tree);
    const forged = signNote(
      `${world.deps.logOrigin}\n2\n${randomBytes(32).toString('base64')}\n`,
      logSigner(world.keyRing, world.deps.logOrigin),
    );
    bent.set('checkpoints/at-2.note', Buffer.from(forged));
    drop(/^anchors\/at-2/)(bent);
    expect(judge(resigned(bent, signer())).levels[0]!.reasons.join()).toContain('it was rewritten');
  });
});

describe('a hostile bundle', () => {
  const fails = (bundle: Buffer, sentence?: RegExp): void => {
    const verdict = verifier.verify(bundle, trusting);
    expect([verdict.exit, verdict.levels[0]!.state]).toEqual([1, 'FAIL']);
    if (sentence !== undefined) expect(verdict.levels[0]!.reasons.join('\n')).toMatch(sentence);
  };
  const NAMES = [
    '../evil.txt',
    '/etc/passwd',
    'a\\b',
    'a/../b',
    'a//b',
    '.hidden',
    'a/',
    'nul\u0000',
    '\u202etxt.exe',
    'x'.repeat(300),
  ];

  it.each(NAMES)('with the name %j', async (name) => {
    const bent = new Map(tree);
    bent.set(name, Buffer.from('x'));
    fails(jsonOf(bent), /name that is not allowed|names are not in order/);
    fails(await zipOfTree(bent));
  });

  it('with a name twice', async () => {
    const zip = await zipOfTree(
      new Map([...tree, ['notices/zz1', Buffer.from('x')], ['notices/zz2', Buffer.from('x')]]),
    );
    fails(Buffer.from(zip.toString('latin1').replaceAll('notices/zz2', 'notices/zz1'), 'latin1'), /twice/);
    const text = jsonOf(tree).toString();
    fails(Buffer.from(text.replace('{', '{"README.txt":"eA==",')), /twice|not in order/);
  });

  it('that is cut short anywhere, has bytes before or behind it, or a file that lies about its size', async () => {
    const zip = await zipOfTree(tree);
    for (let end = 0; end < zip.length; end += Math.ceil(zip.length / 25)) fails(zip.subarray(0, end));
    fails(Buffer.concat([zip, Buffer.from('x')]), /bytes behind/);
    fails(Buffer.concat([Buffer.from('x'), zip]));
    const central = zip.indexOf(Buffer.from('504b0102', 'hex'));
    for (const [at, value] of [
      [20, 0xfffffff0],
      [24, 0xfffffff0],
      [42, 0xffffffff],
      [28, 0xffff],
      [10, 8],
      [8, 1],
    ] as const) {
      const bent = Buffer.from(zip);
      if (at === 28 || at === 10 || at === 8) bent.writeUInt16LE(value, central + at);
      else bent.writeUInt32LE(value, central + at);
      fails(bent);
    }
    const text = jsonOf(tree);
    for (let end = 0; end < text.length; end += Math.ceil(text.length / 10)) fails(text.subarray(0, end));
  });

  it('of nonsense, of nothing, nested without end', () => {
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('PK'),
      randomBytes(5_000),
      Buffer.from('{}'),
      Buffer.from('[]'),
      Buffer.from('null'),
      Buffer.from('{"a":{"b":1}}'),
    ])
      fails(bytes);
    fails(Buffer.from(`${'['.repeat(200_000)}${']'.repeat(200_000)}`));
    fails(Buffer.from(`{"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`));
    for (const deep of [`${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`, `${'['.repeat(5_000)}${']'.repeat(5_000)}`]) {
      const bent = new Map(tree);
      bent.set('entries/0001.json', Buffer.from(deep));
      fails(jsonOf(resigned(bent, signer())));
    }
  });

  it('of any kind ends in a verdict: one bit changed anywhere is never a proof', async () => {
    const zip = await zipOfTree(tree);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: zip.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const bent = Buffer.from(zip);
        bent[at] = (bent[at] ?? 0) ^ (1 << bit);
        fails(bent);
      }),
      { numRuns: 40 },
    );
  });
});
