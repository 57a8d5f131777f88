import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { OpenPreview } from './open-preview.ts';
import { disagreements, figuresNow } from './measures/same-figures.ts';

/** Moments of recorded runs, and figures that must stand in two places or more then. */
const moments: Readonly<Record<string, readonly string[]>> = {
  'run=live&elapsed=64': [
    'round',
    'time of the round',
    'updates that are in',
    'accuracy',
    'slowest',
    'batch of node-1',
  ],
  'run=live&participants=6&mixed&elapsed=75': ['round', 'updates that are in', 'accuracy', 'batch of node-6'],
  'run=stalled': ['round', 'time of the round', 'accuracy'],
  'run=done': ['round', 'accuracy'],
  'seat=live': ['round', 'time of the round', 'accuracy', 'own work', 'batch of lab-2'],
  'seat=paused': ['round', 'time of the round', 'own work'],
  'seat=gone': ['round', 'time of the round', 'own work', 'silence'],
  'seat=ended': ['round', 'accuracy', 'own work'],
};

describe('a figure is the same wherever the window shows it', () => {
  let preview: OpenPreview;
  let page: Page;
  before(async () => {
    preview = await OpenPreview.open();
    page = preview.page;
  });
  after(() => preview[Symbol.asyncDispose]());

  for (const [query, figures] of Object.entries(moments)) {
    test(query, async () => {
      await preview.play(query);
      await page.locator('.p-list tbody tr').nth(1).waitFor();
      await page.locator('header .wait .w1').waitFor();
      const rounds = await figuresNow(page);
      await preview.show('home');
      await page.locator('main.home .of').waitFor();
      const home = await figuresNow(page);
      assert.deepEqual([...disagreements(rounds), ...disagreements(home)], []);
      for (const figure of figures)
        assert.ok(Object.keys(rounds[figure] ?? {}).length >= 2, `${figure}: ${JSON.stringify(rounds[figure])}`);
      // What Home says of the run is what Rounds said.
      for (const [figure, { Home }] of Object.entries(home))
        if (Home !== undefined) assert.ok(Object.values(rounds[figure] ?? {}).includes(Home), `${figure}: ${Home}`);
    });
  }

  test('a figure that is planted is found', async () => {
    await preview.play('seat=live');
    await page.locator('.p-list tbody tr').nth(1).waitFor();
    await page.evaluate(() => {
      const place = document.querySelector('.p-list .sub');
      if (place !== null) place.textContent = '12 decided, 10 counted';
    });
    assert.match(disagreements(await figuresNow(page)).join('\n'), /own work: 12 10 \(list\)/);
  });
});
