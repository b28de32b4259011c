import { accountKey, makeCreateAccount } from '../../../../src/domain/accounts';
import {
  makeAskAccountErasure,
  makeCarryOutAccountErasures,
  makeConfirmAccountErasure,
  makeEndSubscription,
  makeShowAccountErasure,
} from '../../../../src/domain/erasure';
import {
  makeListMails,
  makePost,
  makeSendMail,
  makeWipeMails,
  type MailContent,
  type MailOutcome,
} from '../../../../src/domain/mail';
import { openField, sealField } from '../../../../src/kernel/crypto/field-cipher';
import { randomIds } from '../../../../src/kernel/ids';
import { postgresRingRegistry } from '../../../../src/platform/keyring';
import { openRingFiles } from '../../../../src/platform/keyring/ring-files';
import { makeRingStore } from '../../../../src/platform/keyring/ring-store';
import { readSystemRing } from '../../../../src/platform/keyring/system-ring';
import { holdEverything } from '../../../../src/domain/restore/restore.store';
import { openProofWorld, type ProofWorld } from '../proof/proof-world';

const DAY_MS = 86_400_000;
const NAME = 'Harbour Coffee';
let world: ProofWorld;
let start: Date;
let accountId: string;
let email: string;
let taken: MailContent[];
let answer: MailOutcome;
let hasServer: boolean;

beforeAll(async () => {
  world = await openProofWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  start = world.now();
  [taken, answer, hasServer] = [[], { kind: 'sent' }, true];
  email = `${randomIds.uuid()}@harbour.example`;
  accountId = (await makeCreateAccount(world.deps)({ email, name: NAME })).account.id;
});
afterEach(() => world.setNow(start));

const outbox = () => ({
  ...world.deps,
  ids: randomIds,
  sender: hasServer ? { send: (_id: string, mail: MailContent) => Promise.resolve(take(mail)) } : null,
});
function take(mail: MailContent): MailOutcome {
  taken.push(mail);
  return answer;
}
const deps = () => ({
  ...world.deps,
  ids: randomIds,
  accountKey: (id: string) => accountKey(world.db, world.keyRing, id),
  post: makePost(outbox()),
  publicUrl: 'https://assent.example',
  keyRingCopy: null,
  releasePages: () => Promise.resolve({ released: 0, left: 0 }),
  dropBackupFiles: () => Promise.resolve(0),
});
const ask = () => makeAskAccountErasure(deps())({ accountId, name: NAME });
const send = () => makeSendMail(outbox())();
const carryOut = () => makeCarryOutAccountErasures(deps())();
const dayOf = (at: Date) => Math.floor(at.getTime() / DAY_MS);
const tokenIn = (text: string) => /account-deletion\/([A-Za-z0-9_-]{43})\n/.exec(text)![1]!;
/** Asks, and says yes by the link of the mail, which is read as its reader would. */
async function askAndConfirm(): Promise<string> {
  await ask();
  if (hasServer) await send();
  const text = hasServer ? taken.at(-1)!.text : (await makeListMails(world.deps)(accountId))[0]!.content!.text;
  return (await makeConfirmAccountErasure(deps())(tokenIn(text)))!.code;
}

interface Sealed {
  readonly table: string;
  readonly column: string;
  readonly row: string;
  readonly ct: Buffer;
}

/** What a dump of this moment holds of the owner. */
const dump = (): Promise<Sealed[]> =>
  world.db.rows(
    `select 'mail' as "table", 'content_ct' as "column", public_id::text as row, content_ct as ct from mail
      where account_id = $1 and content_ct is not null
     union all select 'account_erasure', 'letter_ct', code, letter_ct from account_erasure
      where account_id = $1 and letter_ct is not null
     union all select 'account', 'email_ct', public_id::text, email_ct from account where id = $1
     union all select 'account', 'name_ct', public_id::text, name_ct from account where id = $1`,
    [accountId],
  );

async function systemRing() {
  const registry = postgresRingRegistry(world.db);
  const files = await openRingFiles(world.ringDir);
  const store = makeRingStore({ seals: [world.seal], files, registry, ids: randomIds });
  return readSystemRing((await store.load('system'))!);
}

/** Columns that some key of the ring as it is now opens. */
async function opened(dumped: readonly Sealed[]): Promise<string[]> {
  const { dayKeys, accountKeys } = await systemRing();
  const opens = ({ ct, ...place }: Sealed, key: Buffer): boolean => {
    try {
      return openField(key, place, ct).length > 0;
    } catch {
      return false;
    }
  };
  const keys = [...dayKeys.values(), ...accountKeys.values()];
  return dumped.filter((field) => keys.some((key) => opens(field, key))).map(({ column }) => column);
}
const letterKeys = async () => [...(await systemRing()).accountKeys.keys()].filter((name) => name.charAt(14) === '8');

