import { createHash } from 'node:crypto';
import { jcs, jsonOf, withManifest, type Fields, type Files, type Listed } from '../../support/bundle-fixture';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { reasonsOf, type Verdict } from '../../support/verifier';
import { type Auditor, bundleOf, CAST, openAuditor, START, witnessedPlan } from './bundle-world';
import { drop, put } from './tamperings';

let tsa: TestTsa;
let auditor: Auditor;
beforeAll(() => {
  tsa = makeTestTsa();
  auditor = openAuditor();
});
afterAll(() => {
  auditor.close();
  tsa.close();
});

const head = (page: string): string => `{"id":"${page}","time":${START},"messaging":[`;
const FIRST: Listed = ['p', `{"object":"page","entry":[${head(CAST.page)}`];
const FOREIGN: Listed = ['p', `{"object":"page","entry":[${head('999')}`];
const OWN: Listed = ['e', ''];
const COMMA: Listed = ['p', ','];
const END: Listed = ['p', ']}]}'];
const next = (page: string): Listed => ['p', `]},${head(page)}`];
const run = (count: number): Listed => ['m', Array.from({ length: count }, (_, at) => `{"other":${at}}`).join(',')];

/** An opt-in in a webhook that its entry lists like this, judged with nothing else amiss. */
function listed(listing: readonly Listed[], evidence: Fields = {}): Files {
  const plan = witnessedPlan(tsa);
  plan.optIn.event = { ...plan.optIn.event!, listed: listing };
  plan.optIn.evidence = evidence;
  return bundleOf(plan);
}
const judge = (files: Files): Promise<Verdict> =>
  auditor.judgeFast(jsonOf(files), ['--key', CAST.log.vkey, '--witness', CAST.witness.vkey]);
const said = async (files: Files): Promise<unknown[]> => {
  const verdict = await judge(files);
  return [verdict.exit, verdict.evidence[0]?.grade, reasonsOf(verdict, 4)];
};

it.each<[string, Listed[]]>([
  ['first', [FIRST, OWN, COMMA, run(59), END]],
  ['in the middle', [FIRST, run(30), COMMA, OWN, COMMA, run(29), END]],
  ['last', [FIRST, run(59), COMMA, OWN, END]],
  ['alone in its entry', [FOREIGN, run(30), next(CAST.page), OWN, next('999'), run(29), END]],
  [
    'among others in an entry of several',
    [FOREIGN, run(30), next(CAST.page), run(9), COMMA, OWN, COMMA, run(9), next('7'), run(9), END],
  ],
])('accepts an event that is %s, with other people in runs', async (_name, listing) => {
  expect(await said(listed(listing))).toEqual([0, 'E2', '']);
});

const UNDER = 'does not hold this event under its Page';
const FORM = 'the runs of other people\u0027s events are malformed';
it.each<[string, Listed[], string]>([
  ['under another Page', [FOREIGN, run(30), COMMA, OWN, COMMA, run(29), END], UNDER],
  ['under the Page behind it', [FOREIGN, OWN, next(CAST.page), run(59), END], UNDER],
  ['under the Page before it', [FIRST, run(59), next('999'), OWN, END], UNDER],
  [
    'of another object',
    [['p', FIRST[1].replace('page', 'user')], OWN, COMMA, run(59), END],
    'is no webhook about a Page',
  ],
  ['with a run at its beginning', [run(30), COMMA, OWN, END], FORM],
  ['with a run at its end', [FIRST, OWN, COMMA, run(59)], FORM],
  ['with a run beside the event', [FIRST, run(59), OWN, END], FORM],
  ['with two runs side by side', [FIRST, OWN, COMMA, run(30), run(29), END], FORM],
  ['with an empty run', [FIRST, OWN, COMMA, ['m', ''], END], FORM],
  ['without the comma', [FIRST, OWN, ['p', ' '], run(59), END], 'the webhook'],
])('refuses a webhook %s', async (_name, listing, sentence) => {
  const verdict = await judge(listed(listing));
  expect([verdict.exit, reasonsOf(verdict, 4)]).toEqual([1, expect.stringContaining(sentence)]);
});

const MIDDLE = [FIRST, run(30), COMMA, OWN, COMMA, run(29), END];

it('proves no grant where a piece around the event is withheld', async () => {
  const files = listed(MIDDLE);
  drop(/^evidence\/0001\/seg\.002\.bin$/)(files);
  const delivery = JSON.parse(files.get('evidence/0001/delivery.json')!.toString()) as { segments: Fields[] };
  delivery.segments[2]!['present'] = false;
  put('evidence/0001/delivery.json', Buffer.from(jcs(delivery)))(files);
  expect((await said(withManifest(files, CAST.log))).slice(0, 2)).toEqual([2, 'E3']);
});

it('takes no bytes for a run', async () => {
  for (const name of ['seg.001.bin', 'seg.001.nonce']) {
    const files = listed(MIDDLE);
    put(`evidence/0001/${name}`, Buffer.alloc(64))(files);
    const verdict = await judge(withManifest(files, CAST.log));
    expect([name, verdict.exit, reasonsOf(verdict, 4)]).toEqual([name, 1, expect.stringContaining('no place there')]);
  }
});

it('refuses runs that are said to be of different bodies', async () => {
  const files = listed(MIDDLE);
  const { evidence } = JSON.parse(files.get('entries/0001.json')!.toString()) as { evidence: { segs: unknown[][] } };
  const segs = evidence.segs.map((seg, at) =>
    at === 5 ? [...seg.slice(0, 2), createHash('sha256').digest('hex')] : seg,
  );
  const verdict = await judge(listed(MIDDLE, { segs }));
  expect([verdict.exit, reasonsOf(verdict, 4)]).toEqual([1, expect.stringContaining(FORM)]);
});

describe('one signature header', () => {
  const ONE = { hdr: `sha256=${'ab'.repeat(32)}` };
  /** Two entries that say they rest on webhooks with the same header. */
  const twice = (first: readonly Listed[], second: readonly Listed[], len: Fields = {}): Files => {
    const plan = witnessedPlan(tsa);
    plan.optIn.event = { ...plan.optIn.event!, listed: first };
    plan.optIn.evidence = ONE;
    plan.shown.event = { ...plan.optIn.event, listed: second };
    plan.shown.evidence = { ...ONE, ...len };
    return bundleOf(plan);
  };
  const ONCE = 'tell of one signed webhook, and not of the same bytes';
  const reasons = async (files: Files) => reasonsOf(await judge(files), 4);

  it.each<[string, Listed[], Listed[]]>([
    ['two whole bodies', [FIRST, OWN, END], [['p', `${FIRST[1]} `], OWN, END]],
    ['a whole body and a longer one', [FIRST, OWN, END], [FIRST, run(9), COMMA, OWN, END]],
    ['two lengths', [FIRST, run(9), COMMA, OWN, END], [FIRST, run(19), COMMA, OWN, END]],
  ])('is not of %s', async (_name, first, second) => {
    expect(await reasons(twice(first, second))).toContain(ONCE);
  });

  it('may be of one body that two entries rest on, each with its own event', async () => {
    expect(await reasons(twice(MIDDLE, MIDDLE))).not.toContain(ONCE);
    expect(await reasons(twice([FIRST, OWN, END], [FIRST, OWN, END]))).not.toContain(ONCE);
  });
});
