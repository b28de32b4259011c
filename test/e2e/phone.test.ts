import { rmSync } from 'node:fs';
import type { Browser, Locator, Page } from 'playwright-core';
import { newDataDir } from '../support/data-dir';
import { apiOf, type Api } from '../support/api';
import { describeWithBrowser, openBrowser } from '../support/browser';
import { runCli, startProgram, type Program } from '../support/program';
import { until } from '../support/until';

interface CreatedAccount {
  readonly api_key: { readonly key: string };
  readonly sandbox_page: { readonly page_id: string; readonly access_token: string; readonly name: string };
}

describeWithBrowser('the phone page in a browser', () => {
  let dataDir: string;
  let program: Program;
  let browser: Browser;
  let phone: Page;
  let api: Api;
  let pageId: string;

  beforeAll(async () => {
    dataDir = newDataDir();
    const env = { DATA_DIR: dataDir, HTTP_PORT: '0' };
    program = startProgram('workers/all-in-one', env);
    await program.ready();
    const { json } = await runCli(env, 'account', 'create', '--email', 'you@example.com', '--name', 'Harbour Coffee');
    const account = json as CreatedAccount;
    api = apiOf(program.url(), account.api_key.key);
    const { page_id, access_token, name } = account.sandbox_page;
    pageId = page_id;
    await api.expect(201, 'POST', '/v1/pages', { page_id, access_token, name });
    browser = await openBrowser();
    phone = await browser.newPage({ viewport: { width: 390, height: 844 } });
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await program.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  const fromPage = (): Locator => phone.locator('[data-testid=message][data-from=page]');
  const lastFromPage = (): Locator => fromPage().last();
  const hear = (count: number) => until(`${String(count)} messages`, async () => (await fromPage().count()) >= count);
  const statusOf = async (): Promise<string | undefined> => {
    const { data } = await api.expect<{ data: { status: string }[] }>(200, 'GET', `/v1/leads?page_id=${pageId}`);
    return data[0]?.status;
  };

  const broadcast = async (text: string): Promise<void> => {
    const { id } = await api.expect<{ id: string }>(201, 'POST', '/v1/broadcasts', {
      name: 'Opening',
      purpose: 'promotional',
      page_ids: [pageId],
      message: { text },
      launch: true,
    });
    await until('the broadcast to complete', async () => {
      const { status } = await api.expect<{ status: string }>(200, 'GET', `/v1/broadcasts/${id}`);
      return status === 'completed';
    });
  };

  it('starts a conversation and is welcomed with a way out', async () => {
    await phone.goto(`${program.url()}/sandbox/phone`);
    await phone.getByTestId('page-select').selectOption(pageId);
    await phone.getByTestId('person-name').fill('ann');
    await phone.getByTestId('choose').click();
    await phone.getByTestId('start').click();
    await hear(1);
    expect(await lastFromPage().innerText()).toMatch(/automated assistant/i);
    expect(await lastFromPage().innerText()).toMatch(/unsubscribe/i);
    await until('the lead', async () => (await statusOf()) === 'subscribed');
  }, 60_000);

  it('receives a broadcast', async () => {
    await until('the notice to be recorded', async () => {
      const { data } = await api.expect<{ data: { notice_shown_at: string | null }[] }>(
        200,
        'GET',
        `/v1/leads?page_id=${pageId}`,
      );
      return data[0]?.notice_shown_at !== null;
    });
    await broadcast('We open on Monday.');
    await hear(2);
    expect(await lastFromPage().innerText()).toContain('We open on Monday.');
  }, 60_000);

  it('unsubscribes by the button under the message, and is told so', async () => {
    await lastFromPage().getByRole('button', { name: 'Unsubscribe' }).click();
    await until('the withdrawal', async () => (await statusOf()) === 'unsubscribed');
    await hear(3);
    expect(await lastFromPage().getByRole('button', { name: 'Subscribe again' }).count()).toBe(1);
    const before = await fromPage().count();
    await broadcast('Nobody hears this.');
    expect(await fromPage().count()).toBe(before);
  }, 60_000);

  it('subscribes again by its own act', async () => {
    await lastFromPage().getByRole('button', { name: 'Subscribe again' }).click();
    await until('the return', async () => (await statusOf()) === 'subscribed');
    await hear(4);
    await broadcast('Welcome back.');
    await hear(5);
    expect(await lastFromPage().innerText()).toContain('Welcome back.');
  }, 60_000);

  it('leaves by writing STOP', async () => {
    await phone.getByTestId('compose').fill('Stop!');
    await phone.getByTestId('send').click();
    await until('the withdrawal', async () => (await statusOf()) === 'unsubscribed');
  }, 60_000);
});
