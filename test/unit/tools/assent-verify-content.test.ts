import { readFileSync } from 'node:fs';
import path from 'node:path';
import { classifyWord } from '../../../src/domain/unsubscribe/words.rules';
import { jcs, jsonOf, sha256, withManifest, type EntryStep, type Files } from '../../support/bundle-fixture';
import { ROOT } from '../../support/program';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { reasonsOf, statesOf, type Verdict } from '../../support/verifier';
import {
  type Auditor,
  bundleOf,
  CAST,
  event,
  honestPlan,
  openAuditor,
  type Plan,
  START,
  witnessedPlan,
} from './bundle-world';
import { drop, edit, put } from './tamperings';

let tsa: TestTsa;
let auditor: Auditor;
const TRUSTING = ['--key', CAST.log.vkey, '--witness', CAST.witness.vkey];

beforeAll(() => {
  tsa = makeTestTsa();
  auditor = openAuditor();
});
afterAll(() => {
  auditor.close();
  tsa.close();
});

const changed = (work: (plan: Plan) => void): Files => {
  const plan = witnessedPlan(tsa);
  work(plan);
  return bundleOf(plan);
};
const judge = (files: Files): Promise<Verdict> => auditor.judge(jsonOf(files), TRUSTING);
const content = (verdict: Verdict): string => reasonsOf(verdict, 4);

/** An entry that rests on another act than it does in the honest plan. */
function rest(step: EntryStep, act: Record<string, unknown>, via?: string): void {
  const { at } = step;
  const { timestamp } = step.event!.value as { timestamp: number };
  step.event!.value = event(at === START ? timestamp : at - 1_000, act);
  if (via === undefined) return;
  const { fields } = step;
  step.fields = (before) => ({ ...fields(before), via });
}
const text = (words: string) => ({ message: { text: words } });
const tap = (payload: string) => ({ postback: { payload } });
const reply = (payload: string) => ({ message: { text: 'x', quick_reply: { payload } } });

describe('a grant', () => {
  const NO = /passes a refusal off as consent/;
  const OTHER = /means something else/;
  const BACK: readonly (readonly [string, Record<string, unknown>, string, RegExp])[] = [
    ['a word that says no', text('STOP'), 'keyword', NO],
    ['the same, spelt out', text('s. t. o. p!'), 'keyword', NO],
    ['the same, full width', text('\uff33\uff34\uff2f\uff30'), 'keyword', NO],
    ['a word that says no in another language', text('D\u00e9sabonner.'), 'keyword', NO],
    ['a word in an edit', { message_edit: { text: 'START' } }, 'keyword', OTHER],
    ['no words', { message: { attachments: [] } }, 'keyword', /holds no words/],
    ['a tap passed off as a word', reply('assent:v1:notice'), 'keyword', /holds no words/],
    ['a tap on "no"', tap('assent:v1:consent:no'), 'button', NO],
    ['a tap on "unsubscribe"', tap('assent:v1:unsubscribe:7b0ad1ce-0000-4000-8000-000000000001'), 'button', NO],
    ['a tap on "what do I get?"', tap('assent:v1:notice'), 'button', OTHER],
    ['a tap on a button of somebody else', tap('buy'), 'button', OTHER],
    ['a quick reply that says no', reply('assent:v1:unsubscribe'), 'quick_reply', NO],
    ['a quick reply of somebody else', reply('buy'), 'quick_reply', OTHER],
    [
      'a stop at Messenger',
      { optin: { type: 'notification_messages', notification_messages_status: 'STOP NOTIFICATIONS' } },
      'marketing_optin',
      NO,
    ],
    ['a plugin as a permission at Messenger', { optin: { ref: 'x' } }, 'marketing_optin', OTHER],
  ];
  it.each(BACK)('does not rest on %s', async (_name, act, via, sentence) => {
    const verdict = await judge(changed(({ back }) => rest(back, act, via)));
    expect([verdict.exit, content(verdict)]).toEqual([1, expect.stringMatching(sentence)]);
  });

  it.each(['first_message', 'referral', 'api', 'constructor'])('does not come back via %s', async (via) => {
    const verdict = await judge(changed(({ back }) => rest(back, text('Where is my parcel?'), via)));
    expect([verdict.exit, verdict.levels[2]!.reasons.join()]).toEqual([1, expect.stringContaining('no such act')]);
  });

  const FIRST: typeof BACK = [
    ['a tap on "unsubscribe"', tap('assent:v1:unsubscribe'), 'get_started', NO],
    ['the same as a first message', tap('assent:v1:unsubscribe'), 'first_message', NO],
    ['a first message that says no', text('Stop'), 'first_message', NO],
    ['a start that is none', tap('assent:v1:notice'), 'get_started', OTHER],
  ];
  it.each(FIRST)('does not begin with %s', async (_name, act, via, sentence) => {
    const verdict = await judge(changed(({ optIn }) => rest(optIn, act, via)));
    expect([verdict.exit, content(verdict)]).toEqual([1, expect.stringMatching(sentence)]);
  });

  it.each([
    ['a tap on "subscribe"', tap('assent:v1:subscribe'), 'button'],
    ['a quick reply', reply('assent:v1:consent:yes'), 'quick_reply'],
    ['a permission at Messenger', { optin: { type: 'notification_messages' } }, 'marketing_optin'],
  ])('rests on %s', async (_name, act, via) => {
    const verdict = await judge(changed(({ back }) => rest(back, act, via)));
    expect([verdict.exit, content(verdict)]).toEqual([0, '']);
  });

  it.each([
    ['words', text("Don't stop sending me offers"), 'first_message'],
    ['a payload of somebody else', tap('menu'), 'first_message'],
    ['a payload that is none', { postback: {} }, 'first_message'],
    ['our button as a first message', tap('assent:v1:subscribe'), 'first_message'],
    [
      'a quick reply whose text says no',
      { message: { ...reply('assent:v1:start').message, text: 'Stop' } },
      'first_message',
    ],
    ['a link', { postback: { payload: 'assent:v1:start', referral: { ref: 'x' } } }, 'referral'],
  ])('begins with %s', async (_name, act, via) => {
    const verdict = await judge(changed(({ optIn }) => rest(optIn, act, via)));
    expect([verdict.exit, content(verdict)]).toEqual([0, '']);
  });
});

