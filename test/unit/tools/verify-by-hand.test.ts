import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pemOf, selfAuthority, selfTimestamp } from '../../../src/domain/ledger/anchor/self-timestamp.rules';
import {
  noteOf,
  signerOf,
  timestampRequest,
  withManifest,
  type Fields,
  type Files,
  type Listed,
  type Step,
} from '../../support/bundle-fixture';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { bundleOf, CAST, DAY_MS, honestPlan, HOUR_MS, START, shortened, type Plan } from './bundle-world';
import { byHand } from './by-hand';
import { bend, edit, put } from './tamperings';

const REF = '0123456789abcdef0123456789abcdef';
let tsa: TestTsa;
let honest: Files;
let short: Files;

beforeAll(() => {
  tsa = makeTestTsa();
  const plan = honestPlan(tsa, tsa);
  delete plan.after.selfStamp;
  honest = bundleOf(plan);
  short = bundleOf(shortened(plan));
});
afterAll(() => tsa.close());

type Change = (files: Files) => void;
const changed = (of: Files, ...changes: readonly Change[]): Files => {
  const files = new Map(of);
  for (const change of changes) change(files);
  return files;
};
const resigned = (of: Files, ...changes: readonly Change[]): Files => withManifest(changed(of, ...changes), CAST.log);

it('passes what is honest, and says whose word the time is', async () => {
  const [whole, alone] = await Promise.all([byHand(honest, [tsa.authorityFile]), byHand(short)]);
  expect(whole).toMatchObject({ status: 0, failures: [], planted: false });
  expect(whole.printed).toContain('(by the authority you gave)');
  expect(alone).toMatchObject({ status: 2, failures: [] });
  expect(alone.printed).toContain("the time rests on the operator's word");
});

it('fails for each thing that was tampered with, and names it', async () => {
  const files = resigned(
    honest,
    bend('entries/0002.json', 80),
    bend('sends/0001.message.nonce'),
    bend('checkpoints/at-3.consistency', 60),
    bend('anchors/after.tsr', 300),
    bend('evidence/0003/seg.001.bin'),
    edit('sends/0002.inner', (inner) => inner.replace('of 1', 'of 2')),
    (tree) => [...tree.keys()].filter((name) => name.startsWith('notices/')).forEach((name) => bend(name)(tree)),
  );
  const { status, failures } = await byHand(files, [tsa.authorityFile]);
  expect(status).toBe(1);
  for (const name of [
    'entries/0002 ',
    'entries/0003 follows',
    'sends/0001 is one of',
    'sends/0002 is one of',
    'at-3.note is the beginning',
    'anchors/after.tsr',
    'evidence/0003/seg.001.bin',
    'notices/',
  ])
    expect(failures.join('\n')).toContain(name);
});

it('fails under another key, without a manifest that names all, and for a checkpoint nobody signed', async () => {
  const forged = noteOf(`${CAST.log.name}\n1\n${'A'.repeat(43)}=\n`, CAST.log).replace(/ \S{20}/, ` ${'A'.repeat(20)}`);
  const [unnamed, unsigned] = await Promise.all([
    byHand(changed(short, put('more.txt', 'x'))),
    byHand(resigned(short, put('checkpoints/before.note', forged))),
  ]);
  expect(unnamed.failures.join()).toContain('the manifest names every file');
  expect(unsigned.failures.join()).toContain('checkpoints/before.note is signed');
});

it('fails for a file that the manifest does not name, also for one of a similar name', async () => {
  const names = ['manifest.html', 'manifest.d/x.html', 'manifest_json', 'manifest.json.txt'];
  const found = await Promise.all(names.map((name) => byHand(changed(short, put(name, 'x')))));
  for (const { failures } of found) expect(failures.join()).toContain('the manifest names every file, and no other');
});

it('does not follow links, and takes no name that could be mistaken', async () => {
  const link = await byHand(short, [], (dir) => symlinkSync('/etc/passwd', path.join(dir, 'views')));
  const name = await byHand(changed(short, put('entries/0009$(touch planted).json', 'x')));
  for (const found of [link, name]) expect(found).toMatchObject({ status: 1, planted: false });
  expect(link.failures.join()).toContain('holds a link');
});

