import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Nothing but the page under test may be asked for over the network. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function findChromium(): string | undefined {
  const found = CANDIDATES.find((file) => existsSync(file));
  if (found === undefined && process.env.REQUIRE_BROWSER === '1')
    throw new Error('REQUIRE_BROWSER=1, but there is no Chromium');
  if (found === undefined) console.warn('no Chromium was found: the browser suite does not run');
  return found;
}

const executablePath = findChromium();

export const describeWithBrowser: jest.Describe = executablePath === undefined ? describe.skip : describe;

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: executablePath ?? '', args: ARGUMENTS });
