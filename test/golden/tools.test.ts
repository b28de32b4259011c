import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../support/program';

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

describe('the programs for auditors', () => {
  it('are published with their hashes; UPDATE_GOLDEN=1 writes them anew', () => {
    const sums = ['assent-verify.mjs', 'assent-witness.mjs', 'verify-by-hand.sh']
      .map(
        (name) =>
          `${createHash('sha256')
            .update(read(`tools/${name}`))
            .digest('hex')}  ${name}\n`,
      )
      .join('');
    if (process.env.UPDATE_GOLDEN === '1') {
      writeFileSync(path.join(ROOT, 'tools/SHA256SUMS'), sums);
      writeFileSync(path.join(ROOT, 'tools/assent-verify.mjs.sha256'), `${sums.split('\n')[0] ?? ''}\n`);
    }
    expect(read('tools/SHA256SUMS')).toBe(sums);
    expect(read('tools/assent-verify.mjs.sha256')).toBe(`${sums.split('\n')[0] ?? ''}\n`);
  });

  it.each(['tools/assent-verify.mjs', 'tools/assent-witness.mjs'])(
    '%s is one file that imports nothing but Node',
    (file) => {
      const imports = [...read(file).matchAll(/from '([^']+)'|import\(|require\(/g)].map(([, name]) => name);
      expect(imports.length).toBeGreaterThan(0);
      expect(imports.every((name) => name?.startsWith('node:'))).toBe(true);
      expect(imports).not.toContain('node:https');
      if (file.includes('verify')) expect(imports.join()).not.toMatch(/node:(http|net|dns|tls)/);
    },
  );
});