it('leaves no key that opens the owner in any older copy, once the last mail has left', async () => {
  await makeEndSubscription(deps())({ accountId, name: NAME });
  await ask();
  const asked = await dump();
  expect(await opened(asked)).toEqual(['content_ct', 'content_ct', 'email_ct', 'name_ct']);
  await askAndConfirm();
  const confirmed = await dump();
  // Its earlier mails went with the yes.
  expect(await opened(confirmed)).toEqual(['letter_ct', 'email_ct', 'name_ct']);
  taken = [];
  await world.sequence();
  expect(await carryOut()).toBe(1);
  const waiting = await dump();
  expect(await opened(waiting)).toEqual(['content_ct']);
  expect(await opened(asked)).toEqual([]);
  expect([await send(), await send(), taken.map(({ to }) => to)]).toEqual([1, 0, [email]]);
  const [last] = await makeListMails(world.deps)(accountId);
  expect(last).toMatchObject({ kind: 'account_deleted', state: 'sent', content: null });
  expect(await dump()).toEqual([]);
  expect(await opened([...asked, ...confirmed, ...waiting])).toEqual([]);
  expect(await letterKeys()).toEqual([]);
});

it('leaves none at once where there is no mail server', async () => {
  hasServer = false;
  await ask();
  const asked = await dump();
  const code = await askAndConfirm();
  const confirmed = await dump();
  expect(await opened(asked)).not.toEqual([]);
  expect(confirmed.map(({ column }) => column)).toEqual(['letter_ct', 'email_ct', 'name_ct']);
  expect(await opened(confirmed)).toContain('letter_ct');
  await world.sequence();
  expect(await carryOut()).toBe(1);
  expect(await dump()).toEqual([]);
  expect(await opened([...asked, ...confirmed])).toEqual([]);
  expect(await letterKeys()).toEqual([]);
  expect((await makeShowAccountErasure(world)(code))!.certificate).toContain('\nscope account\n');
});

it('leaves none after two days where the last mail never leaves, or its process dies', async () => {
  await askAndConfirm();
  answer = { kind: 'unclear', code: '451' };
  await world.sequence();
  expect(await carryOut()).toBe(1);
  await send();
  const waiting = await dump();
  expect(await opened(waiting)).toEqual(['content_ct']);
  world.setNow(new Date(start.getTime() + 2 * DAY_MS));
  await makeWipeMails(world.deps)();
  await world.keyRing.destroyInboxKeysBefore(dayOf(world.now()) - 2);
  expect(await dump()).toEqual([]);
  expect(await opened(waiting)).toEqual([]);
  expect(await letterKeys()).toEqual([]);
});

it('keeps one key of the letter when two say yes at once, and sends one mail', async () => {
  await ask();
  await send();
  const yes = () => makeConfirmAccountErasure(deps())(tokenIn(taken[0]!.text));
  const answers = await Promise.all([yes(), yes(), yes()]);
  expect(answers.filter((given) => given !== null)).toHaveLength(1);
  expect(await letterKeys()).toHaveLength(1);
  taken = [];
  await world.sequence();
  await Promise.all([carryOut(), carryOut()]);
  expect([await send(), taken.map(({ to }) => to)]).toEqual([1, [email]]);
  expect(await letterKeys()).toEqual([]);
});

it('takes along a mail that is written between the yes and the end', async () => {
  await askAndConfirm();
  const seal = { name: randomIds.uuid(), key: randomIds.bytes(32) };
  const late = { accountId, kind: 'subscription_cancelled', key: seal, to: email, subject: 'S', text: 'T' } as const;
  await world.db.transaction((tx) => deps().post(tx, late));
  taken = [];
  await world.sequence();
  expect(await carryOut()).toBe(1);
  expect(await dump()).toHaveLength(1);
  await send();
  expect(taken.map(({ subject }) => subject)).toEqual(['Your account is deleted']);
  expect(await dump()).toEqual([]);
});

it('mails the certificate of a deletion whose letter an earlier release sealed under the key of the day', async () => {
  const code = await askAndConfirm();
  const place = { table: 'account_erasure', column: 'letter_ct', row: code };
  const day = dayOf(world.now());
  const letter = { to: email, link: randomIds.bytes(64).toString('base64url') };
  const ct = sealField(await world.keyRing.inboxKey(day), place, JSON.stringify(letter));
  await world.db.run('update account_erasure set letter_ct = $2, letter_key = null where code = $1', [code, ct]);
  const before = await letterKeys();
  taken = [];
  await world.sequence();
  expect(await carryOut()).toBe(1);
  expect([await send(), taken.map(({ to }) => to)]).toEqual([1, [email]]);
  expect(taken[0]!.text).toContain(`#${letter.link}`);
  expect(await letterKeys()).toEqual(before);
});

it('gives up waiting mails in a restored database, with their words', async () => {
  await makeEndSubscription(deps())({ accountId, name: NAME });
  expect((await dump()).map(({ column }) => column)).toContain('content_ct');
  await world.db.transaction((tx) => holdEverything(tx, world.now()));
  expect((await dump()).map(({ column }) => column)).toEqual(['email_ct', 'name_ct']);
  expect([await send(), taken]).toEqual([0, []]);
});
