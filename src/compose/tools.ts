import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of programs for auditors. It lies above the sources and above the compiled files, not equally far. */
function toolsFolder(folder: string): string {
  const found = path.join(folder, 'tools', 'assent-verify.mjs');
  return existsSync(found) ? path.dirname(found) : toolsFolder(path.dirname(folder));
}

export const TOOLS: string = toolsFolder(__dirname);

/** What every proof bundle takes along of them. */
export function bundledTools(): { readonly byHandScript: Buffer; readonly verifierSha256: Buffer } {
  const verifier = readFileSync(path.join(TOOLS, 'assent-verify.mjs'));
  const digest = createHash('sha256').update(verifier).digest('hex');
  return {
    byHandScript: readFileSync(path.join(TOOLS, 'verify-by-hand.sh')),
    verifierSha256: Buffer.from(`${digest}  assent-verify.mjs\n`),
  };
}
