import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { generatedSecrets } from '../../../../src/platform/secrets/generated-secrets';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'assent-secrets-'));
});

const file = () => path.join(folder, 'secrets.json');

describe('generatedSecrets', () => {
  it('makes them once and finds them again', () => {
    const first = generatedSecrets(folder);
    expect(first.masterKey).toHaveLength(32);
    expect(generatedSecrets(folder)).toEqual(first);
  });

  it('gives every installation its own', () => {
    const other = mkdtempSync(path.join(os.tmpdir(), 'assent-secrets-'));
    expect(generatedSecrets(other).masterKey).not.toEqual(generatedSecrets(folder).masterKey);
  });

  it('lets nobody else read them', () => {
    generatedSecrets(folder);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it.each(['', '{}', '{"master_key":"short"}', 'not json'])(
    'refuses a damaged file and does not replace it (%#)',
    (text) => {
      writeFileSync(file(), text);
      expect(() => generatedSecrets(folder)).toThrow(/damaged/);
      expect(readFileSync(file(), 'utf8')).toBe(text);
    },
  );
});
