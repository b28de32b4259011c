import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  checkpointText,
  cosignedAt,
  noteSigner,
  parseSignatureLine,
  parseVkey,
  signNote,
  vkeyOf,
  type NoteSigner,
} from '../../../src/domain/ledger/note.rules';
import { startWitness, WITNESS, type TestWitness } from '../../support/witness';
import { inputsOf, naiveConsistency, naiveRoot } from '../domain/ledger/naive-tree';

const LOG = noteSigner('log.example.com/consent', Buffer.alloc(32, 1));
const VKEY = vkeyOf(LOG);
const HONEST = inputsOf(40);
/** The same log with another entry at place 3. */
const FORKED = HONEST.map((input, at) => (at === 3 ? Buffer.alloc(32, 9) : input));

let state: string;
let witness: TestWitness;

beforeEach(async () => {
  state = mkdtempSync(path.join(tmpdir(), 'assent-witness-'));
  witness = await start();
});
afterEach(async () => {
  await witness.stop();
  rmSync(state, { recursive: true, force: true });
});

const start = () => startWitness({ state, logs: [VKEY] });
async function restart(signal: NodeJS.Signals): Promise<void> {
  await witness.stop(signal);
  witness = await start();
}

const noteOf = (inputs: readonly Buffer[], size: number, root = naiveRoot(inputs.slice(0, size)), signer = LOG) =>
  signNote(checkpointText({ origin: LOG.name, size, root }), signer);
const bodyOf = (old: number, proof: readonly Buffer[], note: string) =>
  `old ${String(old)}\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${note}`;
/** The whole request for growing from `old` to `size`, as an honest log of these inputs makes it. */
const growth = (old: number, size: number, inputs = HONEST) =>
  bodyOf(old, old === 0 ? [] : naiveConsistency(old, inputs.slice(0, size)), noteOf(inputs, size));

const status = async (body: string | Buffer): Promise<number> => (await witness.post(body))[0];
const knownSize = async (): Promise<number> => {
  const [code, text] = await witness.post(growth(40, 40));
  return code === 409 ? Number(text) : 40;
};

it('answers the known cosignature for the known checkpoint', async () => {
  await witness.stop();
  const seed = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 2)]);
  const pem = `-----BEGIN PRIVATE KEY-----\n${seed.toString('base64')}\n-----END PRIVATE KEY-----\n`;
  writeFileSync(path.join(state, 'witness.key'), pem);
  const name = 'witness.example.org/w1';
  witness = await startWitness({ state, logs: [VKEY], name, nowMs: 1_795_428_672_000 });
  const root = Buffer.from('8483d1a82d0a217ad4f0a1a682d21ed5d159998aa34d24747f015c0fc08cf562', 'hex');
  expect(await witness.post(bodyOf(0, [], noteOf([], 2, root)))).toEqual([
    200,
    '\u2014 witness.example.org/w1 bX75BwAAAABrBBFA7YiIaDNORNadP/mVjZ/4J7p7MnOuY1/GR7VfG7LDUCIobcrZCcgxubX7unpQ4JBE7x3uyGec03muw705obuoDQ==\n',
    'text/plain; charset=utf-8',
  ]);
});

it('makes its key once, keeps it to itself, and prints what others need of it', async () => {
  expect(parseVkey(witness.vkey)).toMatchObject({ name: 'witness.test/w1', isWitness: true });
  expect(statSync(path.join(state, 'witness.key')).mode & 0o777).toBe(0o600);
  const args = [WITNESS, '--name', 'witness.test/w1', '--state', state, '--print-key'];
  expect(spawnSync(process.execPath, args, { encoding: 'utf8' })).toMatchObject({
    status: 0,
    stdout: `${witness.vkey}\n`,
    stderr: '',
  });
  await restart('SIGTERM');
  expect(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout).toBe(`${witness.vkey}\n`);
});

it('cosigns growth of every kind, and the same checkpoint again', async () => {
  const key = parseVkey(witness.vkey)!;
  let old = 0;
  for (const size of [0, 1, 1, 2, 3, 4, 7, 8, 9, 16, 31, 33, 40]) {
    const [code, text] = await witness.post(growth(old, size));
    expect([size, code]).toEqual([size, 200]);
    const line = parseSignatureLine(text.trimEnd())!;
    const at = cosignedAt(noteOf(HONEST, size).split('\n\n')[0]! + '\n', line, key)!;
    expect(Math.abs(at.getTime() - Date.now())).toBeLessThan(60_000);
    old = size;
  }
});

