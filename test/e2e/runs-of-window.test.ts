import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { describe } from 'node:test';
import type { Page } from 'playwright-core';
import { coordinate, join } from '#test/cli/federation.ts';
import { assertAccessible } from './measures/accessibility.ts';
import { appTest } from './app-spec.ts';
import { BrowserApp } from './open-app.ts';
import type { OpenApp } from './open-app.ts';
import { demoPatienceMs, fillJoinForm, startDemo, waitForEnd, waitForRound } from './measures/window-text.ts';

const open = BrowserApp.open.bind(BrowserApp);

describe('a window begins, ends and begins runs again', () => {
  appTest('Home, Join with its checks, the run, and back to Join with the fields kept', open, { idle: true }, joins);
  appTest('a coordinator that is gone is a fault at its field', open, { idle: true }, meetsNobody);
  appTest('a name that is taken is said before joining, and fixed in place', open, { idle: true }, takenName);
  appTest(
    'Coordinate: the invitation is sent, a participant arrives, the run begins',
    open,
    { idle: true },
    coordinates,
  );
  appTest('the run menu and the palette lead everywhere while a demo runs', open, { idle: true }, duringDemo);
  appTest('the path of a folder is completed by keyboard', open, { idle: true }, completesPath);
});

/** Of the page Join, whether its plan is known yet or not. */
const joinButton = (page: Page): ReturnType<Page['locator']> =>
  page.getByRole('button', { name: /^(Approve and join|Join)$/ });
const button = (page: Page, name: string): ReturnType<Page['locator']> =>
  page.getByRole('button', { name, exact: true });

async function joins({ page }: OpenApp): Promise<void> {
  await page.getByRole('heading', { name: 'No run is open' }).waitFor();
  await using coordinator = await coordinate(['--participants', '1', '--rounds', '2']);
  const { invitation } = coordinator;
  await fillJoinForm(page, { invitation: `Join us:\n${invitation}\nAda`, data: 'digits', name: 'lab-2' });
  const checks = page.locator('.join .ck.ok');
  await checks.filter({ hasText: 'Address' }).waitFor();
  await checks.filter({ hasText: 'Identity' }).waitFor();
  const plan = page.locator('.kvl.plan');
  await plan.getByText('8 × 8 grey').waitFor();
  assert.equal(await plan.locator('.chip').count(), 10);
  assert.equal(
    coordinator.command.lines.some(({ event }) => event === 'participant_joined'),
    false,
    'looking is not joining',
  );
  await page.locator('#join-reason').filter({ hasText: 'Nothing about your data has been sent' }).waitFor();
  await assertAccessible(page, 'Join with a plan');
  await page.keyboard.press('Control+Enter');
  await waitForEnd(page, 'Run completed');
  assert.equal((await coordinator.command.exit()).status, 0, coordinator.command.stderr);
  await page.keyboard.press('Shift+J');
  assert.ok((await page.getByLabel('Invitation', { exact: true }).inputValue()).includes(invitation));
  assert.equal(await page.getByLabel('Folder or file', { exact: true }).inputValue(), 'digits');
  assert.equal(await page.getByLabel('Your name', { exact: true }).inputValue(), 'lab-2');
  await page.keyboard.press('Escape');
  await button(page, 'Back').click();
  const row = page.getByRole('region', { name: 'Recent runs' }).getByRole('row').filter({ hasText: 'joined as lab-2' });
  await row.getByText('finished').waitFor();
  assert.equal(
    await row.getByRole('button', { name: / again/ }).count(),
    0,
    'a run that is over cannot be joined again',
  );
  await row.getByRole('button', { name: 'my run' }).click();
  await page.getByRole('region', { name: 'Recording' }).getByText('The run ended').waitFor();
}

async function meetsNobody({ page }: OpenApp): Promise<void> {
  let invitation: string;
  {
    await using coordinator = await coordinate(['--participants', '1', '--rounds', '1']);
    ({ invitation } = coordinator);
  }
  await fillJoinForm(page, { invitation, data: 'digits', name: 'lab-2' });
  const fault = page.locator('.join .ck.fault');
  await fault.filter({ hasText: 'Address' }).waitFor({ timeout: 30_000 });
  await fault.getByText('What to try').waitFor();
  assert.equal(await joinButton(page).isDisabled(), true);
  assert.match(await page.locator('#join-reason').innerText(), /^Before you can join: address: /);
  await page.keyboard.press('Control+Enter');
  assert.equal(await page.locator('main.join').count(), 1, 'nothing was joined');
  await assertAccessible(page, 'Join with a fault');
  await button(page, 'Back').click();
  await joinButton(page).click();
  assert.equal(await page.getByLabel('Invitation', { exact: true }).inputValue(), invitation);
  await page.getByLabel('Invitation', { exact: true }).fill(invitation.slice(0, -12));
  await fault.filter({ hasText: 'Invitation' }).waitFor();
}

