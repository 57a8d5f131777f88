import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe } from 'node:test';
import type { Page } from 'playwright-core';
import { coordinate } from '#test/cli/federation.ts';
import { assertAccessible } from './measures/accessibility.ts';
import { appTest } from './app-spec.ts';
import { BrowserApp } from './open-app.ts';
import { demoPatienceMs, fillJoinForm } from './measures/window-text.ts';

const open = BrowserApp.open.bind(BrowserApp);
const rounds = 2;

describe('what leaves this machine', () => {
  appTest(
    'is counted from what was sent, while the run goes on and in its recording',
    open,
    { idle: true },
    async ({ page, dataFolder }) => {
      await using coordinator = await coordinate([
        '--participants',
        '1',
        '--rounds',
        String(rounds),
        '--deadline',
        '120',
      ]);
      await fillJoinForm(page, { invitation: coordinator.invitation, data: 'digits', name: 'lab-2' });
      await page.getByRole('button', { name: 'Approve and join', exact: true }).last().click();
      await page.getByRole('heading', { name: 'Your contributions' }).waitFor();
      await page.keyboard.press('Shift+L');
      await rowOf(page, 'register').waitFor();
      await page.getByText('Run completed').first().waitFor({ timeout: demoPatienceMs });
      await page.getByText('all of it is on the list').waitFor();
      const live = await figures(page);
      assert.deepEqual([live['register']?.[0], live['model_update']?.[0]], ['1', String(rounds)]);
      await assertAccessible(page, 'what leaves this machine');

      const all = await page.locator('.lv-tab tfoot').textContent();
      const recording = recordingIn(dataFolder);
      const sums = sentIn(recording);
      for (const [kind, frames] of sums) assert.equal(live[kind]?.[0]?.replaceAll(',', ''), String(frames), kind);
      assert.equal(Object.keys(live).length, sums.size + 2, 'each kind has its row, pictures and all have theirs');

      await page.getByRole('button', { name: 'model_update' }).click();
      const detail = page.getByRole('complementary', { name: 'Sent: model_update' });
      await detail.getByText(/^\d+ arrays/).waitFor();
      const [name, shape, type, , norm] = await detail.locator('tbody tr').first().locator('td').allInnerTexts();
      assert.match([name, shape, type].join(' '), /\S+ \d.* float32/);
      assert.ok(Number(norm) > 0, `its norm is ${norm}`);
      await page.getByRole('button', { name: 'Close model_update' }).click();

      await page.keyboard.press('Control+o');
      await page.getByRole('combobox', { name: 'File' }).fill(recording);
      await page.keyboard.press('Enter');
      await page.getByRole('region', { name: 'Recording', exact: true }).waitFor();
      await page.keyboard.press('Shift+L');
      await page.getByRole('slider', { name: 'Moment of the recording' }).press('End');
      await page.waitForFunction((text) => document.querySelector('.lv-tab tfoot')?.textContent === text, all);
      assert.deepEqual(await figures(page), live);
    },
  );
});

function rowOf(page: Page, kind: string): ReturnType<Page['locator']> {
  return page
    .getByRole('region', { name: 'Sent, by kind' })
    .getByRole('row')
    .filter({ has: page.getByRole('button', { name: kind, exact: true }) });
}

/** Sent and total, by the first cell of each row. */
async function figures(page: Page): Promise<Record<string, readonly string[]>> {
  const rows = await page
    .locator('.lv-tab .lv-t tbody tr, .lv-tab .lv-t tfoot tr')
    .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => (cell.textContent ?? '').trim())));
  return Object.fromEntries(rows.map(([kind = '', , sent = '', , , total = '']) => [kind, [sent, total]]));
}

function recordingIn(dataFolder: string): string {
  const folder = joinPath(dataFolder, 'recordings');
  const name = readdirSync(folder).find((one) => one.endsWith('.rscope'));
  assert.ok(name !== undefined, 'the run is recorded');
  return joinPath(folder, name);
}

/** Frames of each kind, the pieces of updates left out, as the recording has them. */
function sentIn(recording: string): ReadonlyMap<string, number> {
  using db = new DatabaseSync(recording, { readOnly: true });
  const sql = `SELECT kind, count(*) AS n FROM packets WHERE side = 'sent' AND source = 'lab-2' AND status = 'ok'
    AND kind NOT IN ('chunk', 'connection_open', 'connection_close') GROUP BY kind`;
  return new Map(
    db
      .prepare(sql)
      .all()
      .map((row) => [String(row['kind']), Number(row['n'])]),
  );
}
