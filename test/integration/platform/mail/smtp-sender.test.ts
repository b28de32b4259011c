import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { smtpSender } from '../../../../src/platform/mail';

interface Got {
  readonly to: readonly string[];
  readonly message: string;
}
let server: SMTPServer | undefined;
afterEach(() => new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(resolve))));

async function listen(options: SMTPServerOptions = {}): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = [];
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, session, done) => {
      void text(stream).then((message) => {
        got.push({ to: session.envelope.rcptTo.map(({ address }) => address), message });
        done();
      });
    },
    ...options,
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return { url: `smtp://127.0.0.1:${String((listening.server.address() as AddressInfo).port)}`, got };
}

const CONTENT = { to: 'owner@example.com', subject: 'Grüße', text: 'Zeile eins\nline two\n' };
const from = 'Assent <bot@example.org>';
const refusal = (code: number): Error => Object.assign(new Error('no'), { responseCode: code });

it('hands a mail to the server, with an id that stays the same', async () => {
  const { url, got } = await listen();
  const sender = smtpSender({ url, from });
  for (let time = 0; time < 2; time += 1) expect(await sender.send('mail-1', CONTENT)).toEqual({ kind: 'sent' });
  expect(got.map(({ to }) => to)).toEqual([['owner@example.com'], ['owner@example.com']]);
  for (const { message } of got) {
    expect(message).toMatch(/^Message-ID: <mail-1@example\.org>\r?$/im);
    expect(message).toContain('line two');
  }
});

it.each([
  [550, 'refused'],
  [451, 'unclear'],
])('takes the answer %i for %s', async (code, kind) => {
  const { url } = await listen({ onRcptTo: (_address, _session, done) => done(refusal(code)) });
  expect(await smtpSender({ url, from }).send('mail-1', CONTENT)).toEqual({ kind, code: String(code) });
});

it('tries again who may not log in, and where nobody answers', async () => {
  const { url } = await listen({ authOptional: false, onAuth: (_auth, _session, done) => done(refusal(535)) });
  const login = url.replace('smtp://', 'smtp://user:wrong@');
  expect(await smtpSender({ url: login, from }).send('mail-1', CONTENT)).toMatchObject({ kind: 'unclear' });
  await new Promise<void>((resolve) => server!.close(resolve));
  server = undefined;
  const outcome = await smtpSender({ url, from }).send('mail-1', CONTENT);
  expect(outcome).toMatchObject({ kind: 'unclear' });
  expect(JSON.stringify(outcome)).not.toContain('owner@example.com');
});
