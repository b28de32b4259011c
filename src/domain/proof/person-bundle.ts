import { broadcastNotFound, findOwnBroadcast } from '../broadcasts';
import { leadNotFound, leadTransaction } from '../leads';
import { readHead, signManifest } from '../ledger';
import type { RowId, Tx } from '../sql.types';
import { leftOutText } from './bundle-texts.rules';
import { checkpointFiles, fixedFiles, headOf, proofsOf, sizesNear, withSizes, type CommonDeps } from './common-files';
import { consentRecord } from './consent-record.rules';
import { beginExport, type ExportDeps } from './export-record';
import { bundleKeys } from './key-files';
import { base64Of, byPath, hashed, manifestOf, manifestText, type BundleKind } from './manifest.rules';
import { openPeople } from './open-people';
import { leavesOf, personFiles, wordingsNamed } from './person-files.rules';
import { findAuthorised, findOwnLeadId, readWordings, type MessageFilter } from './person.store';
import { deliveryNotFound, proofNotReady } from './proof.errors';
import type { BundleFile, BundleHead, ProvedPerson } from './proof.types';
import { summaryPage } from './summary.rules';
import { zipOf } from './zip';

/** Messages of one person in their bundle; more are seen by broadcast. */
const MOST_MESSAGES = 500;

export type BundleForm = 'zip' | 'json';

export interface BundleDeps extends ExportDeps, CommonDeps {
  /** Of a person's record in a bundle about many; what a verifier reads, unless told. */
  readonly mostRecordBytes?: number | undefined;
}

export interface LeadBundleInput {
  readonly accountId: RowId;
  readonly leadUuid: string;
  readonly form: BundleForm;
}

/**
 * The proof of one person's consent: their whole chain and their messages.
 *
 * @throws {UserError} `lead_not_found`, `proof_not_ready`
 */
export const makeLeadBundle =
  (deps: BundleDeps) =>
  async ({ accountId, leadUuid, form }: LeadBundleInput): Promise<Buffer> => {
    const leadId = await findOwnLeadId(deps.db, accountId, leadUuid);
    if (leadId === undefined) throw leadNotFound();
    return exportPerson(deps, { accountId, leadId, kind: 'lead', messages: { most: MOST_MESSAGES } }, form);
  };

export interface MessageBundleInput {
  readonly accountId: RowId;
  readonly broadcastUuid: string;
  readonly deliveryUuid: string;
  readonly form: BundleForm;
}

/**
 * The proof that one message was authorised by the consent of its recipient.
 *
 * @throws {UserError} `broadcast_not_found`, `delivery_not_found`, `proof_not_ready`
 */
export const makeMessageBundle =
  (deps: BundleDeps) =>
  async ({ accountId, broadcastUuid, deliveryUuid, form }: MessageBundleInput): Promise<Buffer> => {
    const broadcast = await findOwnBroadcast(deps.db, accountId, broadcastUuid);
    if (broadcast === undefined) throw broadcastNotFound();
    const found = await findAuthorised(deps.db, broadcast.id, deliveryUuid);
    if (found === undefined) throw deliveryNotFound();
    const messages = { broadcastId: broadcast.id, deliveryUuid, most: 1 };
    return exportPerson(deps, { accountId, leadId: found.leadId, kind: 'message', messages }, form);
  };

interface PersonOrder {
  readonly accountId: RowId;
  readonly leadId: RowId;
  readonly kind: BundleKind;
  readonly messages: MessageFilter;
}

async function exportPerson(deps: BundleDeps, order: PersonOrder, form: BundleForm): Promise<Buffer> {
  await deps.keyRing.refreshSystemKeys();
  const { files, size } = await leadTransaction(deps, (tx) => personBundle(tx, deps, order));
  const record = await beginExport(deps, order.accountId, order.kind, size);
  const bytes = form === 'json' ? Buffer.from(JSON.stringify(base64Of(files))) : await zipped(files);
  const there = await record.disclose([order.leadId]);
  if (!there.has(order.leadId)) {
    await record.end('broken');
    throw order.kind === 'message' ? deliveryNotFound() : leadNotFound();
  }
  record.sent(bytes);
  await record.end('complete');
  return bytes;
}

async function zipped(files: readonly BundleFile[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of zipOf(files)) parts.push(part);
  return Buffer.concat(parts);
}

async function personBundle(
  tx: Tx,
  deps: BundleDeps,
  { accountId, leadId, kind, messages }: PersonOrder,
): Promise<{ files: BundleFile[]; size: number }> {
  const stored = await readHead(tx);
  if (stored === undefined) throw proofNotReady();
  const [person] = await openPeople(tx, deps, [leadId], stored.size, messages);
  if (person === undefined || (kind === 'message' && person.messages.length === 0)) throw proofNotReady();
  const head = await headOf(tx, stored);
  const wordings = await wordingsOf(tx, accountId, [person]);
  const leftOut = leftOutText(kind, { shown: person.messages.length, inAll: person.messagesInAll });
  const keys = await bundleKeys(tx, deps, head);
  const near = await sizesNear(tx, leavesOf(person), head.size);
  const files = [
    ...fixedFiles(deps, keys.vkey, leftOut, { isAboutOne: true }),
    ...keys.files,
    ...(await checkpointFiles(tx, head, withSizes(near, keys.sizes, head.size))),
    ...personFiles(person, head, await proofsOf(tx, [person], head)),
    ...wordingFiles(wordings),
    { path: 'views/consent-record.jsonld', bytes: consentRecord(person, deps.logOrigin) },
    { path: 'views/summary.html', bytes: summaryPage(person, wordings, deps.logOrigin, leftOut) },
  ];
  return { files: withManifest(deps, kind, head, files), size: head.size };
}

/** The wordings that the entries name, by their hash. */
async function wordingsOf(
  tx: Tx,
  accountId: RowId,
  people: readonly ProvedPerson[],
): Promise<ReadonlyMap<string, string>> {
  const named = wordingsNamed(people);
  const all = await readWordings(tx, accountId, null);
  return new Map(
    all.map(({ sha256, body }): [string, string] => [sha256.toString('hex'), body]).filter(([hash]) => named.has(hash)),
  );
}

export const wordingFiles = (wordings: ReadonlyMap<string, string>): BundleFile[] =>
  [...wordings].map(([hash, body]) => ({ path: `notices/${hash}.txt`, bytes: Buffer.from(body) }));

type ManifestDeps = Pick<BundleDeps, 'keyRing' | 'logOrigin' | 'clock'>;

/** Adds manifest and signature, and puts everything in the order of its path. */
export function withManifest(
  deps: ManifestDeps,
  kind: BundleKind,
  head: BundleHead,
  files: readonly BundleFile[],
): BundleFile[] {
  const manifest = manifestOf(kind, deps.logOrigin, head, files.map(hashed));
  return [...files, ...manifestFiles(deps, manifest)].sort(byPath);
}

export function manifestFiles(deps: ManifestDeps, manifest: Buffer): [BundleFile, BundleFile] {
  const note = signManifest(deps, manifestText(deps.logOrigin, manifest), deps.clock.now());
  return [
    { path: 'manifest.json', bytes: manifest },
    { path: 'manifest.note', bytes: Buffer.from(note) },
  ];
}
