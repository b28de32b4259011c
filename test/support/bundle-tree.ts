import { createHash } from 'node:crypto';
import { signNote, type NoteSigner } from '../../src/domain/ledger/note.rules';
import { zipOf } from '../../src/domain/proof/zip';

/** The files of a bundle, to be tampered with. */
export type Tree = Map<string, Buffer>;

export const treeOf = (json: Buffer): Tree =>
  new Map(
    Object.entries(JSON.parse(json.toString()) as Record<string, string>).map(([path, base64]) => [
      path,
      Buffer.from(base64, 'base64'),
    ]),
  );

const inOrder = (tree: Tree): [string, Buffer][] => [...tree].sort(([a], [b]) => (a < b ? -1 : 1));

export const jsonOf = (tree: Tree): Buffer =>
  Buffer.from(
    JSON.stringify(Object.fromEntries(inOrder(tree).map(([path, bytes]) => [path, bytes.toString('base64')]))),
  );

export async function zipOfTree(tree: Tree): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of zipOf(inOrder(tree).map(([path, bytes]) => ({ path, bytes })))) parts.push(part);
  return Buffer.concat(parts);
}

/** What an operator can do who cheats: names the files as they are now, and signs that. */
export function resigned(tree: Tree, bundle: NoteSigner): Tree {
  const next = new Map(tree);
  const old = JSON.parse(next.get('manifest.json')!.toString()) as Record<string, unknown>;
  const files = Object.fromEntries(
    inOrder(next)
      .filter(([path]) => !path.startsWith('manifest.'))
      .map(([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')]),
  );
  const { kind, log, made_at, v } = old;
  const manifest = Buffer.from(JSON.stringify({ files, kind, log, made_at, v }));
  const text = `assent-bundle/v1\n${String(log)}\n${createHash('sha256').update(manifest).digest('hex')}\n`;
  next.set('manifest.json', manifest);
  next.set('manifest.note', Buffer.from(signNote(text, bundle)));
  return next;
}
