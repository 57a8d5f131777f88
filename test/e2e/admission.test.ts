import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Page } from 'playwright-core';
import { join } from '#test/cli/federation.ts';
import { assertAccessible } from './accessibility.ts';
import { appTest } from './app-spec.ts';
import { BrowserApp } from './open-app.ts';
import type { OpenApp } from './open-app.ts';
import { demoPatienceMs } from './window-text.ts';

const open = BrowserApp.open.bind(BrowserApp);

describe('a coordinator that asks who may join', () => {
  appTest('lets one in, refuses another, and sends the first away', open, { idle: true }, asks);
});

const button = (page: Page, name: string): ReturnType<Page['locator']> =>
  page.getByRole('button', { name, exact: true });

async function asks({ page }: OpenApp): Promise<void> {
  const invitation = await coordinateAsking(page);
  const questions = page.getByRole('list', { name: 'Waiting to be let in' });
  const arrived = page.getByRole('region', { name: 'Who has arrived' });

  await using anna = join(invitation, 'anna');
  const aboutAnna = questions.getByRole('listitem').filter({ hasText: 'anna asks to be let in' });
  await aboutAnna.getByText(/key [a-z]+-[a-z]+-.* · from 127\.0\.0\.1/).waitFor({ timeout: demoPatienceMs });
  await anna.until(({ lines }) => lines.some(({ event }) => event === 'admission'));
  await assertAccessible(page, 'Coordinate, somebody asks');
  await arrived.getByRole('row').filter({ hasText: 'anna' }).getByText('asks', { exact: true }).waitFor();
  await aboutAnna.getByRole('button', { name: 'Let in' }).click();
  await arrived.getByRole('row').filter({ hasText: 'anna' }).getByText('here', { exact: true }).waitFor();
  await questions.waitFor({ state: 'detached' });

  await using ben = join(invitation, 'ben');
  const aboutBen = questions.getByRole('listitem').filter({ hasText: 'ben asks to be let in' });
  await aboutBen.getByRole('button', { name: 'Refuse' }).click({ timeout: demoPatienceMs });
  const refused = page.getByRole('region', { name: 'Refused', exact: true });
  await refused.getByRole('row').filter({ hasText: 'ben' }).waitFor();
  const turnedAway = await ben.exit();
  assert.notEqual(turnedAway.status, 0);
  assert.match(turnedAway.stderr, /coordinator.*refused|refused.*coordinator|did not let/i);

  await arrived.getByRole('row').filter({ hasText: 'anna' }).getByRole('button', { name: 'Send away…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Send anna away?' });
  await dialog.getByLabel('Reason').fill('wrong data');
  await assertAccessible(page, 'the question before somebody is sent away');
  await dialog.getByRole('button', { name: 'Send away', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await arrived.getByRole('row').filter({ hasText: 'anna' }).getByText('sent away').waitFor();
  const sentAway = await anna.exit();
  assert.notEqual(sentAway.status, 0);
  assert.match(sentAway.stderr, /wrong data/);

  // Sending away renewed the invitation: with the old one nobody new comes in.
  await using carl = join(invitation, 'carl');
  const late = await carl.exit();
  assert.notEqual(late.status, 0);
  assert.match(late.stderr, /replaced by a newer one/);
}

/** @returns the invitation */
async function coordinateAsking(page: Page): Promise<string> {
  await page.getByRole('heading', { name: 'No run is open' }).waitFor();
  await page.keyboard.press('c');
  await page.getByLabel('Name', { exact: true }).fill('asking pilot');
  await page.getByLabel('Data to judge with', { exact: true }).fill('digits');
  await page.getByLabel('Address', { exact: true }).fill('127.0.0.1');
  await page.getByRole('radio', { name: 'Ask me' }).click();
  await page.locator('#coordinate-reason').filter({ hasText: 'Nobody is asked before' }).waitFor();
  await button(page, 'Start and invite').click();
  const line = page.getByTestId('invitation');
  await line.waitFor({ timeout: demoPatienceMs });
  return await line.innerText();
}
