import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { sendStream } from '../../../src/http/send-stream';
import { until } from '../../support/until';

const PART = 64 * 1024;

/** A source without end, and a caller who reads nothing until told. */
async function openCaller(stillMs: number) {
  const source = { made: 0, ended: false };
  const parts = async function* () {
    try {
      for (; source.made < 4_000; source.made += 1) yield await Promise.resolve(Buffer.alloc(PART));
    } finally {
      source.ended = true;
    }
  };
  const server = createServer((_req, res) => void sendStream(res, parts(), stillMs)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const caller = connect((server.address() as AddressInfo).port, '127.0.0.1');
  caller.on('error', () => undefined);
  caller.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
  caller.pause();
  return {
    source,
    caller,
    close: () => {
      caller.destroy();
      server.close();
    },
  };
}

it('asks for no part before the one before was taken', async () => {
  const taken: (() => void)[] = [];
  const caller = new Writable({ highWaterMark: 1, write: (_part, _encoding, done) => void taken.push(done) });
  let asked = 0;
  const parts = async function* () {
    for (; asked < 3;) yield await Promise.resolve(String((asked += 1)));
  };
  const sending = sendStream(caller, parts());
  for (let nth = 1; nth <= 3; nth += 1) {
    await until('a part', () => taken.length === nth);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toBe(nth);
    taken[nth - 1]!();
  }
  await sending;
});

it('cuts off a caller who stands still, and ends the source', async () => {
  const { source, caller, close } = await openCaller(500);
  await until('the end of the source', () => source.ended);
  expect(source.made).toBeLessThan(4_000);
  caller.resume();
  await once(caller, 'close');
  close();
});

it('lets a source take its time, and a caller who reads', async () => {
  const slow = async function* () {
    for (let made = 0; made < 3; made += 1) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      yield 'words';
    }
  };
  const server = createServer((_req, res) => void sendStream(res, slow(), 40)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answer = await fetch(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
  expect(await answer.text()).toBe('wordswordswords');
  server.close();
});
