import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const fileOf = (name: string): string => path.join(__dirname, name);
const isUpdate = (): boolean => process.env.UPDATE_GOLDEN === '1';

/** Compares with the kept file; `UPDATE_GOLDEN=1` writes it anew, for a person to read the difference. */
export function expectGoldenText(name: string, text: string): void {
  if (isUpdate()) writeFileSync(fileOf(name), text);
  expect(text).toBe(readFileSync(fileOf(name), 'utf8'));
}

/** The same for JSON, whatever its line breaks. */
export function expectGoldenJson(name: string, value: unknown): void {
  if (isUpdate()) writeFileSync(fileOf(name), `${JSON.stringify(value, null, 2)}\n`);
  expect(value).toEqual(JSON.parse(readFileSync(fileOf(name), 'utf8')));
}
