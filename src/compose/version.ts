import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The package file lies above the sources and above the compiled files, not equally far. */
function packageFile(folder: string): string {
  const file = path.join(folder, 'package.json');
  return existsSync(file) ? file : packageFile(path.dirname(folder));
}

export const VERSION: string = (JSON.parse(readFileSync(packageFile(__dirname), 'utf8')) as { version: string })
  .version;