describe('a withdrawal by a button', () => {
  it('rests on a button that unsubscribes', async () => {
    const payloads = ['assent:v1:unsubscribe', 'assent:v1:unsubscribe:x', 'assent:v1:consent:no'];
    const verdicts = await Promise.all(
      [...payloads.map(tap), reply('assent:v1:unsubscribe')].map((act) =>
        judge(changed(({ stop }) => rest(stop, act, 'postback'))),
      ),
    );
    expect(verdicts.map(({ exit }) => exit)).toEqual([0, 0, 0, 0]);
    const other = await judge(changed(({ stop }) => rest(stop, tap('assent:v1:subscribe'), 'postback')));
    expect([other.exit, content(other)]).toEqual([1, expect.stringContaining('does not unsubscribe')]);
  });
});

describe('the words of an act', () => {
  it('are printed where it rests on them, and nowhere else', async () => {
    const files = changed(() => undefined);
    expect((await judge(files)).evidence.map(({ words }) => words)).toEqual([undefined, 'STOP', 'START']);
    const { text: said } = await auditor.read(jsonOf(files), TRUSTING);
    expect(said).toContain('it rests on the words "START"');
  });

  it('are cut, and cannot write over what the verifier says', async () => {
    const words = `\u001b[2J\u202e\u0628\u062f\u0621${'x'.repeat(100)}`;
    const files = changed(({ back }) => rest(back, text(words)));
    const { evidence } = await judge(files);
    expect(evidence[2]!.words).toBe(`?[2J?\u0628\u062f\u0621${'x'.repeat(52)}`);
    const { text: said } = await auditor.read(jsonOf(files), TRUSTING);
    expect(['\u001b', '\u202e'].filter((one) => said.includes(one))).toEqual([]);
  });

  it('that the verifier takes for a no are such for the server too', () => {
    const verifier = readFileSync(path.join(ROOT, 'tools/assent-verify.mjs'), 'utf8');
    const [, list] = /const NO = new Set\(\s*\[([^\]]*)\]/.exec(verifier)!;
    const words = [...list!.matchAll(/'([^']+)'/g)].flatMap(([, some]) => some!.split(','));
    expect(words.length).toBeGreaterThan(20);
    expect(words.filter((word) => classifyWord(word) !== 'stop')).toEqual([]);
  });
});

