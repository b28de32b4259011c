import { createHmac } from 'node:crypto';
import { accountOpeningMac, leadOpeningMac } from '../../../../../src/domain/consent/ledger/opening-owner.rules';

const KEY = Buffer.alloc(32, 7);
const [ENTRY, PAGE, LEAD, OTHER] = [1, 2, 3, 4].map((n) => `00000000-0000-4000-8000-00000000000${String(n)}`);
const OPENING = { entryId: ENTRY!, pageUuid: PAGE!, leadUuid: LEAD!, n: 3 };
const mac = (text: string): Buffer => createHmac('sha256', KEY).update(text).digest().subarray(0, 16);

it('covers the entry of a person, their Page, themselves and its place in their chain', () => {
  const expected = mac(`assent/opening-owner/v1|lead|${ENTRY!}|${PAGE!}|${LEAD!}|3`);
  expect(leadOpeningMac(KEY, OPENING)).toEqual(expected);
  for (const change of [{ entryId: OTHER! }, { pageUuid: OTHER! }, { leadUuid: OTHER! }, { n: 1 }])
    expect(leadOpeningMac(KEY, { ...OPENING, ...change })).not.toEqual(expected);
  expect(leadOpeningMac(Buffer.alloc(32, 8), OPENING)).not.toEqual(expected);
});

it('covers the entry of an account and the account, or that it is of none', () => {
  expect(accountOpeningMac(KEY, ENTRY!, LEAD!)).toEqual(mac(`assent/opening-owner/v1|account|${ENTRY!}|${LEAD!}`));
  expect(accountOpeningMac(KEY, ENTRY!, null)).toEqual(mac(`assent/opening-owner/v1|account|${ENTRY!}|none`));
  expect(accountOpeningMac(KEY, OTHER!, LEAD!)).not.toEqual(accountOpeningMac(KEY, ENTRY!, LEAD!));
});