describe('a log whose key is replaced', () => {
  const NEXT = noteSigner(LOG.name, Buffer.alloc(32, 8));
  const by = (size: number, ...signers: readonly [NoteSigner, ...NoteSigner[]]): string => {
    const root = naiveRoot(HONEST.slice(0, size));
    return signNote(checkpointText({ origin: LOG.name, size, root }), ...signers);
  };
  const grow = (old: number, note: string, size: number) =>
    status(bodyOf(old, old === 0 ? [] : naiveConsistency(old, HONEST.slice(0, size)), note));
  const bent = (note: string): string => note.replace(/.{6}=\n$/, 'AAAAAA=\n');

  it('is known by either key while both sign, and goes on where it was for a witness that is given both', async () => {
    expect(await grow(0, by(5, LOG), 5)).toBe(200);
    expect(await grow(5, by(8, NEXT, LOG), 8)).toBe(200);
    expect(await grow(8, by(9, NEXT), 9)).toBe(403);
    await witness.stop();
    witness = await startWitness({ state, logs: [VKEY, vkeyOf(NEXT)] });
    expect(await grow(8, by(9, NEXT), 9)).toBe(200);
    expect(await grow(9, by(12, LOG), 12)).toBe(200);
    expect(await grow(12, by(13, noteSigner(LOG.name, Buffer.alloc(32, 3))), 13)).toBe(403);
    expect(await grow(12, bent(by(13, NEXT, LOG)), 13)).toBe(403);
    expect(await grow(12, bent(by(13, LOG, NEXT)), 13)).toBe(403);
  });
});

describe('a log that cheats', () => {
  beforeEach(async () => {
    expect(await status(growth(0, 20))).toBe(200);
  });

  it.each([
    ['shows another tree that goes on from another entry', () => growth(20, 33, FORKED), 422],
    [
      'gives the proof of the honest tree for another one',
      () => bodyOf(20, naiveConsistency(20, HONEST.slice(0, 33)), noteOf(FORKED, 33)),
      422,
    ],
    ['gives no proof', () => bodyOf(20, [], noteOf(HONEST, 33)), 422],
    ['gives half a proof', () => bodyOf(20, naiveConsistency(20, HONEST).slice(1), noteOf(HONEST, 40)), 422],
    [
      'gives more than a proof',
      () => bodyOf(20, [...naiveConsistency(20, HONEST), Buffer.alloc(32)], noteOf(HONEST, 40)),
      422,
    ],
    ['gives a proof where there is nothing to prove', () => bodyOf(20, [Buffer.alloc(32)], noteOf(HONEST, 20)), 422],
    ['shows another tree of the same size', () => growth(20, 20, FORKED), 409],
    ['goes back', () => growth(10, 10), 409],
    ['goes back and says so', () => bodyOf(20, [], noteOf(HONEST, 10)), 400],
    ['begins anew', () => growth(0, 33, FORKED), 409],
    ['names a size that was never seen', () => growth(19, 33), 409],
  ])('%s, and gets no cosignature', async (_name, body, expected) => {
    const [code, text] = await witness.post(body());
    expect([code, text.includes('\u2014')]).toEqual([expected, false]);
    expect(await knownSize()).toBe(20);
    expect(await status(growth(20, 33))).toBe(200);
  });

  it('gets no cosignature for an empty log that is not empty', async () => {
    await witness.stop();
    rmSync(state, { recursive: true });
    witness = await start();
    expect(await status(bodyOf(0, [], noteOf([], 0, Buffer.alloc(32, 1))))).toBe(409);
    expect(await status(growth(0, 0))).toBe(200);
  });
});

it('cosigns one of several trees that come at the same moment', async () => {
  const first = await Promise.all([HONEST, FORKED, HONEST, FORKED].map((inputs) => status(growth(0, 5, inputs))));
  expect(first.sort()).toEqual([200, 409, 409, 409]);
  const inputs = (await status(growth(5, 5))) === 200 ? HONEST : FORKED;
  const sizes = [6, 7, 8, 9, 10, 11];
  const second = await Promise.all(sizes.map((size) => status(growth(5, size, inputs))));
  expect(second.sort()).toEqual([200, 409, 409, 409, 409, 409]);
});

it('knows after any death at least what it has cosigned', async () => {
  let cosigned = 0;
  for (const size of [5, 9, 14, 22, 30, 37]) {
    const old = await knownSize();
    expect(old).toBeGreaterThanOrEqual(cosigned);
    const answer = witness.post(growth(old, size)).catch(() => null);
    if (size % 2 === 0) await answer;
    await restart('SIGKILL');
    if ((await answer)?.[0] === 200) cosigned = size;
    const known = await knownSize();
    expect(known).toBeGreaterThanOrEqual(cosigned);
    if (known > 0) expect(await status(growth(known, 38, FORKED))).toBe(422);
  }
  expect(cosigned).toBeGreaterThan(0);
});

