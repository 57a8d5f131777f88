import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { pageIds, viewIds } from '#renderer/session/navigation.ts';
import { tabStopsMissed } from './measures/keyboard-reach.ts';
import { measureLayout } from './measures/layout-measure.ts';
import { OpenPreview, showPlace, stillPage } from './open-preview.ts';

/** In CSS pixels. A window of 1440 x 900 at 200 % is one of 720 x 450. */
const sizes = [
  { name: '1440 x 900', width: 1440, height: 900 },
  { name: '1024 x 700', width: 1024, height: 700 },
  { name: '1920 x 1080', width: 1920, height: 1080 },
  { name: '1440 x 900 at 200 %', width: 720, height: 450 },
] as const;
const themes = ['light', 'projector', 'dark'] as const;

/** What the preview plays, and where one looks at it; views that look alike in a run are left to the others. */
const runs: readonly { readonly query: string; readonly places: readonly string[] }[] = [
  {
    query: 'run=live&participants=6&mixed',
    places: [
      ...viewIds,
      'home',
      'rounds?round=3&participant=node-2',
      'participants?participant=node-3',
      'packets?packet=40',
    ],
  },
  { query: 'run=stalled&participants=6&mixed', places: [...viewIds, 'rounds?round=4&participant=node-5'] },
  { query: 'run=live&participants=24&rounds=400&mixed', places: ['rounds', 'metrics', 'participants'] },
  { query: 'run=done', places: ['rounds', 'demo', 'diagnosis'] },
  { query: 'run=live&claims', places: ['participants', 'participants?participant=node-2'] },
  { query: 'run=live&cut', places: ['rounds?round=8', 'participants'] },
  { query: 'run=stalled&elapsed=300&lossy', places: ['rounds', 'diagnosis', 'packets'] },
  { query: 'run=empty', places: [...pageIds, 'demo', 'settings'] },
  { query: 'seat=live', places: ['rounds', 'metrics', 'participants', 'diagnosis', 'leaves'] },
  { query: 'seat=live&elapsed=498&cut', places: ['rounds', 'rounds?round=13', 'participants'] },
  { query: 'seat=gone', places: ['rounds', 'home'] },
  { query: 'seat=paused&lossy', places: ['rounds'] },
  { query: 'seat=killed', places: ['rounds', 'home'] },
  { query: 'seat=restarting', places: ['rounds'] },
];

describe('nothing is cut, covered or out of reach', () => {
  let preview: OpenPreview;
  before(async () => {
    preview = await OpenPreview.open();
  });
  after(() => preview[Symbol.asyncDispose]());

  for (const { query, places } of runs) {
    test(`every view in every theme and size: ${query}`, async () => {
      const { page } = preview;
      await preview.play(query);
      const found: string[] = [];
      for (const { name, ...size } of sizes) {
        await page.setViewportSize(size);
        for (const theme of themes) {
          // Dark differs from light by its colors alone, which one size shows.
          if (theme === 'dark' && size.width !== sizes[0].width) continue;
          await setTheme(page, theme);
          // Charts break their words as they are drawn: each view comes up in the theme that it is looked at in.
          for (const place of places) {
            await showSettled(page, place);
            for (const finding of await measureLayout(page)) found.push(`${name} ${place} ${theme}: ${finding}`);
          }
        }
      }
      assert.equal(found.join('\n'), '');
    });
  }

  test('the top bar gives way where it has to, and what gave way comes back', async () => {
    const page = await preview.browser.newPage({ viewport: { width: 1920, height: 1080 } });
    await page.goto(`${preview.address}?run=live#/rounds`);
    const fits = async (pattern: RegExp): Promise<void> => {
      await page.waitForFunction(
        (source) => new RegExp(source).test(document.querySelector<HTMLElement>('.topbar')?.dataset['fit'] ?? 'none'),
        pattern.source,
      );
    };
    await fits(/^$/);
    await page.setViewportSize({ width: 720, height: 450 });
    await fits(/^rows/);
    const cut = await page.evaluate(
      () =>
        [...document.querySelectorAll<HTMLElement>('.topbar, .topbar .wait')].filter(
          ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth,
        ).length,
    );
    assert.equal(cut, 0);
    await page.setViewportSize({ width: 1920, height: 1080 });
    await fits(/^$/);
    await page.close();
  });

  test('Tab comes to every control of every view', async () => {
    const page = await stillPage(preview.browser);
    const missed: string[] = [];
    for (const query of ['run=live', 'run=empty']) {
      await page.goto(`${preview.address}?${query}#/rounds`);
      for (const place of [...viewIds, ...pageIds]) {
        await showSettled(page, place);
        for (const control of await tabStopsMissed(page)) missed.push(`${query} ${place}: ${control}`);
      }
    }
    await page.close();
    assert.equal(missed.join('\n'), '');
  });

  test('what this test looks for is found when it is planted', async () => {
    const page = await preview.browser.newPage({ viewport: { width: 1024, height: 700 } });
    await page.goto(`${preview.address}?run=done#/rounds`);
    await showSettled(page, 'rounds');
    assert.deepEqual(await measureLayout(page), []);
    await page.addStyleTag({ content: '.cell.round { width: 20px; overflow: hidden }' });
    assert.match((await measureLayout(page)).join('\n'), /^cut: /m);
    await page.addStyleTag({ content: '.cell.last { position: relative; left: 600px }' });
    assert.match((await measureLayout(page)).join('\n'), /control (outside the window|cut): "Save/);
    await page.evaluate(() => {
      const lid = document.createElement('div');
      lid.style.cssText = 'position: fixed; inset: 120px 0 0 100px; background: red';
      document.body.append(lid);
    });
    assert.match((await measureLayout(page)).join('\n'), /control covered/);
    await page.addStyleTag({ content: '.topbar .w2 { margin-top: -14px }' });
    assert.match((await measureLayout(page)).join('\n'), /^overlap: /m);
    await page.evaluate(() =>
      document
        .querySelector('main')
        ?.insertAdjacentHTML('beforeend', '<section class="panel"><div class="ph"><h2>Bare</h2></div></section>'),
    );
    assert.match((await measureLayout(page)).join('\n'), /^nothing below its head: "Bare/m);
    await page.evaluate(() =>
      document
        .querySelector('main')
        ?.insertAdjacentHTML(
          'beforeend',
          '<div class="ph" style="width: 120px"><h2>Runs</h2><span class="sub">six of them, kept on this machine</span></div>',
        ),
    );
    assert.match((await measureLayout(page)).join('\n'), /^a head of many lines: "six of them/m);
    await page.addStyleTag({ content: '.rail a { visibility: hidden }' });
    await page.evaluate(() =>
      document.querySelector('main')?.insertAdjacentHTML('beforeend', '<button tabindex="-1">x</button>'),
    );
    assert.match((await tabStopsMissed(page)).join('\n'), /x/);
    await page.close();
  });
});

async function showSettled(page: Page, place: string): Promise<void> {
  await showPlace(page, place);
  await settled(page);
}

async function setTheme(page: Page, theme: (typeof themes)[number]): Promise<void> {
  await page.evaluate((name) => {
    document.documentElement.dataset['theme'] = name;
  }, theme);
  await settled(page);
}

/** Charts measure themselves and draw in a later frame: until the page stays the same for some of them. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
    const shape = (): string => `${document.body.querySelectorAll('*').length} ${document.body.innerText.length}`;
    let same = 0;
    let before = '';
    for (let i = 0; i < 60 && same < 4; i++) {
      await frame();
      const now = shape();
      same = now === before ? same + 1 : 0;
      before = now;
    }
  });
}
