import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { contentSecurityPolicy } from '#shared/contract/app/content-security.ts';
import { processesOf } from '#test/cli/command-line.ts';
import { appSpec, appTest } from './app-spec.ts';
import { startAgain, WindowApp } from './open-app.ts';
import { startDemo, waitForEnd, waitForRound } from './measures/window-text.ts';

const open = WindowApp.open.bind(WindowApp);
/** For what takes less than a second on a machine that does nothing else. */
const patienceMs = 20_000;

appSpec('window', open);

describe('window alone', () => {
  appTest('a crash of the service is shown, and it is there again', open, {}, async (app) => {
    const { page } = app;
    await waitForRound(page, 1);
    const before = app.pidOf('service.js');
    process.kill(before, 'SIGKILL');
    await page.getByText('Service restarted').waitFor();
    assert.notEqual(app.pidOf('service.js'), before);
    assert.match(app.printed, /the service ended/);
    // Its coordinator and participants went with it; the new service takes orders.
    await startDemo(page, { participants: 2, rounds: 2 });
    await waitForEnd(page, 'Run completed');
  });

  appTest('a mistake in main ends the app with goodbyes, and its recording says why', open, {}, async (app) => {
    await waitForRound(app.page, 1);
    await app.electron.evaluate(() => void setTimeout(() => void Promise.reject(new Error('thrown on purpose')), 100));
    assert.equal(await app.exited(), 70);
    assert.match(app.printed, /Roundscope: a mistake in the program ended it: thrown on purpose/);
    const folder = join(app.dataFolder, 'recordings');
    const [file = ''] = readdirSync(folder);
    using recording = new DatabaseSync(join(folder, file), { readOnly: true });
    const said = recording.prepare("select data from events where type in ('notice', 'run_ended')").all();
    assert.match(JSON.stringify(said), /main process: a mistake in the program ended it: thrown on purpose/);
    assert.match(JSON.stringify(said), /the app was closed/);
    assert.deepEqual(processesOf(app.dataFolder), []);
  });

  appTest('a crash of the page: it is loaded again, the run has gone on', open, {}, async (app) => {
    await waitForRound(app.page, 1);
    const run = await app.page.locator('header .cell').first().innerText();
    await app.electron.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer(),
    );
    await until(() => /the window's page ended/.test(app.printed), 'main says that the page ended');
    // Playwright gives a page that has crashed up, so the new one is asked through main.
    const header = (): Promise<unknown> =>
      app.electron.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript('document.querySelector("header")?.innerText'),
      );
    const signal = AbortSignal.timeout(patienceMs);
    for (let text = ''; !text.includes(run) || !/[2-9] \/ 10/.test(text); text = String(await header())) {
      await delay(50, undefined, { signal });
    }
  });

  appTest('a second start brings the first window to the front', open, { idle: true }, async (app) => {
    await app.electron.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows();
      window?.once('focus', () => Object.assign(globalThis, { broughtToFront: true }));
    });
    const second = await startAgain(app.dataFolder);
    assert.equal(second.status, 0, second.stderr);
    assert.match(second.stderr, /already running; its window is in front now/);
    const isInFront = (): Promise<boolean> => app.electron.evaluate(() => 'broughtToFront' in globalThis);
    while (!(await isInFront())) await delay(20, undefined, { signal: AbortSignal.timeout(patienceMs) });
  });

  appTest('Ctrl+C in its terminal is a goodbye to everybody', open, {}, async (app) => {
    await waitForRound(app.page, 1);
    // A terminal sends it to every process of the group.
    for (const { pid, command } of processesOf(app.dataFolder)) {
      if (!command.includes('chromium')) process.kill(pid, 'SIGINT');
    }
    await until(() => processesOf(app.dataFolder).length === 0, 'all processes have ended');
  });

  appTest('the page comes from app: with its policy, and from nowhere else', open, { idle: true }, async (app) => {
    const response = await app.page.reload();
    assert.equal(response?.headers()['content-security-policy'], contentSecurityPolicy);
    const statuses = await app.page.evaluate(async () => {
      const paths = ['/index.html', '/none', '/../package.json', '/%2e%2e/package.json', '/..%2f..%2fpackage.json'];
      return await Promise.all(paths.map(async (path) => (await fetch(path)).status));
    });
    assert.deepEqual(statuses, [200, 404, 404, 404, 404]);
    // A 404 is an error in the page's console.
    app.problems.splice(0);
  });

  appTest('the page may go nowhere, open nothing and ask for nothing', open, { idle: true }, async (app) => {
    const { page, electron } = app;
    await page.getByRole('heading', { name: 'No run is open' }).waitFor();
    const at = page.url();
    await electron.evaluate(({ shell }) => {
      const opened: string[] = [];
      Object.assign(globalThis, { opened });
      shell.openExternal = (url) => {
        opened.push(url);
        return Promise.resolve();
      };
    });
    for (const url of ['http://localhost:9/', 'https://example.com/', 'file:///etc/passwd']) {
      await page.evaluate((target) => void window.open(target), url);
      await page.evaluate((target) => window.location.assign(target), url);
    }
    await until(() => page.context().pages().length === 1, 'no second window');
    assert.equal(page.url(), at);
    await page.getByRole('heading', { name: 'No run is open' }).waitFor();
    const opened = await electron.evaluate(() => (globalThis as unknown as { opened: string[] }).opened);
    assert.deepEqual(opened, [], 'nothing is opened outside either: the page has no link to anywhere');
    const permissions = await page.evaluate(async () => {
      const names = ['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read', 'clipboard-write'];
      return await Promise.all(
        names.map(async (name) => (await navigator.permissions.query({ name: name as PermissionName })).state),
      );
    });
    assert.deepEqual(permissions, ['denied', 'denied', 'denied', 'denied', 'denied', 'granted']);
    // What was refused is an error in the page's console.
    app.problems.splice(0);
  });

  appTest(
    'whatever window there is may go nowhere, a frame and a redirect included',
    open,
    { idle: true },
    async (app) => {
      const asked: (string | undefined)[] = [];
      const server = createServer(({ url }, response) => {
        asked.push(url);
        if (url === '/redirect') response.writeHead(302, { location: '/after' }).end();
        else response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><body></body>');
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      try {
        const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const told = await app.electron.evaluate(async ({ BrowserWindow }, at) => {
          const other = new BrowserWindow({ show: false });
          const load = (path: string): Promise<string> =>
            other.loadURL(`${at}${path}`).then(
              () => 'loaded',
              () => 'refused',
            );
          const redirect = await load('/redirect');
          const page = await load('/');
          const stays: unknown = await other.webContents.executeJavaScript(`new Promise((done) => {
          const frame = document.createElement('iframe');
          frame.src = '/frame';
          document.body.append(frame);
          window.open('/opened');
          location.assign('/gone');
          setTimeout(() => done(location.pathname), 1500);
        })`);
          other.close();
          return { redirect, page, stays };
        }, origin);
        assert.deepEqual(told, { redirect: 'refused', page: 'loaded', stays: '/' });
        assert.deepEqual(
          asked.filter((url) => url !== '/favicon.ico'),
          ['/redirect', '/'],
        );
      } finally {
        server.close();
        server.closeAllConnections();
      }
    },
  );

  appTest('no device and no screen is given to a page', open, { idle: true }, async ({ electron, isStandIn }) => {
    // Electron keeps what it was told to itself; of the stand-in it can be asked.
    if (!isStandIn) return;
    const told = await electron.evaluate(async ({ session }) => {
      const { device, display } = session.defaultSession as unknown as {
        device: ((details: unknown) => boolean) | null;
        display: ((request: unknown, answer: (streams: unknown) => void) => void) | null;
      };
      return {
        device: device?.({ deviceType: 'usb' }),
        display: await new Promise((answer) => (display === null ? answer('anything') : display({}, answer))),
      };
    });
    assert.deepEqual(told, { device: false, display: null });
  });

  appTest(
    'what main does not understand of its service is told and ends nothing',
    open,
    { idle: true },
    async (app) => {
      const { page, electron } = app;
      await page.getByRole('heading', { name: 'No run is open' }).waitFor();
      // The next service is caught as it is forked.
      await electron.evaluate(({ utilityProcess }) => {
        const fork = utilityProcess.fork.bind(utilityProcess);
        utilityProcess.fork = (...args) => {
          const child = fork(...args);
          Object.assign(globalThis, { service: child });
          return child;
        };
      });
      process.kill(app.pidOf('service.js'), 'SIGKILL');
      await page.getByText('Service restarted').waitFor();
      await electron.evaluate(() => {
        const { service } = globalThis as unknown as { service: NodeJS.EventEmitter };
        for (const nonsense of [null, 5, 'ready', [], { type: 'reboot' }, { type: 'launch', id: -1 }, { type: 'end' }])
          service.emit('message', nonsense);
      });
      await until(() => /Reading what the service said failed/.test(app.printed), 'it is told');
      await page.reload();
      await page.getByRole('heading', { name: 'No run is open' }).waitFor();
      assert.equal(await app.quit(), 0);
    },
  );

  appTest('the page has neither Node nor Electron', open, { idle: true }, async ({ page }) => {
    const names = ['require', 'process', 'module', 'global', 'Buffer', 'electron', 'ipcRenderer'];
    const there = await page.evaluate((all) => all.filter((name) => name in window), names);
    assert.deepEqual(there, []);
  });
});

async function until(isSo: () => boolean, what: string, limitMs = patienceMs): Promise<void> {
  for (const untilMs = performance.now() + limitMs; !isSo();) {
    assert.ok(performance.now() < untilMs, `not so after ${limitMs} ms: ${what}`);
    await delay(20);
  }
}
