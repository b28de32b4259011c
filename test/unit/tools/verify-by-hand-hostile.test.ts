import { execFileSync } from 'node:child_process';
import { sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  pemOf,
  selfAuthority,
  selfTimestamp,
  type SelfAuthority,
} from '../../../src/domain/ledger/anchor/self-timestamp.rules';
import { jsonOf, withManifest, type Fields, type Files } from '../../support/bundle-fixture';
import { der, hex } from '../../support/der';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import {
  type Auditor,
  bundleOf,
  CAST,
  honestPlan,
  objection,
  openAuditor,
  START,
  shortened,
  type Plan,
} from './bundle-world';
import { byHand } from './by-hand';
import { edit, put } from './tamperings';

// The script starts hundreds of short processes, which takes long where processes are dear.
jest.setTimeout(240_000);
const MINUTE_MS = 60_000;
let tsa: TestTsa;
let auditor: Auditor;
let dir: string;
let short: Files;

const plan = (): Plan => {
  const steps = honestPlan(tsa, tsa);
  delete steps.after.selfStamp;
  return steps;
};
beforeAll(() => {
  tsa = makeTestTsa();
  auditor = openAuditor();
  auditor.file('tsa.pem', tsa.authority);
  dir = mkdtempSync(path.join(tmpdir(), 'assent-by-hand-hostile-'));
  short = bundleOf(shortened(plan()));
});
afterAll(() => {
  tsa.close();
  auditor.close();
  rmSync(dir, { recursive: true });
});

type Change = (files: Files) => void;
const changed = (of: Files, ...changes: readonly Change[]): Files => {
  const files = new Map(of);
  for (const change of changes) change(files);
  return files;
};
const resigned = (of: Files, ...changes: readonly Change[]): Files => withManifest(changed(of, ...changes), CAST.log);
const failing = (sentence: string): unknown => [1, expect.stringContaining(sentence)];
const verdictOf = async (files: Files): Promise<unknown> => {
  const { status, failures } = await byHand(files, [tsa.authorityFile]);
  return [status, failures.join()];
};

describe('a name in the manifest', () => {
  const naming = (name: string): Change =>
    edit('manifest.json', (json) => json.replace('{"files":{', `{"files":{"${name}":"${'0'.repeat(64)}",`));

  it.each(['/dev/zero', '../../dev/zero', '-'])('%s, is opened by nobody', async (name) => {
    expect(await verdictOf(changed(short, naming(name)))).toEqual(failing('the manifest names every file'));
  });

  it('that of a pipe, is opened by nobody', async () => {
    const pipe = path.join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const name = path.join('..', path.basename(dir), 'pipe');
    expect(await verdictOf(changed(short, naming(name)))).toEqual(failing('the manifest names every file'));
  });

  it('and in the folder that stands for the input, is the file', async () => {
    const { status, failures } = await byHand(resigned(short, put('-', 'x')));
    expect([status, failures]).toEqual([1, ['FAIL  every file has its place in a bundle']]);
  });

  it('counts only where the files are named', async () => {
    const { files, ...rest } = JSON.parse(short.get('manifest.json')!.toString()) as { files: Fields };
    const { 'README.txt': hidden, ...shown } = files;
    const elsewhere = withManifest(short, CAST.log, { ...rest, files: shown, zz: { 'README.txt': hidden } });
    expect(await verdictOf(elsewhere)).toEqual(failing('the manifest says nothing else'));
  });
});