it('runs nothing that is hidden in a number', async () => {
  const hidden = 'failed[$(touch planted)0]';
  const note = noteOf(`${CAST.log.name}\n${hidden}\n${'A'.repeat(43)}=\n`, CAST.log);
  const plants = [
    resigned(
      honest,
      edit('sends/0001.inner', (inner) => inner.replace('of 3', `of ${hidden}`)),
      edit('sends/0002.inner', (inner) => inner.replace('position 0', `position ${hidden}`)),
      edit('entries/0001.tlog-proof', (proof) => proof.replace('index 1', `index ${hidden}`)),
      edit('checkpoints/at-3.consistency', (proof) => proof.replace('from 3', `from ${hidden}`)),
      put('checkpoints/before.note', note),
      edit('checkpoints/before.consistency', (proof) => proof.replace('from 1', `from ${hidden}`)),
    ),
    resigned(short, put('checkpoints/after.note', note)),
  ];
  const found = await Promise.all(plants.map((files) => byHand(files)));
  expect(found.map(({ status, planted }) => [status, planted])).toEqual(plants.map(() => [1, false]));
});

// The script starts hundreds of short processes, which takes long where processes are dear.
jest.setTimeout(240_000);

describe('a field that stands in an entry twice', () => {
  const withOneMessage = ({ noise, before, optIn, shown, first, after }: Plan) => ({
    noise,
    before,
    optIn,
    shown,
    first,
    after,
  });
  const byPlan = async (change: (plan: Plan) => Record<string, Step>) => {
    const plan = honestPlan(tsa, tsa);
    delete plan.after.selfStamp;
    return (await byHand(bundleOf(change(plan)), [tsa.authorityFile])).failures.join();
  };

  it('hides no withdrawal from the chain', async () => {
    const failures = await byPlan(({ stop, back, second: _second, ...plan }) => {
      const { fields } = back;
      back.subject = { n: 4, prev: 'ab'.repeat(32) };
      back.fields = (before) => ({
        ...fields(before),
        zz: { subject: { n: 3, prev: before[1], ref: REF } },
        after: null,
      });
      const { more, after, ...start } = plan;
      return { ...start, stop: { ...stop, isLeftOut: true }, back, more, after };
    });
    expect(failures).toContain('entries/0003 follows the entry before it');
  });

  it('finds nothing wrong with a chunk of tests', async () => {
    const failures = await byPlan((plan) => {
      plan.first.chunk = { test: true };
      return withOneMessage(plan);
    });
    expect(failures).toBe('');
  });

  it('lets no message pass for one of another chunk', async () => {
    const failures = await byPlan((plan) => {
      const { root } = JSON.parse(bundleOf(plan).get('sends/0001.json')!.toString()) as { root: string };
      plan.first.chunk = { root: 'ab'.repeat(32), zz: { a: 1, n: 3, page: 'x', root, v: 1 } };
      return withOneMessage(plan);
    });
    expect(failures).toContain('sends/0001 is one of');
  });
});