it('does not begin anew when its memory is lost or damaged', async () => {
  expect(await status(growth(0, 9))).toBe(200);
  const file = path.join(
    state,
    readdirSync(state).find((name) => name.endsWith('.json'))!,
  );
  const text = readFileSync(file, 'utf8');
  for (const lost of [null, '', '{}', 'null', text.slice(0, -8), text.replace('9', '-9')]) {
    if (lost === null) rmSync(file);
    else writeFileSync(file, lost);
    expect(await witness.post(growth(0, 9, FORKED))).toEqual([
      500,
      'the witness cannot cosign now\n',
      expect.anything(),
    ]);
  }
  const args = [WITNESS, '--name', 'witness.test/w1', '--state', state, '--port', '0', '--log', VKEY];
  const second = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 10_000 });
  expect([second.status, second.stderr]).toEqual([1, 'the state cannot be read; nothing is cosigned without it\n']);
  rmSync(file);
  const third = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 10_000 });
  expect([third.status, third.stderr]).toEqual([1, expect.stringContaining('is gone')]);
  writeFileSync(file, text);
  expect(await status(growth(9, 12))).toBe(200);
});

it('begins with a log that it is told is new, and with none it merely has no memory of', async () => {
  await witness.stop();
  const other = vkeyOf(noteSigner('other.example.com/consent', Buffer.alloc(32, 5)));
  await expect(startWitness({ state, logs: [VKEY, other] })).rejects.toThrow('is gone');
  witness = await startWitness({ state, logs: [VKEY, other], isNewLog: true });
  await witness.stop();
  witness = await startWitness({ state, logs: [VKEY, other] });
  expect(await status(growth(0, 9))).toBe(200);
});

