import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { viewIds } from '#renderer/session/navigation.ts';
import { turning } from '#shared/base/text/visible-text.ts';
import { OpenPreview } from './open-preview.ts';

/** All text of these runs that a peer, a file or a folder could have chosen is hostile. */
const runs: readonly { readonly query: string; readonly places: readonly string[] }[] = [
  {
    query: 'run=stalled&hostile',
    places: [...viewIds, 'home', 'rounds?round=4&participant=node-3', 'participants?participant=node-3'],
  },
  { query: 'run=done&hostile', places: ['rounds', 'home'] },
  {
    query: 'seat=live&hostile',
    places: [...viewIds, 'home', 'rounds?round=9', 'participants?participant=lab-2', 'participants?participant=lab-1'],
  },
  { query: 'seat=gone&hostile', places: ['rounds', 'home', 'diagnosis'] },
  { query: 'seat=left&hostile', places: ['rounds', 'home'] },
];

describe('text from outside turns nothing around, in any view', () => {
  let preview: OpenPreview;
  let page: Page;
  before(async () => {
    preview = await OpenPreview.open();
    page = preview.page;
  });
  after(() => preview[Symbol.asyncDispose]());

  for (const { query, places } of runs) {
    test(`in all views: ${query}`, async () => {
      await preview.play(query);
      const found: string[] = [];
      for (const place of places) {
        await preview.show(place);
        found.push(...(await deceptions(page, place)));
      }
      await page.getByRole('button', { name: 'Save last 10 minutes' }).click();
      await page.getByText(/^Saved .* to /).waitFor();
      found.push(...(await deceptions(page, 'the place of what was saved')));
      await page.locator('header button.run').click();
      await page.getByRole('menu').first().waitFor();
      found.push(...(await deceptions(page, 'the menu of runs')));
      assert.deepEqual(found, []);
    });
  }

  test('in the forms of Join and Coordinate', async () => {
    await preview.play('run=empty&hostile', 'join');
    await page.getByLabel('Invitation', { exact: true }).fill(`roundscope://join?i=${'a'.repeat(60)}`);
    await page.getByLabel('Folder or file', { exact: true }).fill('~/data/faces');
    await page.locator('table.cls').waitFor();
    await page.getByRole('list', { name: 'Classes of the run' }).waitFor();
    assert.deepEqual(await deceptions(page, 'Join'), []);
    // What is sent back is the name as it is, not as it is shown.
    const values = await page
      .locator('table.cls select')
      .first()
      .evaluate((select) =>
        [...(select as HTMLSelectElement).options].map(({ value, text }) => [value, text] as const),
      );
    const [value, text] = values.find(([name]) => name.startsWith('angry')) ?? ['', ''];
    assert.ok(value.includes('\u202e') && text.includes('\\u202e'), JSON.stringify([value, text]));
    await page.getByLabel('Folder or file', { exact: true }).fill('~/da');
    await page.getByRole('listbox', { name: 'Folders' }).waitFor();
    assert.deepEqual(await deceptions(page, 'completion of a path'), []);
    await preview.show('coordinate');
    await page.getByLabel('Data to check with', { exact: true }).fill('~/data/faces');
    await page.getByText(/pictures, 48 × 48/).waitFor();
    assert.deepEqual(await deceptions(page, 'Coordinate'), []);
  });

  test('what this test looks for is found when it is planted', async () => {
    await preview.play('run=done');
    assert.match((await deceptions(page, 'a harmless run')).join('\n'), /nothing hostile/);
    await page.evaluate(() => document.querySelector('main')?.setAttribute('title', 'a\u202eb'));
    assert.match((await deceptions(page, 'a harmless run')).join('\n'), /title of main/);
  });
});

/** Where the page holds what would turn or ring; also where it holds no hostile text at all, since then nothing was tried. */
async function deceptions(page: Page, place: string): Promise<readonly string[]> {
  const found = await page.evaluate((source) => {
    const turning = new RegExp(source);
    const told: string[] = [];
    const nameOf = (one: Element): string => `${one.tagName.toLowerCase()}.${[...one.classList].join('.')}`;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const { parentElement: parent, textContent: text } = node;
      if (parent !== null && parent.closest('script, style') === null && turning.test(text ?? ''))
        told.push(`text in ${nameOf(parent)}: ${JSON.stringify(text?.slice(0, 80))}`);
    }
    for (const one of document.querySelectorAll('*'))
      for (const { name, value } of one.attributes)
        // The value of a choice is what is sent back; it is not drawn.
        if (name !== 'value' && turning.test(value))
          told.push(`${name} of ${nameOf(one)}: ${JSON.stringify(value.slice(0, 80))}`);
    if (turning.test(document.title)) told.push(`title: ${JSON.stringify(document.title)}`);
    if (!document.documentElement.outerHTML.includes('\\u202e')) told.push('nothing hostile is shown here');
    return told;
  }, turning.source);
  return found.map((one) => `${place}: ${one}`);
}
