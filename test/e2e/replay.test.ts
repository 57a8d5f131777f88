import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { Command } from '#test/cli/command-line.ts';
import { launchChromium } from '#test/support/page/chromium.ts';
import { recordSession } from '#test/support/recorded/recording-file.ts';

const views = ['rounds', 'packets', 'metrics', 'participants', 'diagnosis', 'demo', 'settings', 'home'] as const;
/** Words on buttons that command a run. */
const commands = /^(Pause|Resume|Leave…?|Stop…?|Start.*|Inject.*|Keep trying|Try now|Expel.*|Admit.*|Save last.*)$/;

describe('a recording in the window', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-replay-'));
  const stalled = join(folder, 'stalled.sqlite');
  const healthy = join(folder, 'healthy.sqlite');
  let app: Command;
  let browser: Browser;
  let page: Page;
  before(async () => {
    await recordSession(stalled, { rounds: 6, stallInRound: 3 });
    await recordSession(healthy, { rounds: 4 });
    app = new Command(['replay', stalled, '--no-open'], { dataFolder: join(folder, 'data') });
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await app.until(/\?token=\S+\n/);
    await page.goto(app.stdout.trim());
    // It opens at its end, which is read first.
    await page.getByText(/Then:.*never hears the answer/).waitFor();
  });
  after(async () => {
    await browser.close();
    await app[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  const bar = () => page.getByRole('region', { name: 'Recording' });
  const time = async (): Promise<string> => await page.locator('.rb-time b').innerText();
  const scrub = async (share: number): Promise<void> => {
    const box = await page.getByRole('slider', { name: 'Moment of the recording' }).boundingBox();
    assert.ok(box !== null);
    const before = await time();
    await page.mouse.click(box.x + box.width * share, box.y + box.height / 2);
    await page.waitForFunction((old) => document.querySelector('.rb-time b')?.textContent !== old, before);
  };
  const open = async (path: string): Promise<void> => {
    await page.keyboard.press('Control+o');
    const field = page.getByRole('combobox', { name: 'File' });
    await field.fill(path);
    await field.press('Enter');
  };
  const show = async (view: string): Promise<void> => {
    await page.evaluate((hash) => void (window.location.hash = hash), `#/${view}`);
    await page.locator('main:not([aria-busy])').first().waitFor();
  };

  test('it opens at its end, says that it is the past and of which file, and what the diagnosis said', async () => {
    const words = await bar().innerText();
    assert.match(words, /Recording/);
    assert.match(words, /stalled\.sqlite/);
    assert.match(words, /4 Jan 2026/);
    assert.match(words, /The run ended: stalled/);
  });

  test('all views stand at the moment that was scrubbed to, and none has a command to the run', async () => {
    await scrub(0.3);
    assert.equal(await page.getByText(/Then:/).count(), 0, 'nothing was stalled yet');
    for (const view of views) {
      await show(view);
      const buttons = await page.locator('button:enabled').allInnerTexts();
      const main = await page.locator('main').innerText();
      const words = buttons.map((text) => text.split('\n')[0]?.trim() ?? '');
      assert.deepEqual(
        words.filter((text) => commands.test(text)),
        [],
        view,
      );
      assert.doesNotMatch(main, /\bLive\b/, view);
    }
    await show('demo');
    await page.getByText('This window shows a recording, which takes no commands.').waitFor();
    await show('packets');
    const last = await page.locator('.v-packets [role="row"]').last().innerText();
    const moment = await time();
    assert.ok(last.slice(0, 8) <= moment, `the newest packet is of ${last.slice(0, 12)}, not after ${moment}`);
  });

  test('in the packet table, back in time takes the rows away that had not come then', async () => {
    await show('packets');
    await scrub(0.9);
    const later = await page
      .getByText(/[\d,]+ recorded/)
      .first()
      .innerText();
    await scrub(0.2);
    const sooner = await page
      .getByText(/[\d,]+ recorded/)
      .first()
      .innerText();
    const count = (text: string): number => Number(text.replaceAll(/\D/g, ''));
    assert.ok(count(sooner) < count(later), `${sooner} before ${later}`);
  });

  test('it plays and pauses by key, and steps to rounds and verdicts', async () => {
    await show('rounds');
    await scrub(0.1);
    const before = await time();
    await page.locator('main').click({ position: { x: 5, y: 5 } });
    await page.keyboard.press(' ');
    await page.getByRole('button', { name: /^Pause/ }).waitFor();
    await page.waitForFunction((old) => document.querySelector('.rb-time b')?.textContent !== old, before);
    await page.keyboard.press(' ');
    await page.getByRole('button', { name: /^Play/ }).waitFor();
    await page.keyboard.press('Shift+V');
    await page.getByText(/Then:/).waitFor();
    const atVerdict = await time();
    await page.keyboard.press('Shift+P');
    await page.waitForFunction((old) => document.querySelector('.rb-time b')?.textContent !== old, atVerdict);
    assert.ok((await time()) < atVerdict);
  });

  test('a reload comes back to it; closed, the window is as any other', async () => {
    await page.reload();
    await bar().waitFor();
    await page.getByRole('button', { name: 'Close the recording' }).first().click();
    await page.getByRole('heading', { name: 'No run is open' }).waitFor();
    assert.equal(await page.locator('.replay-bar').count(), 0);
    await page.reload();
    await page.getByRole('heading', { name: 'No run is open' }).waitFor();
  });

  test('what is no recording is refused in the dialog, in words; another one opens by its path', async () => {
    const foreign = join(folder, 'foreign.sqlite');
    writeFileSync(foreign, 'not a recording');
    await open(foreign);
    await page
      .getByText(/not a database|is not a recording/)
      .first()
      .waitFor();
    await page.keyboard.press('Escape');
    await open(healthy);
    await page.getByText('4 / 4').first().waitFor();
    assert.match(await bar().innerText(), /healthy\.sqlite/);
  });

  test('a demo that was recorded opens', async () => {
    const demo = join(folder, 'demo.sqlite');
    await using recording = new Command(
      ['demo', '--headless', '--rounds', '2', '--participants', '2', '--record', demo],
      {},
    );
    assert.equal((await recording.exit(300_000)).status, 0);
    await open(demo);
    await page.getByText('2 / 2').first().waitFor();
    assert.match(await bar().innerText(), /demo\.sqlite[^]*The run ended: completed/);
  });
});
