import { randomBytes } from 'node:crypto';
import type { Finding } from '../../../../src/domain/proof';
import { message, newPsid } from '../inbox/inbox-world';
import { makeTestTsa, type TestTsa } from '../../../support/test-tsa';
import { edit, flip, type Edit } from './audit-edit';
import { openAuditWorld, type AuditWorld } from './audit-world';

let world: AuditWorld;
let tsa: TestTsa;

async function grow(): Promise<void> {
  await world.deliver(world.page, message(world.page, newPsid(), world.now(), 'hello'));
  await world.sequence();
  await world.anchor();
}

beforeAll(async () => {
  tsa = makeTestTsa();
  world = await openAuditWorld({ tsa, witnessSeed: randomBytes(32) });
  world.setNow(new Date());
  await world.logPage(world.page);
  await grow();
  await grow();
  world.setNow(new Date(world.now().getTime() + 86_400_000));
  await world.save();
});
afterAll(async () => {
  await world.close();
  tsa.close();
});

const findings = async (witnessVkeys = world.bundleDeps.witnessVkeys): Promise<readonly Finding[]> =>
  (await world.audit({ witnessVkeys })).findings;

const FIRST = '(select min(size) from ledger_checkpoint)';
const of = (kind: string): string => `where size = ${FIRST} and class = '${kind}'`;
const changed = (name: string, kind: string, set: string): Edit =>
  edit(name, 'anchor_changed', `${FIRST} - 1`, `update anchor set ${set} ${of(kind)}`);
const ofLast = (kind: string): string =>
  `(select token from anchor where size > ${FIRST} and class = '${kind}' limit 1)`;

const EDITS: readonly Edit[] = ['self', 'tsa', 'witness'].flatMap((kind) => [
  changed(`the token of a ${kind}`, kind, `token = ${flip('token', 60)}`),
  changed(`the end of the token of a ${kind}`, kind, `token = set_byte(token, length(token) - 2, 66)`),
  changed(`a token of a ${kind} cut short`, kind, `token = substring(token for 40)`),
  changed(`a token of a ${kind} emptied`, kind, `token = ''`),
  changed(`the token of a ${kind} over another checkpoint`, kind, `token = ${ofLast(kind)}`),
  changed(`the time of a ${kind}`, kind, `anchored_at = anchored_at - interval '1 second'`),
  changed(`a time of a ${kind} that is none`, kind, `anchored_at = '-infinity'`),
  changed(`the certificates of a ${kind}`, kind, `certificates = coalesce(certificates, '') || 'x'`),
  edit(`the name of a ${kind}`, 'anchor_stray', `${FIRST} - 1`, `update anchor set name = 'x' ${of(kind)}`),
  edit(
    `a ${kind} of a checkpoint that is gone`,
    'anchor_stray',
    `(select max(size) from ledger_checkpoint)`,
    `update anchor set size = (select max(size) from ledger_checkpoint) + 1 ${of(kind)}`,
  ),
]);

/** A time-stamp does not say under which name its authority was asked. */
const named = (kind: string): Edit =>
  edit(
    `the name of a ${kind}, with whoever that is`,
    'anchor_changed',
    `${FIRST} - 1`,
    `insert into anchor_service (name, class, due_at) values ('x', '${kind}', now())`,
    `update anchor set name = 'x' ${of(kind)}`,
  );

const OTHERS: readonly Edit[] = [
  named('self'),
  named('witness'),
  changed('our own time-stamp passed off as independent', 'self', `class = 'tsa'`),
  changed('an independent time-stamp passed off as ours', 'tsa', `class = 'self'`),
  changed('a time-stamp passed off as a witness', 'tsa', `class = 'witness'`),
  changed('a witness passed off as a time-stamp', 'witness', `class = 'tsa'`),
  edit(
    'an anchor moved to another checkpoint',
    'anchor_changed',
    `(select max(size) from ledger_checkpoint) - 1`,
    `delete from anchor where size > ${FIRST} and class = 'self'`,
    `update anchor set size = (select max(size) from ledger_checkpoint) ${of('self')}`,
  ),
  edit(
    'a checkpoint younger than its anchors',
    'checkpoint_time',
    `${FIRST} - 1`,
    `update ledger_checkpoint set signed_at = signed_at + interval '1 hour'`,
  ),
];

it('finds nothing wrong with anchors of three kinds', async () => {
  expect(await world.count('anchor')).toBe(6);
  expect(await findings()).toEqual([]);
  expect(await findings([])).toEqual([]);
});

it.each([...EDITS, ...OTHERS])('names $name', async ({ sql, what, leaf }) => {
  const { expected } = (await world.db.first<{ expected: string }>(`select ${String(leaf)} as expected`))!;
  await world.byHand(sql);
  const found = await findings();
  await world.restore();
  expect(found.map((finding) => finding.what)).toContain(what);
  expect(found[0]).toMatchObject({ what, leafIndex: Number(expected) });
});

it('believes a witness it has no key of as far as its line has the form of one', async () => {
  await world.byHand([
    `update anchor set token = convert_to(regexp_replace(convert_from(token, 'UTF8'), '.{20}\\n$',
    repeat('A', 18) || '==' || chr(10)), 'UTF8') ${of('witness')}`,
  ]);
  const [known, unknown] = [await findings(), await findings([])];
  await world.restore();
  expect(known).toMatchObject([{ what: 'anchor_changed' }]);
  expect(unknown).toEqual([]);
});
