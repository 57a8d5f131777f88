import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAccessible } from './measures/accessibility.ts';
import { appSpec, appTest } from './app-spec.ts';
import { roundscope } from '#test/cli/command-line.ts';
import { launchChromium } from '#test/support/page/chromium.ts';
import { BrowserApp } from './open-app.ts';
import { accuracyPercent, startDemo, waitForEnd, waitForRound } from './measures/window-text.ts';
import { keyOf } from '#test/support/page/open-address.ts';
import { securityHeaders } from '#shared/contract/app/content-security.ts';

const open = BrowserApp.open.bind(BrowserApp);

appSpec('browser mode', open);

describe('browser mode alone', () => {
  appTest(
    'the demo of the command line runs to its end before anybody looks',
    open,
    { args: ['--participants', '2', '--rounds', '2', '--transport', 'mqtt'] },
    async ({ page }) => {
      await waitForEnd(page, 'Run completed');
      assert.ok((await accuracyPercent(page)) > 50);
      await page.locator('header').getByText('mqtt').first().waitFor();
    },
  );

  appTest('two windows show the same run', open, { idle: true }, async ({ page }) => {
    const second = await page.context().newPage();
    await second.goto(new URL('/', page.url()).href);
    await startDemo(page, { participants: 2, rounds: 3 });
    await Promise.all([waitForEnd(page, 'Run completed'), waitForEnd(second, 'Run completed')]);
  });

  appTest('a second start leads to the first one', open, { idle: true }, async (app) => {
    const second = await roundscope(['serve', '--no-open', '--idle'], { dataFolder: app.dataFolder });
    assert.equal(second.status, 0, second.stderr);
    assert.match(second.stderr, new RegExp(`already running .*process ${app.command.pid}`));
    const fresh = second.stdout.trim();
    assert.equal(new URL(fresh).origin, new URL(app.address).origin);
    // In another browser, and by a click in a page of another site: a chat, a terminal in the browser.
    const other = await app.page.context().browser()?.newPage();
    assert.ok(other);
    await other.goto(`data:text/html,<a href="${fresh}">open</a>`);
    await other.getByRole('link').click();
    await other.getByRole('heading', { name: 'No run is open' }).waitFor();
    await app.page.reload();
    await app.page.getByRole('heading', { name: 'No run is open' }).waitFor();
  });

  appTest('every answer carries the policy, and no address is good twice', open, { idle: true }, async (app) => {
    const { page, address } = app;
    await page.getByRole('heading', { name: 'No run is open' }).waitFor();
    assert.equal(new URL(page.url()).search, '', 'the token does not stay in the address bar');
    const response = await page.reload();
    for (const [name, value] of Object.entries(securityHeaders)) assert.equal(response?.headers()[name], value, name);
    await page.getByRole('heading', { name: 'No run is open' }).waitFor();
    assert.equal(await keyOf(address), null, 'a token is good once');
    assert.equal((await page.request.get(new URL('/../package.json', address).href)).status(), 404);
    assert.deepEqual(await page.context().cookies(), []);
  });

  appTest('the service ends: the page says so', open, { idle: true }, async (app) => {
    await app.page.getByRole('heading', { name: 'No run is open' }).waitFor();
    assert.equal(await app.quit(), 0);
    await app.page.getByText(/Stopped updating \d+ s ago/).waitFor();
    // The page dials a port on which nobody listens; the browser calls each attempt an error.
    app.problems.splice(0);
  });

  appTest('what these tests look for is found when it is planted', open, { idle: true }, async ({ page, problems }) => {
    await page.getByRole('heading', { name: 'No run is open' }).waitFor();
    await page.evaluate(() => document.querySelector('main')?.append(document.createElement('button')));
    await assert.rejects(assertAccessible(page, 'a button without a name'), /critical button-name/);
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
    });
    assert.equal(await page.evaluate(() => 'ran' in window), false, 'an inline script has run');
    assert.match(problems.splice(0).join(), /Content Security Policy/);
  });

  test('the browser may close and come back while the run goes on', async () => {
    await using app = await BrowserApp.open();
    await waitForRound(app.page, 1);
    await app.page.close();
    const again = await roundscope(['serve', '--no-open', '--idle'], { dataFolder: app.dataFolder });
    await using browser = await launchChromium();
    const page = await browser.newPage();
    await page.goto(again.stdout.trim());
    await waitForEnd(page, 'Run completed');
  });
});
