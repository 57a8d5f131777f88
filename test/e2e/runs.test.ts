import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { Command } from '#test/cli/command-line.ts';
import { launchChromium } from '#test/support/page/chromium.ts';
import { recordSession } from '#test/support/recorded/recording-file.ts';

describe('the library in the window', () => {
  const root = mkdtempSync(join(tmpdir(), 'roundscope-runs-'));
  const dataFolder = join(root, 'data');
  const folder = join(dataFolder, 'recordings');
  const stalled = join(folder, '2026-01-05-120000-r-7f3a2c.rscope');
  const healthy = join(folder, '2026-01-04-120000-r-7f3a2c.sqlite');
  const elsewhere = join(root, 'from elsewhere.rscope');
  let app: Command;
  let browser: Browser;
  let page: Page;
  before(async () => {
    mkdirSync(folder, { recursive: true });
    await recordSession(stalled, { rounds: 6, stallInRound: 3 });
    await recordSession(healthy, { rounds: 4 });
    await recordSession(elsewhere, { rounds: 2 });
    writeFileSync(join(folder, 'odd.rscope'), 'no recording, but of some length; '.repeat(50));
    app = new Command(['serve', '--idle', '--no-open'], { dataFolder });
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await app.until(/\?token=\S+\n/);
    await page.goto(/http\S+/.exec(app.stdout)?.[0] ?? '');
    await page.getByRole('heading', { name: 'No run is open' }).waitFor();
    await page.keyboard.press('0');
    await page.getByRole('row', { name: /4 \/ 4/ }).waitFor();
    await page.getByRole('row', { name: /2 \/ 6/ }).waitFor();
  });
  after(async () => {
    await browser.close();
    await app[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
  });
  const rows = () => page.getByRole('grid', { name: 'Recordings' }).locator('.vt-r');
  const select = (name: RegExp): Promise<void> => page.getByRole('row', { name }).click();
  const pane = () => page.locator('.p-rec');

  test('it lists, sorts, finds and chooses; a file that is no recording is told with the reason', async () => {
    assert.equal(await rows().count(), 2);
    await page.getByRole('button', { name: /^Verdicts/ }).click();
    assert.match(await rows().first().innerText(), /stalled/);
    await page.getByRole('button', { name: /^Verdicts/ }).click();
    assert.doesNotMatch(await rows().first().innerText(), /stalled/);
    await page.keyboard.press('/');
    await page.keyboard.type('never hears');
    await page.waitForFunction(() => document.querySelectorAll('.v-runs .vt-r').length === 1);
    assert.match(await rows().first().innerText(), /stalled/);
    await page.getByRole('searchbox', { name: 'Find a recording' }).fill('');
    await page.getByRole('button', { name: /^Pinned 0/ }).click();
    await page.getByText('No recording is of that choice').waitFor();
    await page.getByRole('button', { name: /^All 2/ }).click();
    await page.getByText('1 file cannot be read as a recording').click();
    await page
      .getByText(/odd\.rscope/)
      .first()
      .waitFor();
  });

  test('a name and a note are kept by key, and a pinned recording is not deleted', async () => {
    await select(/2 \/ 6/);
    await page.keyboard.press('F2');
    await page.keyboard.type('lecture 3');
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /lecture 3/ }).waitFor();
    await page.getByRole('grid', { name: 'Recordings' }).focus();
    await page.keyboard.press('n');
    await page.keyboard.type('from round 4 on');
    await page.getByRole('grid', { name: 'Recordings' }).focus();
    await page.getByRole('row', { name: /from round 4 on/ }).waitFor();
    await page.keyboard.press('p');
    await page.getByRole('row', { name: /pinned, .*lecture 3/ }).waitFor();
    await page.keyboard.press('Delete');
    assert.ok(
      await pane()
        .getByRole('button', { name: /^Delete/ })
        .isDisabled(),
    );
    assert.ok(existsSync(stalled));
    assert.deepEqual(JSON.parse(readFileSync(`${stalled}.notes`, 'utf8')), {
      name: 'lecture 3',
      note: 'from round 4 on',
      pinned: true,
    });
    await page.keyboard.press('p');
    await pane().getByRole('button', { name: /^Pin/ }).waitFor();
  });

  test('what is deleted comes back by Undo', async () => {
    await select(/4 \/ 4/);
    await page.getByRole('grid', { name: 'Recordings' }).focus();
    await page.keyboard.press('Delete');
    await page.getByText(/deleted, /).waitFor();
    assert.ok(!existsSync(healthy));
    assert.equal(await rows().count(), 1);
    await page.keyboard.press('Control+z');
    await page.getByRole('row', { name: /4 \/ 4/ }).waitFor();
    assert.ok(existsSync(healthy));
  });

  test('Enter opens the one that is selected; the library is there beside it, and opens another', async () => {
    await select(/lecture 3/);
    await page.getByRole('grid', { name: 'Recordings' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText(/Then:.*never hears the answer/).waitFor();
    await page.keyboard.press('0');
    await page.getByRole('row', { name: /4 \/ 4/ }).dblclick();
    await page
      .getByRole('region', { name: 'Recording' })
      .getByText(/2026-01-04-120000/)
      .waitFor();
    await page.keyboard.press('0');
    await page.getByRole('row', { name: /4 \/ 4/ }).waitFor();
  });

  test('a recording that is dropped on the window is copied into the library and opened', async () => {
    const bytes = readFileSync(elsewhere).toString('base64');
    const dropped = await page.evaluateHandle((base64) => {
      const data = new DataTransfer();
      const content = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      data.items.add(new File([content], 'from elsewhere.rscope'));
      return data;
    }, bytes);
    await page.dispatchEvent('main', 'drop', { dataTransfer: dropped });
    await page.getByRole('region', { name: 'Recording' }).getByText('from elsewhere.rscope').waitFor();
    assert.deepEqual(readFileSync(join(dataFolder, 'imported', 'from elsewhere.rscope')), readFileSync(elsewhere));
    await page.keyboard.press('0');
    await page.getByRole('row', { name: /2 \/ 2/ }).waitFor();
  });

  test('what is dropped and is no recording is refused in words, and leaves nothing', async () => {
    const dropped = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(['no recording'.repeat(100)], 'odd.txt'));
      return data;
    });
    await page.dispatchEvent('main', 'drop', { dataTransfer: dropped });
    await page.getByText(/reading odd\.txt\.rscope failed .*not a database/).waitFor();
    assert.ok(!existsSync(join(dataFolder, 'imported', 'odd.txt.rscope')));
  });

  test('a run that goes on is in it with the figures of the window, and is not deleted', async () => {
    await page.keyboard.press('Escape');
    await page.evaluate(() => void (window.location.hash = '#/home'));
    await page
      .getByRole('button', { name: /^Close/ })
      .first()
      .click();
    await page.getByRole('heading', { name: 'No run is open' }).waitFor();
    await page.keyboard.press('d');
    await page.keyboard.press('0');
    const row = page.getByRole('row', { name: /recording/ });
    await row.waitFor({ timeout: 120_000 });
    await row.click();
    assert.ok(
      await pane()
        .getByRole('button', { name: /^Delete/ })
        .isDisabled(),
    );
  });
});
