import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { chromium, type Page } from 'playwright-core';
import { WebSocket } from 'ws';
import { roundscope } from '#test/cli/command-line.ts';
import { browserSwitches, chromiumPath } from '#test/support/page/browser-switches.ts';
import { keyOf } from '#test/support/page/open-address.ts';
import { exchangePath, isPageKey, offeredProtocols, portProtocol } from '#shared/contract/app/page-access.ts';
import { encodePortMessage } from '#shared/port/wire.ts';
import { appTest } from './app-spec.ts';
import { BrowserApp } from './open-app.ts';

const open = BrowserApp.open.bind(BrowserApp);
const isConnected = (page: Page): Promise<void> => page.getByRole('heading', { name: 'No run is open' }).waitFor();

/** Another program on another port of this machine, at which the user of the app looks too: a notebook, a tunnel. */
class OtherPort implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    this.heard.push(request.headers);
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>other</title>');
  });
  readonly heard: IncomingHttpHeaders[] = [];
  origin = '';

  static async open(port = 0, host = '127.0.0.1'): Promise<OtherPort> {
    const other = new OtherPort();
    other.#server.listen(port, host);
    await once(other.#server, 'listening');
    other.origin = `http://127.0.0.1:${(other.#server.address() as AddressInfo).port}`;
    return other;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

/** What the page of this app holds. */
const keyIn = (page: Page): Promise<string | null> =>
  page.evaluate(() => sessionStorage.getItem('roundscope.page-key'));

/** All that a page of another origin can try with the app's address; each line tells what it got. */
async function tryFromPage(page: Page, app: string, protocols: readonly string[]): Promise<Record<string, string>> {
  return await page.evaluate(
    async ([origin, path, offered]) => {
      const patience = (ms: number): Promise<string> => new Promise((done) => setTimeout(() => done('nothing'), ms));
      const told = (work: Promise<unknown>): Promise<string> =>
        work.then(
          (value) => `got ${String(value)}`,
          () => 'refused',
        );
      const socket = (given: readonly string[]): Promise<string> =>
        new Promise((done) => {
          const dialed = new WebSocket(`${origin.replace('http', 'ws')}/port`, [...given]);
          dialed.onmessage = () => done('got a message');
          dialed.onclose = () => done('refused');
        });
      const channel = new BroadcastChannel('roundscope.page-key');
      const overheard = new Promise<string>((done) => (channel.onmessage = () => done('got a message')));
      channel.postMessage({ type: 'want_key' });
      const frame = document.createElement('iframe');
      frame.src = `${origin}/`;
      const framed = new Promise<string>((done) => {
        frame.onload = () =>
          done(told(Promise.resolve().then(() => frame.contentWindow?.sessionStorage.getItem('roundscope.page-key'))));
      });
      document.body.append(frame);
      const opened = window.open(`${origin}/`);
      const image = new Image();
      const pictured = new Promise<string>((done) => {
        image.onload = () => done('got a picture');
        image.onerror = () => done('refused');
      });
      image.src = `${origin}/`;
      const result = {
        reading: await told(fetch(`${origin}/`).then((response) => response.text())),
        exchanging: await told(fetch(`${origin}${path}`, { method: 'POST' }).then((response) => response.text())),
        guessing: await told(
          fetch(`${origin}${path}`, { method: 'POST', headers: { authorization: 'Bearer x' } }).then((response) =>
            response.text(),
          ),
        ),
        port: await socket([]),
        named: await socket(offered),
        overhearing: await Promise.race([overheard, patience(1000)]),
        framing: await Promise.race([framed, patience(3000)]),
        opening: await told(
          Promise.resolve().then(() => opened?.sessionStorage.getItem('roundscope.page-key') ?? 'refused'),
        ),
        picture: await pictured,
        storage: `${sessionStorage.length} ${localStorage.length} ${document.cookie}`,
      };
      opened?.close();
      return result;
    },
    [app, exchangePath, protocols] as const,
  );
}

describe('attacks on browser mode', () => {
  appTest('another port of this machine is sent nothing that opens the app', open, { idle: true }, async (app) => {
    await isConnected(app.page);
    const key = await keyIn(app.page);
    assert.ok(isPageKey(key), 'the page has its key where only its own origin reads it');
    await using other = await OtherPort.open();
    const page = await app.page.context().newPage();
    await page.goto(`${other.origin}/?looked-at`);
    await page.reload();
    assert.ok(other.heard.length >= 2);
    const sent = JSON.stringify(other.heard);
    assert.ok(!sent.includes(key) && !/roundscope|cookie/.test(sent), sent);

    // That program then says all that it was sent, and whatever else it likes, to the app.
    const { origin, host } = new URL(app.address);
    const stolen = { ...other.heard[0], host, origin };
    const upgrades: readonly (readonly string[])[] = [[], [portProtocol]];
    for (const protocols of upgrades) {
      const socket = new WebSocket(`ws://${host}/port`, [...protocols], {
        headers: stolen as unknown as Record<string, string>,
      });
      const [error] = (await once(socket, 'error')) as [Error];
      assert.match(error.message, /403/);
    }
    const guess = new WebSocket(`ws://${host}/port`, offeredProtocols('A'.repeat(43)), { origin });
    const heard: unknown[] = [];
    guess.on('message', (message) => heard.push(message));
    await once(guess, 'open');
    const invitation = `roundscope://join?i=${'Abc1'.repeat(20)}`;
    for (const [name, params] of [
      ['join_run', { invitation, data: 'digits', name: 'stolen' }],
      ['preview_data', { data: '/etc' }],
      ['complete_path', { path: '/' }],
    ] as const)
      guess.send(encodePortMessage({ type: 'request', id: 1, name, params }));
    const [code] = (await once(guess, 'close')) as [number];
    assert.deepEqual([code, heard], [4401, []], 'nothing is read and nothing is joined');
    assert.match(await app.page.locator('header').innerText(), /none open/);
  });

  appTest('a page of another port in the same browser gets nothing out of it', open, { idle: true }, async (app) => {
    await isConnected(app.page);
    const key = (await keyIn(app.page)) ?? '';
    await using other = await OtherPort.open();
    const page = await app.page.context().newPage();
    await page.goto(other.origin);
    const { origin } = new URL(app.address);
    // Even with the very key it comes from the wrong origin.
    const { framing, opening, ...rest } = await tryFromPage(page, origin, offeredProtocols(key));
    assert.deepEqual(rest, {
      reading: 'refused',
      exchanging: 'refused',
      guessing: 'refused',
      port: 'refused',
      named: 'refused',
      overhearing: 'nothing',
      picture: 'refused',
      storage: '0 0 ',
    });
    for (const told of [framing, opening]) assert.ok(['refused', 'nothing', 'got refused'].includes(told ?? ''), told);
    // What is looked for is there to be found: from its own origin all of it works.
    const own = await app.page.context().newPage();
    await own.goto(origin);
    await isConnected(own);
    assert.equal(await keyIn(own), key, 'by the other tab of this origin');
  });

  appTest(
    'the key is asked for, and not only the token: without it a page is told what to do',
    open,
    { idle: true },
    async (app) => {
      await isConnected(app.page);
      const elsewhere = await app.page.context().browser()?.newContext();
      const page = await elsewhere?.newPage();
      assert.ok(page);
      // The address from a scrollback, once it is spent.
      await page.goto(app.address);
      await page.getByRole('heading', { name: 'This tab has no key to Roundscope' }).waitFor();
      await page.reload();
      await page.getByRole('heading', { name: 'This tab has no key to Roundscope' }).waitFor();
      const again = await roundscope(['serve', '--no-open', '--idle'], { dataFolder: app.dataFolder });
      const fresh = await elsewhere?.newPage();
      await fresh?.goto(again.stdout.trim());
      await isConnected(page);
      await page.reload();
      await isConnected(page);
    },
  );

  appTest('a page on ::1 of the same port is of another origin', open, { idle: true }, async (app) => {
    await isConnected(app.page);
    const { port } = new URL(app.address);
    const byName = await app.page.context().newPage();
    const again = await roundscope(['serve', '--no-open', '--idle'], { dataFolder: app.dataFolder });
    const typed = again.stdout.trim().replace('127.0.0.1', 'localhost');
    await byName.goto(typed);
    await isConnected(byName);
    assert.equal(new URL(byName.url()).host, `127.0.0.1:${port}`);
    await using other = await OtherPort.open(Number(port), '::1');
    const stranger = await app.page.context().newPage();
    await stranger.goto(`http://[::1]:${port}/`);
    assert.ok(other.heard.length > 0);
    const { overhearing, named } = await tryFromPage(
      stranger,
      new URL(app.address).origin,
      offeredProtocols((await keyIn(app.page)) ?? ''),
    );
    assert.deepEqual([overhearing, named], ['nothing', 'refused']);
  });

  appTest('a preview of the link spends no token', open, { idle: true }, async (app) => {
    await isConnected(app.page);
    const again = await roundscope(['serve', '--no-open', '--idle'], { dataFolder: app.dataFolder });
    const address = again.stdout.trim();
    for (const method of ['GET', 'HEAD']) assert.equal((await fetch(address, { method })).status, 200);
    // A chat's preview in a browser that runs no script.
    const preview = await app.page.context().browser()?.newContext({ javaScriptEnabled: false });
    await (await preview?.newPage())?.goto(address);
    assert.notEqual(await keyOf(address), null);
  });

  test('started again on the same port: an old tab says so, and connects once the new address is open', async () => {
    await using first = await BrowserApp.open({ idle: true });
    await isConnected(first.page);
    const { port } = new URL(first.address);
    assert.equal(await first.quit(), 0);
    await first.page.getByText(/Stopped updating \d+ s ago/).waitFor();
    await using second = await BrowserApp.open({ idle: true, args: ['--port', port] });
    await first.page.getByText('It was started again: open its new address').waitFor();
    const again = await roundscope(['serve', '--no-open', '--idle'], { dataFolder: second.dataFolder });
    const tab = await first.page.context().newPage();
    await tab.goto(again.stdout.trim());
    await isConnected(tab);
    await first.page.getByText('Service restarted').waitFor();
  });

  test('through a tunnel of the same port it is opened as on this machine', async () => {
    await using app = await BrowserApp.open({ idle: true });
    const { host, port } = new URL(app.address);
    // As `ssh -L` does: bytes of one connection for bytes of another.
    const tunnel = createTcpServer((near) => {
      const far = connect(Number(port), '127.0.0.1');
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on('error', () => socket.destroy());
    });
    let carried = 0;
    tunnel.on('connection', () => carried++);
    tunnel.listen(0, '127.0.0.1');
    await once(tunnel, 'listening');
    const near = (tunnel.address() as AddressInfo).port;
    const browser = await chromium.launch({
      executablePath: chromiumPath,
      args: [...browserSwitches, `--host-resolver-rules=MAP ${host} 127.0.0.1:${near}`],
    });
    try {
      const again = await roundscope(['serve', '--no-open', '--idle'], { dataFolder: app.dataFolder });
      const page = await browser.newPage();
      await page.goto(again.stdout.trim());
      await isConnected(page);
      await page.reload();
      await isConnected(page);
      assert.ok(carried >= 2, `${carried} connections through the tunnel`);
    } finally {
      await browser.close();
      tunnel.close();
    }
  });
});
