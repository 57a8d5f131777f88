import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { openPort } from '../page/open-address.ts';
import { happens, whateverHappens, type Ledger } from './ledger.ts';

const lines = [
  '//',
  '///',
  '//a:b',
  '//[',
  'http://[/',
  'http://',
  '*',
  '\u0000',
  '/%',
  '/%00',
  '/..%2f..%2fetc/passwd',
  `/${'a'.repeat(8000)}`,
];
const malformed = [
  'GET',
  'GET / HTTP/9.9',
  'G\u0001T / HTTP/1.1',
  ' / HTTP/1.1',
  'PRI * HTTP/2.0',
  '\u0016\u0003\u0001',
];
const upgrades = 60;
const windowsMax = 16;
const tooMany = 4;

/** Whoever finds the port of the window in a browser: without its address nothing opens, and nothing ends. */
export async function attackWebPort(port: number, ledger: Ledger): Promise<void> {
  for (const line of lines)
    await request(port, `GET ${line} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`, 'request lines', ledger);
  for (const line of malformed) await request(port, `${line}\r\nHost: x\r\n\r\n`, 'what is no request', ledger);
  for (const line of [
    'DELETE / HTTP/1.1',
    'CONNECT a:1 HTTP/1.1',
    'POST /fresh-address HTTP/1.1',
    'OPTIONS * HTTP/1.1',
  ])
    await request(port, `${line}\r\nHost: 127.0.0.1:${port}\r\n\r\n`, 'methods', ledger);
  const long = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`;
  await request(port, `${long}x: ${'a'.repeat(200_000)}\r\n\r\n`, 'headers of 200 KB', ledger);
  await request(port, `${long}${'x: y\r\n'.repeat(20_000)}\r\n`, '20,000 headers', ledger);
  const bodies = `POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nffffffffff\r\n`;
  await request(port, bodies, 'bodies of two lengths', ledger);
  await resetUpgrades(port, ledger);
}

/** Refused upgrades whose client resets, at all stages of the answer. */
async function resetUpgrades(port: number, ledger: Ledger): Promise<void> {
  const kind = 'web port: refused upgrades that are reset';
  const ask = `GET /port HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  for (let i = 0; i < upgrades; i++) {
    ledger.made(kind);
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    await whateverHappens(happens(socket, 'connect'), 5000);
    socket.write(ask);
    // Some have read that they are refused, the others are gone before.
    if (i % 2 === 0) await whateverHappens(happens(socket, 'data'), 5000);
    if (socket.bytesWritten > 0) ledger.reached(kind);
    socket.resetAndDestroy();
  }
}

/** Somebody to whom the address was shown: bad frames, more windows than there may be, one that does not read. */
export async function attackAsWindow(port: number, key: string, ledger: Ledger): Promise<void> {
  const codes: number[] = [];
  const open = async (): Promise<WebSocket> => {
    const socket = openPort(`http://127.0.0.1:${port}`, key).on('error', () => undefined);
    socket.on('close', (code) => codes.push(code));
    await whateverHappens(happens(socket, 'open', 'close'), 10_000);
    return socket;
  };
  const bad: readonly (readonly [string, (raw: Socket, socket: WebSocket) => void])[] = [
    ['text that is no message', (_, socket) => socket.send('{"broken')],
    ['bytes that are none', (_, socket) => socket.send(Buffer.alloc(1000, 0xff))],
    ['a message of 5 MB', (_, socket) => socket.send(Buffer.alloc(5_000_000, 0x20).toString())],
    ['a frame without a mask', (raw) => raw.write(Buffer.from([0x81, 1, 0x41]))],
    ['a frame of a kind that is not there', (raw) => raw.write(Buffer.from([0x8b, 0x80, 0, 0, 0, 0]))],
    ['a length of 2^63', (raw) => raw.write(Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))],
    ['text that is no UTF-8', (raw) => raw.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]))],
    ['a reset', (raw) => raw.resetAndDestroy()],
  ];
  for (const [what, attack] of bad) {
    const kind = `web socket: ${what}`;
    ledger.made(kind);
    const socket = await open();
    const closed = happens(socket, 'close');
    if (socket.readyState !== WebSocket.OPEN) continue;
    attack((socket as unknown as { readonly _socket: Socket })._socket, socket);
    if ((await whateverHappens(closed, 5000)) === true) ledger.reached(kind);
    socket.terminate();
  }
  const kind = 'web socket: more windows than there may be';
  const windows: WebSocket[] = [];
  for (let i = 0; i < windowsMax + tooMany; i++) {
    windows.push(await open());
  }
  ledger.made(kind);
  await whateverHappens(
    Promise.all(
      windows
        .slice(windowsMax)
        .filter((socket) => socket.readyState !== WebSocket.CLOSED)
        .map((socket) => happens(socket, 'close')),
    ),
    5000,
  );
  if (codes.filter((code) => code === 1013).length >= tooMany) ledger.reached(kind);
  for (const socket of windows) socket.terminate();
}

/** Reached: it was answered, or hung up on. */
async function request(port: number, text: string, what: string, ledger: Ledger): Promise<void> {
  const kind = `web port: ${what}`;
  ledger.made(kind);
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  const answered = happens(socket, 'connect').then(() => happens(socket, 'data', 'close'));
  socket.write(Buffer.from(text, 'latin1'));
  if ((await whateverHappens(answered, 5000)) === true) ledger.reached(kind);
  socket.destroy();
}