describe('the time', () => {
  const MINUTE_MS = 60_000;
  const CLOCK = selfAuthority(Buffer.alloc(32, 5));
  /** Stamps at whichever time it is told. */
  const at =
    (ms: number, clock = CLOCK) =>
    (request: Buffer): Buffer =>
      selfTimestamp(clock, request.subarray(24, 56), Buffer.alloc(8, 1), new Date(ms));
  const changedPlan = (
    change: (plan: Plan) => void,
    part: (plan: Plan) => Record<string, Step> = (plan) => plan,
  ): Files => {
    const plan = honestPlan(tsa, tsa);
    plan.before.stamp = at(START - MINUTE_MS);
    plan.between.stamp = at(START + MINUTE_MS);
    plan.after.stamp = at(START + 6 * MINUTE_MS);
    delete plan.after.selfStamp;
    change(plan);
    return bundleOf(part(plan));
  };
  let dir: string;
  let authority: string;
  beforeAll(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'assent-by-hand-clock-'));
    authority = path.join(dir, 'authority.pem');
    writeFileSync(authority, pemOf(CLOCK.certificate));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('counts no stamp over a note that nobody signed', async () => {
    const text = `${CAST.log.name}\n9\n${Buffer.alloc(32, 7).toString('base64')}\n`;
    const note = noteOf(text, signerOf(CAST.log.name, Buffer.alloc(32, 99)));
    const plan = honestPlan(tsa, tsa);
    for (const step of [plan.after, plan.before]) delete step.stamp;
    delete plan.after.selfStamp;
    const bare = bundleOf(shortened(plan));
    const files = ['x', 'at-9'].map((which) => {
      const planted = new Map(bare).set(`checkpoints/${which}.note`, Buffer.from(note));
      return withManifest(planted.set(`anchors/${which}.tsr`, at(START)(timestampRequest(note))), CAST.log);
    });
    const found = await Promise.all(files.map((one) => byHand(one, [authority])));
    for (const { status, failures, printed } of found) {
      expect([status, failures.join()]).toEqual([
        1,
        expect.stringContaining('a checkpoint that does not hold') as string,
      ]);
      expect(printed).toContain('no time-stamp of an authority you gave');
    }
  });

  it('that each entry states is printed between the stamps around it', async () => {
    const { status, printed, failures } = await byHand(
      changedPlan(() => undefined),
      [authority],
    );
    expect([status, failures]).toEqual([0, []]);
    const iso = (ms: number) => new Date(ms).toISOString();
    const short = (ms: number) => iso(ms).replace('.000', '');
    const [before, between, after] = [-1, 1, 6].map((minutes) => short(START + minutes * MINUTE_MS));
    expect(printed).toContain(`entries/0001: says ${iso(START)}; not before ${before!}, there by ${between!}`);
    expect(printed).toContain(`sends/0002: says ${iso(START + 300_000)}; not before ${between!}, there by ${after!}`);
    expect(printed).not.toMatch(/^note/m);
  });

  it('of entries dated back or ahead fails, of each of them', async () => {
    const { status, failures } = await byHand(
      changedPlan(({ optIn, shown, second }) => {
        optIn.at -= DAY_MS;
        shown.at += HOUR_MS;
        second.at -= HOUR_MS;
      }),
      [authority],
    );
    expect(status).toBe(1);
    expect(failures).toEqual([
      expect.stringContaining('entries/0001 says a time at which'),
      expect.stringContaining('entries/0002 says a time after a stamp'),
      expect.stringContaining('sends/0002 says a time at which'),
    ]);
  });

  it('that came days before the first stamp rests on the word of the operator, and that is said', async () => {
    const { status, printed } = await byHand(
      changedPlan(({ before, shown }) => {
        delete before.stamp;
        shown.at -= 5 * DAY_MS;
      }, shortened),
      [authority],
    );
    expect([status, printed]).toEqual([2, expect.stringMatching(/entries\/0002: the first word .* came 5 days later/)]);
  });

  it('is compared with the stamps of the operator where no authority is named', async () => {
    const plan = honestPlan(tsa, tsa);
    const change = ({ before, after, optIn }: Plan): void => {
      before.selfStamp = at(START - MINUTE_MS);
      after.selfStamp = at(START + 6 * MINUTE_MS);
      optIn.at -= DAY_MS;
    };
    change(plan);
    const files = bundleOf(shortened(plan));
    for (const which of ['before', 'after']) put(`anchors/${which}.self.pem`, pemOf(CLOCK.certificate))(files);
    const { status, failures } = await byHand(withManifest(files, CAST.log));
    expect([status, failures.join()]).toEqual([1, expect.stringContaining('dated back') as string]);
  });

  it('takes no lower limit from a stamp that an old checkpoint got late, nor any from one that does not hold', async () => {
    const late = await byHand(
      changedPlan(({ before }) => (before.stamp = at(START + DAY_MS)), shortened),
      [authority],
    );
    expect([late.status, late.printed]).toEqual([0, expect.stringMatching(/entries\/0001: .* no lower limit/)]);
    const bent = await byHand(
      changedPlan(
        ({ before }) => (before.stamp = at(START - MINUTE_MS, selfAuthority(Buffer.alloc(32, 6)))),
        shortened,
      ),
      [authority],
    );
    expect([bent.status, bent.printed]).toEqual([1, expect.stringMatching(/entries\/0001: .* no lower limit/)]);
  });

  it('is what the token says, whatever stands around it', async () => {
    const said = Buffer.from('x\nTime stamp: Jan  1 00:00:00 2020 GMT');
    const text = Buffer.concat([Buffer.of(0x30, said.length + 2, 0x0c, said.length), said]);
    const status = Buffer.concat([Buffer.of(0x30, text.length + 3, 2, 1, 0), text]);
    const talkative = (request: Buffer): Buffer => {
      const reply = at(START - MINUTE_MS)(request);
      const token = reply.subarray(reply.indexOf(Buffer.from('3003020100', 'hex')) + 5);
      const body = Buffer.concat([status, token]);
      return Buffer.concat([Buffer.of(0x30, 0x82, body.length >> 8, body.length & 255), body]);
    };
    const files = changedPlan(({ before, optIn }) => {
      before.stamp = talkative;
      optIn.at -= DAY_MS;
    }, shortened);
    const { failures } = await byHand(files, [authority]);
    expect(failures).toEqual([expect.stringContaining('entries/0001 says a time at which')]);
  });

  it('runs nothing and believes nothing that is hidden in it', async () => {
    const hidden = 'a[$(touch planted)0]';
    const statements = [
      `{"at":"${hidden}",`,
      `{"aa":{"at":"2020-01-01T00:00:00.000Z"},"at":"${hidden}",`,
      '{"at":"2026-13-01T00:00:00.000Z",',
    ];
    for (const statement of statements) {
      const found = await byHand(
        resigned(
          short,
          edit('entries/0001.json', (json) => json.replace(/^\{"at":"[^"]*",/, statement)),
        ),
        [tsa.authorityFile],
      );
      expect(found).toMatchObject({ status: 1, planted: false });
      expect(found.failures.join()).toContain('entries/0001 states when it was written');
    }
  });
});

describe('what a grant rests on', () => {
  const acted = (change: (plan: Plan) => void): Files => {
    const plan = honestPlan(tsa, tsa);
    delete plan.after.selfStamp;
    change(plan);
    return bundleOf(shortened(plan));
  };
  const judged = (files: Files) => byHand(files, [tsa.authorityFile]);
  const told = (change: Fields) => (plan: Plan) => {
    const { fields } = plan.optIn;
    plan.optIn.fields = (before) => ({ ...fields(before), ...change });
  };
  const iso = (ms: number): string => new Date(ms).toISOString();
  const without =
    (path: RegExp): Change =>
    (files) =>
      [...files.keys()].filter((name) => path.test(name)).forEach((name) => files.delete(name));
  const UNTOLD = 'entries/0001 grants, and the webhook it rests on is not whole';

  it.each<[string, RegExp]>([
    ['all', /^evidence/],
    ["the person's own event", /^evidence\/0001\/seg\.001/],
    ['what lies around it', /^evidence\/0001\/seg\.002/],
  ])('is the word of the operator where %s of the webhook is withheld', async (_what, path) => {
    const { status, printed, failures } = await judged(resigned(short, without(path)));
    expect([status, failures, printed]).toEqual([2, [], expect.stringContaining(UNTOLD)]);
  });

  it('is the word of the operator where the event does not say when it happened', async () => {
    const untimed = acted(({ optIn }) => {
      optIn.event!.value = { ...(optIn.event!.value as Fields), timestamp: undefined };
    });
    const { status, printed } = await judged(untimed);
    expect([status, printed]).toEqual([2, expect.stringContaining(UNTOLD)]);
  });

  it('is the word of the operator where it is a permission at Messenger that nobody can read', async () => {
    const permission = (state: string) =>
      acted((plan) => {
        plan.shown.event = { value: {}, others: 0, kept: false };
        plan.shown.fields = () => ({ kind: 'token', state, event_at: iso(plan.shown.at), expires: null });
      });
    const [granted, stopped] = await Promise.all(['granted', 'stopped'].map((state) => judged(permission(state))));
    expect([granted!.status, granted!.printed]).toEqual([2, expect.stringContaining('entries/0002 grants')]);
    expect(stopped!.status).toBe(0);
  });

  it('is not asked of what allows no broadcast, nor are events of others', async () => {
    const begun = acted((plan) => {
      told({ purposes: ['reply'] })(plan);
      plan.optIn.event!.kept = false;
    });
    const among = acted(({ optIn }) => (optIn.event!.others = 1));
    const inRuns = acted(({ optIn }) => {
      const head = `{"object":"page","entry":[{"id":"${CAST.page}","time":${String(START)},"messaging":[`;
      const listed: Listed[] = [
        ['p', head],
        ['m', '{"other":1},{"other":2}'],
        ['p', ','],
        ['e', ''],
        ['p', ']}]}'],
      ];
      optIn.event = { ...optIn.event!, listed };
    });
    const found = await Promise.all([begun, among, inRuns].map(judged));
    expect(found.map(({ status }) => status)).toEqual([0, 0, 0]);
  });

  it('is the word of the operator where the act came days before the first stamp', async () => {
    const { status, printed } = await judged(acted(told({ event_at: iso(START - 30 * DAY_MS) })));
    expect([status, printed]).toEqual([
      2,
      expect.stringMatching(/entries\/0001: the first word .* came 30 days later/),
    ]);
  });

  it.each<[string, Fields, string]>([
    ['happened after it was written', { event_at: iso(START + 6 * 60_000) }, 'the act happened after it was written'],
    ['happened at no time', { event_at: 'today' }, 'states when the act happened'],
    ['happened at two times', { event_at: iso(START), zz: { event_at: iso(START) } }, 'states when the act happened'],
  ])('fails where the act %s', async (_what, change, sentence) => {
    const { status, failures } = await judged(acted(told(change)));
    expect([status, failures]).toEqual([1, [expect.stringContaining(sentence)]]);
  });
});