describe('an entry that is written so that a search does not find what it says', () => {
  /** A grant that is dated back by years and rests on nothing. */
  const granting = (written: (body: string) => string, more: Fields = {}): Files => {
    const steps = plan();
    const { fields } = steps.optIn;
    delete steps.optIn.event;
    steps.optIn.fields = (before) => ({ ...fields(before), event_at: '2020-01-01T00:00:00.000Z', ...more });
    steps.optIn.written = written;
    return bundleOf(shortened(steps));
  };
  const replaced = (text: string, by: string) => (body: string) => {
    if (!body.includes(text)) throw new Error('nothing was replaced');
    return body.replace(text, by);
  };

  it.each<[string, (body: string) => string]>([
    ['by an escape', replaced('marketing.broadcast', 'marketing\\u002ebroadcast')],
    ['by an escape of its kind', replaced('"opt_in"', '"opt\\u005fin"')],
    ['by an escape of a key', replaced('"kind":', '"\\u006bind":"x","kind":')],
    ['by an escape that is short for itself', replaced('"gdpr', '"\\/gdpr')],
    ['by an escape in capitals', replaced('"gdpr', '"\\u001Fgdpr')],
    ['by a blank', replaced('"kind":"opt_in"', '"kind": "opt_in"')],
    ['by a blank before a list', replaced('"purposes":[', '"purposes": [')],
    ['by a tabulator', replaced('"purposes":[', '"purposes":\t[')],
    ['by an escape that is longer than it need be', replaced('"gdpr', '"\\u000agdpr')],
    ['by an end of line', (body) => `${body}\n`],
    ['by a byte that ends a text', (body) => `${body}\0`],
    ['by two kinds', replaced('"kind":"opt_in"', '"kind":"object","kind":"opt_in"')],
    ['by a kind that is no text', replaced('"kind":"opt_in"', '"kind":["opt_in"]')],
    ['by a kind that stands deeper', replaced('"kind":"opt_in"', '"zz":{"kind":"opt_in"}')],
    ['of another log', replaced(`"log":"${CAST.log.name}"`, `"log":"other","zz":{"log":"${CAST.log.name}"}`)],
    ['that is longer than any', replaced('"via"', `"long":"${'x'.repeat(16_384)}","via"`)],
  ])('%s, is refused, as the verifier does', async (_how, written) => {
    const files = granting(written);
    expect(await verdictOf(files)).toEqual(failing('entries/0001 is canonical JSON'));
    const verdict = await auditor.judgeFast(jsonOf(files), ['--key', CAST.log.vkey, '--tsa', 'tsa.pem']);
    expect(verdict.exit).toBe(1);
  });

  it('is refused also as a message', async () => {
    const files = bundleOf(plan());
    const bent = resigned(
      files,
      edit('sends/0001.json', replaced('"kind":', '"kind": ')),
      edit('sends/0002.message.json', replaced('"kind":', '"kind": ')),
    );
    const { failures } = await byHand(bent);
    for (const name of ['sends/0001', 'sends/0002']) expect(failures.join()).toContain(`${name} is canonical JSON`);
  });

  it('is none where its words merely look so', async () => {
    const steps = plan();
    const { fields } = steps.optIn;
    const ref = 'a "kind":"token" \\u0041 \\\\ [{ \b\f\n\r\t \u0000\u001f\u007f \u00e9\u2028\u{1f600}';
    steps.optIn.fields = (before) => ({ ...fields(before), ref, zz: { kind: 'x', log: 'other' }, number: -12 });
    expect(await verdictOf(bundleOf(shortened(steps)))).toEqual([0, '']);
    steps.optIn.written = (body) => body.replace('"ref":"a', `"ref":"${'x'.repeat(16_385 - Buffer.byteLength(body))}`);
    expect(await verdictOf(bundleOf(shortened(steps)))).toEqual([0, '']);
  });
});

