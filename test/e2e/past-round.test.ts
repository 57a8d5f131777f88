import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { OpenPreview } from './open-preview.ts';

describe('a round of the past, and a coordinator that is silent', () => {
  let preview: OpenPreview;
  let page: Page;
  before(async () => {
    preview = await OpenPreview.open();
    page = preview.page;
  });
  after(() => preview[Symbol.asyncDispose]());

  for (const [query, lane] of [
    ['run=live&participants=4', 'node-1'],
    ['seat=live', 'lab-2'],
  ] as const) {
    test(`a round that is opened brings its lanes: ${query}`, async () => {
      await preview.play(query, 'rounds');
      const live = page.getByRole('button', { name: /^Live/ });
      await page.locator(`[data-lane="${lane}"] .sg`).first().waitFor();
      assert.equal(await live.getAttribute('aria-pressed'), 'true');
      const trained = page.locator(trainingOf(lane, 2));
      assert.equal(await trained.count(), 0, 'round 2 is long past');
      const before = await brush(page);
      await page.getByRole('button', { name: 'Open round 2', exact: true }).click();
      await trained.first().waitFor();
      const box = await trained.first().boundingBox();
      assert.ok(box !== null && box.width > 100, `the round fills the lanes, its training is ${box?.width} px wide`);
      assert.equal(await live.getAttribute('aria-pressed'), 'false');
      assert.ok((await brush(page)).left < before.left, 'the strip of the whole run shows where that is');
      // Another round from there, also one that lies beside the window.
      await page.getByRole('button', { name: 'Open round 4', exact: true }).click();
      await page.locator(trainingOf(lane, 4)).first().waitFor();
      await page.keyboard.press('Escape');
      await page.waitForFunction(() => document.querySelector('main.opened') === null);
      assert.deepEqual(await brush(page), before, 'closed, the lanes are where they were');
      assert.equal(await live.getAttribute('aria-pressed'), 'true');
    });

    test(`Live leads back from a past round while it stays open: ${query}`, async () => {
      await preview.play(query, 'rounds?round=2');
      const live = page.getByRole('button', { name: /^Live/ });
      await page.locator(trainingOf(lane, 2)).first().waitFor();
      await page.keyboard.press('f');
      await page.waitForFunction(
        () =>
          [...document.querySelectorAll('button')].find(({ textContent }) => textContent.startsWith('Live'))
            ?.ariaPressed === 'true',
      );
      assert.equal(await page.locator('main.opened').count(), 1);
      await live.waitFor();
    });

    test(`a click on the strip of the whole run moves the lanes there: ${query}`, async () => {
      await preview.play(query, 'rounds');
      await page.locator(`[data-lane="${lane}"] .sg`).first().waitFor();
      const before = await brush(page);
      const strip = await page.locator('.overview .ov').boundingBox();
      assert.ok(strip !== null && before.left > 0.25, 'there is room before the window');
      await page.mouse.click(strip.x + strip.width * 0.02, strip.y + strip.height / 2);
      await page.waitForFunction((left) => {
        const own = document.querySelector<HTMLElement>('.brush')?.style.left ?? '';
        return Number.parseFloat(own) / 100 < left;
      }, before.left - 0.05);
      const after = await brush(page);
      assert.ok(after.left < 0.02, `the run's beginning is in sight, not from ${after.left} on`);
      assert.ok(Math.abs(after.width - before.width) < 0.001, 'as much time as before');
      assert.equal(await page.getByRole('button', { name: /^Live/ }).getAttribute('aria-pressed'), 'false');
      await page.locator(trainingOf(lane, 1)).first().waitFor();
    });
  }

  test('a round that the end of the run cuts off is neither at work nor missed by anybody', async () => {
    await preview.play('run=live&participants=4&cut', 'rounds');
    const row = page.locator('tr', { has: page.getByRole('button', { name: 'Open round 8', exact: true }) });
    assert.match(await row.innerText(), /not finished/);
    await preview.play('run=live&participants=4&cut', 'participants');
    const table = page.getByRole('region', { name: 'Contributions' }).last();
    await table.getByText('acked', { exact: true }).first().waitFor();
    assert.equal(await table.getByText('missed', { exact: true }).count(), 0);
    assert.equal(await table.getByText('ended', { exact: true }).count(), 1);
  });

  test('Participants opens who stalls, and has its row in sight', async () => {
    await preview.play('run=stalled&participants=12', 'participants');
    const verdict = page.getByRole('button', { name: /^Show evidence/ });
    await verdict.waitFor();
    const stalled = /node-\d+/.exec(await page.locator('.verdict').innerText())?.[0] ?? '';
    await page.getByRole('complementary', { name: `Participant ${stalled}` }).waitFor();
    const table = page.getByRole('region', { name: 'Table of participants' });
    const isInSight = (): Promise<boolean> =>
      table.evaluate((region, id) => {
        const [outer, row] = [region, region.querySelector(`[data-participant="${id}"]`)].map((one) =>
          one?.getBoundingClientRect(),
        );
        return outer !== undefined && row !== undefined && row.top >= outer.top && row.bottom <= outer.bottom + 1;
      }, stalled);
    assert.ok(await isInSight());
    await page.setViewportSize({ width: 1024, height: 700 });
    await preview.play('run=stalled&participants=12', 'participants');
    await table.getByRole('button', { name: stalled, exact: true }).waitFor();
    assert.ok(await isInSight(), 'where no pane has room, its row is seen');
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('Diagnosis says what the banner above it says', async () => {
    await preview.play('seat=gone', 'diagnosis');
    const said = page.getByRole('region', { name: 'The coordinator does not answer' }).locator('.say');
    await said.waitFor();
    const sentence = await page.getByRole('region', { name: 'Verdict', exact: true }).locator('.sentence').innerText();
    assert.equal(sentence, await said.innerText());
    assert.doesNotMatch(await page.locator('main').innerText(), /nothing in this run is stalled|nothing was found/);
    await preview.play('seat=restarting', 'diagnosis');
    await page
      .getByText(/process ended .* it is being started again/i)
      .first()
      .waitFor();
    assert.doesNotMatch(await page.locator('main').innerText(), /nothing in this run is stalled|nothing was found/);
  });
});

function trainingOf(lane: string, round: number): string {
  return `[data-lane="${lane}"] .sg.train[title$=", round ${round}"]`;
}

/** Where the window of the lanes lies in the strip of the whole run, as shares of it. */
function brush(page: Page): Promise<{ readonly left: number; readonly width: number }> {
  return page.evaluate(() => {
    const { left = '', width = '' } = document.querySelector<HTMLElement>('.brush')?.style ?? {};
    return { left: Number.parseFloat(left) / 100, width: Number.parseFloat(width) / 100 };
  });
}