it('ends within seconds of a signal, though somebody holds a request open', async () => {
  const { port } = new URL(witness.url);
  const socket = net.connect(Number(port), '127.0.0.1', () => {
    socket.write('POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 100\r\n\r\nold');
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  await new Promise((resolve) => setTimeout(resolve, 100));
  await witness.stop('SIGTERM');
  socket.destroy();
}, 9_000);

describe('a request that is not in order', () => {
  const note = noteOf(HONEST, 4);
  const other = noteSigner('other.example.com', Buffer.alloc(32, 4));
  const stranger = { ...LOG, privateKey: other.privateKey };
  const hash = Buffer.alloc(32).toString('base64');

  it.each<[string, string | Buffer, number]>([
    ['nothing', '', 400],
    ['no old size', `\n${note}`, 400],
    ['an old size with a leading zero', `old 00\n\n${note}`, 400],
    ['a negative old size', `old -1\n\n${note}`, 400],
    ['an old size above the checkpoint', `old 5\n\n${note}`, 400],
    ['an old size beyond all numbers', `old 99999999999999999999\n\n${note}`, 400],
    ['a hash of another length', `old 0\nAAAA\n\n${note}`, 400],
    ['a hash in another alphabet', `old 0\n${hash.replace('=', '-')}\n\n${note}`, 400],
    ['a hash with bits to spare', `old 0\n${hash.replace('A=', 'B=')}\n\n${note}`, 400],
    ['more hashes than a proof can have', `old 0\n${`${hash}\n`.repeat(64)}\n${note}`, 400],
    ['a note without signatures', `old 0\n\n${note.split('\n\n')[0]!}\n`, 400],
    ['a note without its last newline', `old 0\n\n${note.trimEnd()}`, 400],
    ['a size in another form', `old 0\n\n${note.replace('\n4\n', '\n+4\n')}`, 400],
    ['a root that is none', `old 0\n\n${note.replace(/\n4\n./, '\n4\n')}`, 400],
    ['a root with bits to spare', `old 0\n\n${signNote(`${LOG.name}\n4\n${hash.replace('A=', 'B=')}\n`, LOG)}`, 400],
    ['bytes that are no UTF-8', Buffer.concat([Buffer.from(`old 0\n\n${note}`), Buffer.from([0xff, 0x0a])]), 400],
    [
      'a log that it does not know',
      `old 0\n\n${signNote(checkpointText({ origin: other.name, size: 1, root: Buffer.alloc(32) }), other)}`,
      404,
    ],
    ['a signature of somebody else', bodyOf(0, [], noteOf(HONEST, 4, undefined, stranger)), 403],
    ['a signature of something else', `old 0\n\n${note.replace('\n4\n', '\n5\n')}`, 403],
    ['a good signature and a bad one of the same key', `old 0\n\n${note}${noteOf(HONEST, 5).split('\n\n')[1]!}`, 403],
    ['no signature of the log', `old 0\n\n${note.replace('\u2014 log.', '\u2014 dog.')}`, 403],
    ['far too much', 'x'.repeat(70_000), 413],
  ])('is refused: %s', async (_name, body, expected) => {
    const [code, text] = await witness.post(body);
    expect([code, text.includes('\u2014')]).toEqual([expected, false]);
    expect(await status(growth(0, 4))).toBe(200);
  });

  it('is answered with the size when the old one is not known', async () => {
    expect(await status(growth(0, 4))).toBe(200);
    expect(await witness.post(growth(0, 9))).toEqual([409, '4\n', 'text/x.tlog.size']);
  });

  it('may come with lines of others, and with lines that it does not know', async () => {
    const extended = signNote(
      `${checkpointText({ origin: LOG.name, size: 4, root: naiveRoot(HONEST.slice(0, 4)) })}more\n`,
      LOG,
    );
    const foreign = signNote('x\n', other).split('\n\n')[1]!;
    expect(await status(bodyOf(0, [], extended + foreign))).toBe(200);
  });

  it('does no harm when it breaks off, or asks for another thing', async () => {
    const { port } = new URL(witness.url);
    const socket = net.connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\nold 0\n');
    socket.resetAndDestroy();
    expect((await fetch(witness.url)).status).toBe(404);
    expect((await fetch(`${witness.url}/add-checkpoint`)).status).toBe(404);
    expect(await status(growth(0, 4))).toBe(200);
  });
});

it.each([
  ['no name', ['--state', 'STATE', '--log', VKEY], '--name is needed'],
  ['a name with a plus sign', ['--name', 'a+b', '--state', 'STATE', '--log', VKEY], '--name is needed'],
  ['no state', ['--name', 'a', '--log', VKEY], '--state is needed'],
  ['no log', ['--name', 'a', '--state', 'STATE'], '--log is needed'],
  [
    'a log key that is bent',
    ['--name', 'a', '--state', 'STATE', '--log', VKEY.replace('8a0c', '8a0d')],
    'not the verifier key',
  ],
  [
    'a log file that is not there',
    ['--name', 'a', '--state', 'STATE', '--log', '/nowhere'],
    'neither a verifier key nor a file',
  ],
  ['another option', ['--name', 'a', '--what'], 'not understood'],
  ['an option without its value', ['--name'], 'needs a value'],
])('does not start with %s', (_name, args, sentence) => {
  const given = args.map((one) => (one === 'STATE' ? state : one));
  const ended = spawnSync(process.execPath, [WITNESS, ...given], { encoding: 'utf8', timeout: 10_000 });
  expect(ended.status).toBe(1);
  expect(ended.stderr).toContain(sentence);
});

it.each(['--help', '-h'])('%s prints how it is called', (option) => {
  const ended = spawnSync(process.execPath, [WITNESS, option], { encoding: 'utf8', timeout: 10_000 });
  const { status: code, stdout, stderr } = ended;
  expect([code, stdout, stderr]).toEqual([0, expect.stringMatching(/^usage: node assent-witness/), '']);
});

describe('a state or a port that is none ends it in one sentence', () => {
  const begin = (folder: string, ...more: readonly string[]) => {
    const args = [WITNESS, '--name', 'a', '--state', folder, '--log', VKEY, ...more];
    const { status, stderr, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 10_000 });
    return [status, stderr, stdout];
  };

  it.each(['99999', '65536', '-1', '7080x', '', '1e3'])('as the port "%s"', (port) => {
    const folder = path.join(state, 'new');
    const [code, complaint] = begin(folder, '--port', port);
    expect([code, complaint, existsSync(folder)]).toEqual([
      1,
      expect.stringMatching(/^--port must be a number from 0 to 65535\n\nusage: /),
      false,
    ]);
  });

  it('as a file for a folder', () => {
    const file = path.join(state, 'witness.key');
    for (const folder of [file, path.join(file, 'below')])
      expect(begin(folder)).toEqual([
        1,
        expect.stringMatching(`^--state: ${folder} is no folder that can be made, read and written \\([A-Z]+\\)\n$`),
        '',
      ]);
  });

  it('as a key that is damaged, or of another kind', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'assent-witness-'));
    const file = path.join(folder, 'witness.key');
    const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
    for (const key of ['', 'x', other.export({ format: 'pem', type: 'pkcs8' })]) {
      writeFileSync(file, key);
      const sentence = `${file} is damaged: put it back from a copy, or begin with a new name and state\n`;
      expect(begin(folder)).toEqual([1, sentence, '']);
    }
    rmSync(folder, { recursive: true });
  });
});

it('reads the key of a log from a file', async () => {
  await witness.stop();
  const file = path.join(state, 'log.vkey');
  writeFileSync(file, `${VKEY}\n`);
  witness = await startWitness({ state, logs: [file] });
  expect(await status(growth(0, 4))).toBe(200);
});