describe('a file', () => {
  it.each(['seg.1000.bin', 'seg.003.bin', 'seg.00001.bin', 'seg.1x.bin', 'seg..bin'])(
    '%s, that belongs to no piece of the webhook, is none',
    async (name) => {
      const more = resigned(short, put(`evidence/0001/${name}`, '{"sender":{"id":"1"},"timestamp":1}'));
      expect(await verdictOf(more)).toEqual(failing(`evidence/0001/${name} was logged`));
    },
  );

  it('that nothing reads is refused', async () => {
    const names = ['entries/0001x.json', 'evidence/x/y', 'checkpoints/at-09.note', 'more.txt', 'keys/1.json'];
    for (const name of names)
      expect(await verdictOf(resigned(short, put(name, 'x')))).toEqual(failing('every file has its place in a bundle'));
  });

  it('that is an entry behind a gap is refused, and more than one statement of the end', async () => {
    const gap = resigned(short, put('entries/0004.json', short.get('entries/0001.json')!));
    expect(await verdictOf(gap)).toEqual(failing('the entries are numbered from 1'));
    const two = resigned(
      short,
      edit('entries/chain.json', (text) => `${text}\n${text}`),
    );
    expect(await verdictOf(two)).toEqual(failing('the operator states that the chain ends'));
  });

  it('that is a checkpoint with more lines of the log than there are keys, or a longer one than any, is refused', async () => {
    const strange = `\u2014 ${CAST.log.name} AAAAAAAA\n`;
    const other = '\u2014 other AAAAAAAA\n';
    const notes = [
      (note: string) => note.replace('\n\n', `\n\n${strange.repeat(4)}`),
      (note: string) => note + other.repeat(1_000),
    ];
    for (const change of notes)
      expect(await verdictOf(resigned(short, edit('checkpoints/before.note', change)))).toEqual(
        failing('checkpoints/before.note is signed'),
      );
  });
});

it('the wish never to be written to again may end a chain, and no message follows it', async () => {
  const { first, after, ...start } = plan();
  const { noise, before, optIn, shown, between } = start;
  const wish = objection(first.at);
  const begun = { noise, before, optIn, shown, between };
  expect(await verdictOf(bundleOf({ ...begun, first, wish, after }))).toEqual([0, '']);
  expect(await verdictOf(bundleOf({ ...begun, wish, first, after }))).toEqual(
    failing('sends/0001 was authorised although the person had asked never to be written to again'),
  );
});

describe('an authority whose certificate has run out', () => {
  /** As in a certificate, where a time before 2050 is usually written shorter. */
  const timeOf = (ms: number): string => new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  const until = (ms: number): SelfAuthority => {
    const clock = selfAuthority(Buffer.alloc(32, 5));
    const { certificate, privateKey } = clock;
    const facts = Buffer.from(certificate.subarray(4, 8 + certificate.readUInt16BE(6)));
    facts.write(timeOf(ms), facts.indexOf('20991231235959Z'), 'latin1');
    const signature = der(0x03, Buffer.of(0), sign('sha256', facts, privateKey));
    return { ...clock, certificate: der(0x30, facts, der(0x30, hex('06082a8648ce3d040302')), signature) };
  };
  const judged = async (clock: SelfAuthority) => {
    const at = (ms: number) => (request: Buffer) =>
      selfTimestamp(clock, request.subarray(24, 56), Buffer.alloc(8, 1), new Date(ms));
    const steps = plan();
    steps.before.stamp = at(START - MINUTE_MS);
    steps.after.stamp = at(START + 6 * MINUTE_MS);
    const authority = path.join(dir, 'authority.pem');
    writeFileSync(authority, pemOf(clock.certificate));
    auditor.file('authority.pem', pemOf(clock.certificate));
    const files = bundleOf(shortened(steps));
    const { status, failures } = await byHand(files, [authority]);
    const verdict = await auditor.judgeFast(jsonOf(files), ['--key', CAST.log.vkey, '--tsa', 'authority.pem']);
    return [status, failures.join(), verdict.exit];
  };

  it('since, vouches for what it stamped before', async () => {
    expect(await judged(until(START + 30 * MINUTE_MS))).toEqual([0, '', 0]);
  });

  it('before it stamped, vouches for nothing', async () => {
    expect(await judged(until(START))).toEqual([1, expect.stringContaining('anchors/after.tsr'), 1]);
  });
});