async function takenName({ page }: OpenApp): Promise<void> {
  await using coordinator = await coordinate(['--participants', '2', '--rounds', '1']);
  await using other = join(coordinator.invitation, 'lab-2');
  await coordinator.command.until(({ lines }) => lines.some(({ event }) => event === 'participant_joined'));
  await fillJoinForm(page, { invitation: coordinator.invitation, data: 'digits', name: 'lab-2' });
  await page.locator('.join .ck.fault').filter({ hasText: 'lab-2' }).waitFor();
  assert.equal(await joinButton(page).isDisabled(), true);
  await page.getByLabel('Your name', { exact: true }).fill('lab-3');
  await page.locator('.join .ck.ok').filter({ hasText: 'lab-3 is free' }).waitFor();
  await joinButton(page).click();
  await waitForEnd(page, 'Run completed');
  assert.equal((await other.exit()).status, 0, other.stderr);
}

async function coordinates({ page }: OpenApp): Promise<void> {
  await page.getByRole('heading', { name: 'No run is open' }).waitFor();
  await page.keyboard.press('c');
  await page.getByLabel('Name', { exact: true }).fill('window pilot');
  await page.getByLabel('Data to check with', { exact: true }).fill('digits');
  await page.getByLabel('Address', { exact: true }).fill('127.0.0.1');
  await page.getByLabel('Participants', { exact: true }).fill('2');
  await page.getByLabel('Rounds', { exact: true }).fill('500');
  await page.locator('#coordinate-reason').filter({ hasText: 'Nobody is asked before' }).waitFor();
  await assertAccessible(page, 'Coordinate');
  await button(page, 'Start and invite').click();
  const line = page.getByTestId('invitation');
  await line.waitFor({ timeout: demoPatienceMs });
  await page.getByRole('img', { name: 'QR code of the invitation to window pilot' }).waitFor();
  const invitation = await line.innerText();
  await using participant = join(invitation, 'lab-1');
  const arrived = page.getByRole('region', { name: 'Who has arrived' });
  await arrived.getByRole('row').filter({ hasText: 'lab-1' }).getByText('all 10').waitFor();
  await arrived.getByText('1 here, 1 missing').waitFor();
  await assertAccessible(page, 'Coordinate, started');
  await button(page, 'Start with 1 now').click();
  await waitForRound(page, 1);
  // The invitation is there as long as the run goes on, from the menu of every view.
  await page.keyboard.press('2');
  await page.locator('header .cell.run').click();
  await page.getByRole('menuitem', { name: /^Invitation/ }).click();
  assert.equal(await line.innerText(), invitation);
  await page.keyboard.press('Shift+S');
  await page.getByRole('dialog', { name: 'Stop window pilot?' }).getByRole('button', { name: 'Stop' }).click();
  await waitForEnd(page, 'Run stopped');
  await page.getByLabel('Name', { exact: true }).waitFor();
  assert.notEqual((await participant.exit()).status, null);
}

async function duringDemo({ page }: OpenApp): Promise<void> {
  await startDemo(page, { participants: 2, rounds: 300 });
  await waitForRound(page, 1);
  await page.keyboard.press('3');
  const cell = page.locator('header .cell.run');
  await cell.click();
  await page.getByRole('menu', { name: 'Run menu' }).waitFor();
  await assertAccessible(page, 'the run menu');
  await page.keyboard.press('End');
  await page.keyboard.press('Home');
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('menu').count(), 0);
  assert.equal(
    await cell.evaluate((element) => element === document.activeElement),
    true,
    'Escape gives the focus back',
  );
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'The run of this window' }).waitFor();
  assert.equal(await cell.getAttribute('aria-current'), 'page');
  await page.getByText('The demo is running; one run at a time.').waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('join a run');
  await page.keyboard.press('Enter');
  await page.getByLabel('Invitation', { exact: true }).waitFor();
  assert.equal(await joinButton(page).isDisabled(), true);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('stop the demo');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Stop the demo?' }).getByRole('button', { name: 'Stop' }).click();
  await waitForEnd(page, 'Run stopped');
}

async function completesPath({ page, dataFolder }: OpenApp): Promise<void> {
  const folder = joinPath(dataFolder, 'pictures', 'faces');
  for (const name of ['happy', 'sad']) mkdirSync(joinPath(folder, name), { recursive: true });
  writeFileSync(joinPath(folder, 'happy', 'notes.txt'), 'no picture');
  await page.getByRole('heading', { name: 'No run is open' }).waitFor();
  await page.keyboard.press('j');
  const field = page.getByRole('combobox', { name: 'Folder or file' });
  await field.fill(joinPath(dataFolder, 'pic'));
  await page.getByRole('option', { name: 'pictures' }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await field.inputValue(), `${joinPath(dataFolder, 'pictures')}/`);
  await page.getByRole('option', { name: 'faces' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.equal(await field.inputValue(), folder);
  await field.fill('~');
  await page.locator('.pf .help').filter({ hasText: /^\// }).waitFor();
}
