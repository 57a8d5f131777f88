import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe } from 'node:test';
import type { Page } from 'playwright-core';
import { coordinate, hasJoined, join } from '#test/cli/federation.ts';
import { assertAccessible } from './measures/accessibility.ts';
import { appTest } from './app-spec.ts';
import { BrowserApp } from './open-app.ts';
import type { OpenApp } from './open-app.ts';
import { demoPatienceMs, fillJoinForm } from './measures/window-text.ts';

const open = BrowserApp.open.bind(BrowserApp);

describe('a coordinator that asks who may join', () => {
  appTest('lets one in, refuses another, and sends the first away', open, { idle: true }, asks);
  appTest('is answered in two windows at once, which is one answer', open, { idle: true }, answersTwice);
  appTest('is asked again when it did not hear the answer', open, { idle: true }, answersUnheard);
});

describe('a name that somebody else has in the run, who is away', () => {
  appTest('is refused under its field, and all fields stay', open, { idle: true }, takesKeptName);
});

/** Of the page Join, whether its plan is known yet or not. */
const joinButton = (page: Page): ReturnType<Page['locator']> =>
  page.getByRole('button', { name: /^(Approve and join|Join)$/ });
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

async function answersTwice({ page, dataFolder, address }: BrowserApp): Promise<void> {
  const invitation = await coordinateAsking(page);
  const second = await page.context().newPage();
  await second.goto(`${new URL(address).origin}/#/coordinate`);
  await using anna = join(invitation, 'anna');
  const presses = [page, second].map((one) => button(one, 'Always'));
  for (const press of presses) await press.waitFor({ timeout: demoPatienceMs });
  const found = await Promise.all(presses.map((press) => press.elementHandle()));
  // At once, as far as two windows can: the question goes from both with the first answer that is heard.
  await Promise.all(found.map((element) => element?.evaluate((pressed) => (pressed as HTMLElement).click())));
  for (const one of [page, second])
    await one.getByRole('list', { name: 'Waiting to be let in' }).waitFor({ state: 'detached' });
  await anna.until(({ lines }) => lines.some(({ event, state }) => event === 'admission' && state === 'admitted'));
  const kept = JSON.parse(readFileSync(`${dataFolder}/always-admitted.json`, 'utf8')) as { readonly always: unknown[] };
  assert.equal(kept.always.length, 1);
  for (const one of [page, second]) assert.equal(await one.getByText(/Nobody of the name anna/).count(), 0);
}

async function answersUnheard(app: BrowserApp): Promise<void> {
  const { page } = app;
  const invitation = await coordinateAsking(page);
  await using anna = join(invitation, 'anna');
  const letIn = button(page, 'Let in');
  await letIn.waitFor({ timeout: demoPatienceMs });
  const pid = app.pidOf('coordinator');
  process.kill(pid, 'SIGSTOP');
  try {
    await letIn.click();
    await page.waitForFunction(() => document.querySelectorAll('.asking button:disabled').length === 3);
    // It still stands there, so nobody has heard: it can be answered again.
    await page.waitForFunction(() => document.querySelectorAll('.asking button:not(:disabled)').length === 3);
    await letIn.click();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await page.getByRole('list', { name: 'Waiting to be let in' }).waitFor({ state: 'detached' });
  await anna.until(({ lines }) => lines.some(({ event, state }) => event === 'admission' && state === 'admitted'));
  assert.equal(
    await page.getByText(/Nobody of the name anna/).count(),
    0,
    'the first answer was heard later, and is one',
  );
}

async function takesKeptName({ page }: OpenApp): Promise<void> {
  await using run = await coordinate(['--participants', '2', '--rounds', '1']);
  const owner = join(run.invitation, 'anna');
  await run.command.until((seen) => hasJoined(seen, 'anna'));
  // All of its processes, with no goodbye from any.
  await owner[Symbol.asyncDispose]();
  const away = ({ lines }: typeof run.command): boolean =>
    lines.some(({ event, participant, state }) => event === 'link_state' && participant === 'anna' && state === 'lost');
  await run.command.until(away);
  await fillJoinForm(page, { invitation: run.invitation, data: 'digits', name: 'anna' });
  const name = page.getByLabel('Your name', { exact: true });
  await page.getByText('anna is somebody’s who is away; whether it is yours shows when you join').waitFor();
  await joinButton(page).click();
  const field = page.locator('.field').filter({ has: name });
  await field.getByText('That name belongs to another participant of this run').waitFor();
  assert.equal(await name.getAttribute('aria-invalid'), 'true');
  assert.equal(await name.inputValue(), 'anna');
  assert.equal(await page.getByLabel('Folder or file', { exact: true }).inputValue(), 'digits');
  assert.equal(await page.getByLabel('Invitation', { exact: true }).inputValue(), run.invitation);
  await name.fill('anna-2');
  await joinButton(page).click();
  await run.command.until((seen) => hasJoined(seen, 'anna-2'));
}

/** @returns the invitation */
async function coordinateAsking(page: Page): Promise<string> {
  await page.getByRole('heading', { name: 'No run is open' }).waitFor();
  await page.keyboard.press('c');
  await page.getByLabel('Name', { exact: true }).fill('asking pilot');
  await page.getByLabel('Data to check with', { exact: true }).fill('digits');
  await page.getByLabel('Address', { exact: true }).fill('127.0.0.1');
  await page.getByRole('radio', { name: 'Ask me' }).click();
  await page.locator('#coordinate-reason').filter({ hasText: 'Nobody is asked before' }).waitFor();
  await button(page, 'Start and invite').click();
  const line = page.getByTestId('invitation');
  await line.waitFor({ timeout: demoPatienceMs });
  return await line.innerText();
}