describe('evidence of which a part is withheld', () => {
  const without = (number: string, place: number): Files => {
    const files = changed(() => undefined);
    drop(new RegExp(`${number}/seg\\.00${String(place)}`))(files);
    const seen = new RegExp(`^((?:.*?"present":){${String(place + 1)}})true`);
    edit(`evidence/${number}/delivery.json`, (json) => json.replace(seen, '$1false'))(files);
    return withManifest(files, CAST.log);
  };

  it('is no proof of a grant when it lacks part of the webhook itself', async () => {
    const files = without('0001', 0);
    const verdict = await judge(files);
    expect([verdict.exit, statesOf(verdict), verdict.evidence[0]!.grade]).toEqual([
      2,
      'PASS PASS PASS ABSENT ABSENT',
      'E3',
    ]);
    expect(verdict.notes.join()).toContain('entries/0001 grants, and the webhook it rests on is withheld in part');
    const { text: said } = await auditor.read(jsonOf(files), TRUSTING);
    expect(said).toContain('part of the webhook itself is withheld');
    expect(said).not.toContain("E3, the person's event is here; other people's");
  });

  it('has that grade for a withdrawal too, which grants nothing', async () => {
    const verdict = await judge(without('0003', 2));
    expect([verdict.exit, verdict.evidence[1]!.grade]).toEqual([0, 'E3']);
  });
});

describe('evidence of a body of very many events, logged without what lies around the own one', () => {
  const nonce = (text: string): Buffer => Buffer.concat([sha256(text), sha256(`${text}+`)]);

  /** The envelope is that of another webhook: nobody could tell. */
  function cutOut(plan: Plan, step: EntryStep, number: string): Files {
    const own = Buffer.from(JSON.stringify(step.event!.value));
    const [head, tail] = ['{"object":"instagram","entry":[{"id":"999","messaging":[', ']}]}'].map((one) =>
      Buffer.from(one),
    ) as [Buffer, Buffer];
    const pieces = [head, own, tail];
    const segs = pieces.map((one, at) => ['e', one.length, sha256(sha256(one), nonce(String(at))).toString('hex')]);
    const len = pieces.reduce((sum, { length }) => sum + length, 0);
    step.evidence = { segs, i: 1, len };
    const files = bundleOf(plan);
    const folder = `evidence/${number}`;
    const segments = segs.map(([kind, length, hash], at) => ({ kind, length, hash, present: at === 1 }));
    drop(new RegExp(`^${folder}/seg`))(files);
    put(`${folder}/delivery.json`, jcs({ length: len, segments }))(files);
    put(`${folder}/seg.001.bin`, own)(files);
    put(`${folder}/seg.001.nonce`, nonce('1'))(files);
    return withManifest(files, CAST.log);
  }

  it('has a grade of its own, and is no proof of a grant', async () => {
    const plan = witnessedPlan(tsa);
    const verdict = await judge(cutOut(plan, plan.optIn, '0001'));
    expect([verdict.exit, statesOf(verdict), verdict.evidence[0]!.grade]).toEqual([
      2,
      'PASS PASS PASS ABSENT ABSENT',
      'E4',
    ]);
    expect(verdict.notes.join()).toContain('entries/0001 grants, and the webhook it rests on was logged without');
  });

  it('is enough for a withdrawal', async () => {
    const plan = witnessedPlan(tsa);
    const verdict = await judge(cutOut(plan, plan.stop, '0003'));
    expect([verdict.exit, reasonsOf(verdict), verdict.evidence[1]!.grade]).toEqual([0, '', 'E4']);
  });
});

describe('a wording that was shown', () => {
  const OTHER = 'Quite another text.';
  const other = sha256(OTHER).toString('hex');

  it('and is not the one that the consent names, is named beside it', async () => {
    const files = changed(({ shown }) => {
      const { fields } = shown;
      shown.fields = (before) => {
        const given = fields(before);
        return { ...given, notice: { ...(given['notice'] as object), sha256: other } };
      };
    });
    put(`notices/${other}.txt`, OTHER)(files);
    const verdict = await judge(withManifest(files, CAST.log));
    expect([verdict.exit, verdict.warnings.length]).toEqual([0, 2]);
    expect(verdict.warnings[0]).toContain(other);
    expect(verdict.warnings[0]).toContain(sha256(CAST.wording).toString('hex'));
  });

  it('earlier, and was followed by another, counts', async () => {
    const plan = honestPlan(tsa, tsa);
    const again = { ...plan.shown, at: plan.shown.at + 1_000 };
    again.fields = (before) => {
      const given = plan.shown.fields(before);
      return { ...given, notice: { ...(given['notice'] as object), sha256: other } };
    };
    const { noise, before, optIn, shown, between, after } = plan;
    const first = { ...plan.first, n: 3 };
    delete after.stamp;
    const files = bundleOf({ noise, before, optIn, shown, again, between, first, after });
    put(`notices/${other}.txt`, OTHER)(files);
    const verdict = await judge(withManifest(files, CAST.log));
    expect([verdict.exit, verdict.warnings]).toEqual([0, []]);
  });
});
