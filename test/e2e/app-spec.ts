import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { standInRemark } from '#test/support/stand-in-remark.ts';
import { assertAccessible } from './measures/accessibility.ts';
import type { OpenApp, OpenOptions } from './open-app.ts';
import {
  accuracyPercent,
  demoPatienceMs,
  openView,
  recordRounds,
  roundCell,
  startDemo,
  waitForEnd,
  waitForRound,
} from './measures/window-text.ts';

type Open = (options?: OpenOptions) => Promise<OpenApp>;

/** By their keys, 0 to 7. */
const views = ['Runs', 'Rounds', 'Packets', 'Metrics', 'Participants', 'Diagnosis', 'Demo', 'Settings'];

/** What holds of the app however it is shown. */
export function appSpec(name: string, open: Open): void {
  describe(name, () => {
    appTest('the demo starts by itself and comes to its first round', open, {}, async ({ page }) => {
      await page.locator('[aria-label="Round list"] >> text=done').first().waitFor({ timeout: demoPatienceMs });
    });
    appTest('a whole demo to its last round', open, { idle: true }, wholeDemo);
    appTest('models over QUIC, control over MQTT', open, { idle: true }, splitDemo);
    appTest(
      'connection per message: the stall is seen, named and ends the run',
      open,
      { idle: true },
      connectionPerMessage,
    );
    appTest('a reload in the middle of a round changes nothing but the page', open, { idle: true }, reload);
    appTest('everything is reached by keyboard alone', open, { idle: true }, keyboardOnly);
    appTest('each view can be used by everybody, in light and dark', open, { idle: true }, accessibleViews);
    appTest('quitting in the middle of a run leaves nothing behind', open, {}, async (app) => {
      await waitForRound(app.page, 1);
      assert.equal(await app.quit(), 0, app.printed);
    });
  });
}

/** A test with an app of its own, whose console must stay clean; a failure brings along what was to be seen. */
export function appTest<A extends OpenApp>(
  title: string,
  open: (options?: OpenOptions) => Promise<A>,
  options: OpenOptions,
  body: (app: A) => Promise<void>,
): void {
  test(title, async (t) => {
    await using app = await open(options);
    if (app.isStandIn) t.diagnostic(standInRemark);
    try {
      await body(app);
      assert.deepEqual(app.problems, [], 'errors in the console of the page');
    } catch (error) {
      const text = await app.page.innerText('body').catch(() => 'nothing: the page is gone');
      t.diagnostic(`console: ${app.problems.join('\n') || 'clean'}`);
      t.diagnostic(`the app printed: ${app.printed.slice(-2000)}`);
      t.diagnostic(`the page showed: ${text.replaceAll('\n', ' | ').slice(0, 3000)}`);
      throw error;
    }
  });
}

async function wholeDemo({ page }: OpenApp): Promise<void> {
  const rounds = await recordRounds(page);
  await startDemo(page, { participants: 4, rounds: 4 });
  await openView(page, 'Rounds');
  await waitForEnd(page, 'Run completed');
  assert.deepEqual(await rounds(), [1, 2, 3, 4]);
  assert.match(await roundCell(page).innerText(), /4 \/ 4\s+completed/);
  assert.ok((await accuracyPercent(page)) > 80, await page.locator('header .wait').innerText());
  assert.match(await page.locator('[aria-label="Round list"]').innerText(), /(4 of 4[^]*){4}/);
  assert.equal(await page.locator('.lane-row[data-lane]').count(), 4);
  await checkPackets(page);
  await openView(page, 'Metrics');
  for (const chart of [/Loss/, /Accuracy/]) await page.getByRole('heading', { name: chart }).first().waitFor();
  await openView(page, 'Participants');
  // That their processes end after the run is no news.
  await page.getByText('4 of 4 here').waitFor();
  await openView(page, 'Diagnosis');
  await page.getByText('nothing was found in this run').waitFor();
}

/** One update of each participant in each round, seen at both ends; a click shows what was in it. */
async function checkPackets(page: Page): Promise<void> {
  await openView(page, 'Packets');
  const ledger = page.locator('[aria-label="Packets"] .foot');
  await page.waitForFunction(() => /[1-9]\d* match/.test(document.querySelector('.p-table .foot')?.textContent ?? ''));
  assert.match(await ledger.innerText(), /(^|\s)nothing lost, /);
  await page.getByLabel('Filter packets').fill('kind == model_update && participant == node-3');
  const table = page.getByRole('grid', { name: 'Packets' });
  await table.getByText('model_update').first().click();
  const detail = page.locator('.v-packets.open');
  await detail.getByText('model_update').first().waitFor();
  await page.getByLabel('Filter packets').fill('kind = ');
  await page.locator('#filter-note').waitFor();
}

async function splitDemo({ page }: OpenApp): Promise<void> {
  await startDemo(page, { participants: 2, rounds: 2, control: 'over mqtt' });
  await waitForEnd(page, 'Run completed');
  await openView(page, 'Packets');
  const table = page.getByRole('grid', { name: 'Packets' });
  await page.getByLabel('Filter packets').fill('protocol == mqtt && kind == start_training');
  await table.getByText('start_training').first().waitFor();
  await page.getByLabel('Filter packets').fill('protocol == quic && kind == model_update');
  await table.getByText('model_update').first().waitFor();
}

async function connectionPerMessage({ page }: OpenApp): Promise<void> {
  const fault = { title: 'Connection per message', fromRound: 1 };
  await startDemo(page, { participants: 3, rounds: 4, deadlineS: 6, fault });
  await openView(page, 'Rounds');
  const verdict = page.getByRole('region', { name: 'Current verdict' });
  await verdict.waitFor({ timeout: 60_000 });
  assert.match(await verdict.innerText(), /node-[123]/);
  assert.match(await verdict.innerText(), /injected fault: connection per message/);
  await page.locator('.sg.stalled').first().waitFor();
  await waitForEnd(page, 'Run ended, stalled: node-');
  await page.locator('.sg.stalled').first().waitFor();
  await page.keyboard.press('e');
  await page
    .getByRole('region', { name: 'Verdict', exact: true })
    .getByText('connection-per-message')
    .first()
    .waitFor();
  await assertAccessible(page, 'a verdict');
}

async function reload({ page }: OpenApp): Promise<void> {
  await startDemo(page, { participants: 3, rounds: 100 });
  await openView(page, 'Rounds');
  await waitForRound(page, 2);
  const run = await page.locator('header .cell').first().innerText();
  const before = Number.parseInt(await roundCell(page).locator('.big').innerText(), 10);
  await page.reload();
  await waitForRound(page, before);
  assert.equal(await page.locator('header .cell').first().innerText(), run);
  // What was before the reload is there again, and what comes after it is shown too.
  await page.locator('[aria-label="Round list"]').getByText('3 of 3').first().waitFor();
  await waitForRound(page, before + 2);
  await openView(page, 'Demo');
  await page.getByRole('button', { name: /^Stop/ }).first().click();
  await waitForEnd(page, 'Run stopped');
}

async function keyboardOnly({ page }: OpenApp): Promise<void> {
  const current = page.locator('nav [aria-current=page]');
  await page.getByRole('heading', { name: 'No run is open' }).waitFor();
  await page.keyboard.press('6');
  await page.getByRole('heading', { name: 'Demo', exact: true }).waitFor();
  await tabTo(page, /^Rounds$/, 'Tab');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('300');
  await tabTo(page, /^Start/, 'Shift+Tab');
  await page.keyboard.press('Enter');
  await waitForRound(page, 1);
  for (const [index, title] of views.entries()) {
    await page.keyboard.press(String(index));
    await current.filter({ hasText: title }).waitFor();
    // The focus comes along, and the view is read out by its name; so it is when its key is pressed again.
    await focusOnView(page, title);
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press(String(index));
    await focusOnView(page, title);
  }
  await page.keyboard.press('1');
  await page.keyboard.press('/');
  await current.filter({ hasText: 'Packets' }).waitFor();
  const filter = page.getByLabel('Filter packets');
  await page.waitForFunction(() => document.activeElement?.id === 'packet-filter');
  await page.keyboard.type('1 heartbeat');
  assert.equal(await filter.inputValue(), '1 heartbeat', 'a field keeps its keys');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Go to, do or filter' }).waitFor();
  await page.keyboard.type('metrics');
  await page.keyboard.press('Enter');
  await current.filter({ hasText: 'Metrics' }).waitFor();
  await page.keyboard.press('Shift+?');
  const sheet = page.getByRole('dialog', { name: 'Shortcuts' });
  await sheet.waitFor();
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'hidden' });
  await tabThroughRail(page);
  await page.keyboard.press('6');
  await page.getByRole('button', { name: /^Stop/ }).first().waitFor();
  await page.keyboard.press('Shift+S');
  await waitForEnd(page, 'Run stopped');
}

async function focusOnView(page: Page, title: string): Promise<void> {
  await page.waitForFunction((name) => {
    const focus = document.activeElement;
    return focus?.tagName === 'MAIN' && focus.getAttribute('aria-label') === name;
  }, title);
}

async function tabTo(page: Page, name: RegExp, key: 'Tab' | 'Shift+Tab'): Promise<void> {
  const focused: string[] = [];
  for (let presses = 0; presses < 60; presses++) {
    const label = await page.evaluate(() => {
      const element = document.activeElement;
      const given = element instanceof HTMLInputElement ? element.labels?.[0] : element;
      return (element?.getAttribute('aria-label') ?? given?.textContent ?? '').trim();
    });
    if (name.test(label)) return;
    focused.push(label.slice(0, 20));
    await page.keyboard.press(key);
  }
  assert.fail(`${key} never came to ${name}, but to ${focused.join(', ')}`);
}

/** The focus is always somewhere to be seen, and comes to every view. */
async function tabThroughRail(page: Page): Promise<void> {
  const reached = new Set<string>();
  for (let presses = 0; presses < 60 && reached.size < views.length; presses++) {
    await page.keyboard.press('Tab');
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      const box = element?.getBoundingClientRect();
      return { title: element?.closest('nav a')?.querySelector('.t')?.textContent, seen: (box?.width ?? 0) > 0 };
    });
    assert.ok(focus.seen, 'the focus is on something that cannot be seen');
    if (focus.title != null) reached.add(focus.title);
  }
  assert.deepEqual([...reached].toSorted(), views.toSorted());
}

async function accessibleViews({ page }: OpenApp): Promise<void> {
  const schemes = ['light', 'dark'] as const;
  await page.getByRole('heading', { name: 'No run is open' }).waitFor();
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await assertAccessible(page, `the empty window, ${colorScheme}`);
  }
  await startDemo(page, { participants: 3, rounds: 2 });
  await waitForEnd(page, 'Run completed');
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const title of views) {
      await openView(page, title);
      await page.locator('main:not([aria-busy])').first().waitFor();
      await assertAccessible(page, `${title}, ${colorScheme}`);
    }
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await assertAccessible(page, `the palette, ${colorScheme}`);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+?');
    await page.getByRole('dialog').waitFor();
    await assertAccessible(page, `the shortcuts, ${colorScheme}`);
    await page.keyboard.press('Escape');
  }
}
