import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { describe } from 'node:test';
import type { Page } from 'playwright-core';
import { nothingLeft, processesOf, temporaryFolder } from '#test/cli/command-line.ts';
import { coordinate, join } from '#test/cli/federation.ts';
import type { Coordinator } from '#test/cli/federation.ts';
import { assertAccessible } from './measures/accessibility.ts';
import { appTest } from './app-spec.ts';
import { BrowserApp } from './open-app.ts';
import { fillJoinForm, openView, waitForRound } from './measures/window-text.ts';

const open = BrowserApp.open.bind(BrowserApp);
/** Rounds of some seconds, so that a killed coordinator leaves work behind; more of them than any test waits for. */
const longRun = ['--participants', '2', '--rounds', '500', '--deadline', '90', '--local-epochs', '12'];
const linuxOnly = process.platform !== 'linux' && 'finds processes by /proc';

describe("from a participant's own chair", { skip: linuxOnly }, () => {
  appTest(
    'own work and its outcome, others as told, and a coordinator that is killed and comes back',
    open,
    { idle: true },
    async ({ page }) => {
      const folder = temporaryFolder();
      try {
        const state = joinPath(folder, 'run');
        await using coordinator = await coordinate([...longRun, '--state', state]);
        await using other = join(coordinator.invitation, 'lab-1');
        await joinBy(page, coordinator);
        await waitForRound(page, 2);
        assert.equal(
          other.lines.some(({ event }) => event === 'run_ended'),
          false,
        );
        await seesItsWork(page);
        await killAll(coordinator);
        await seesSilence(page);
        await using again = await coordinate(['--state', state]);
        assert.equal(again.invitation, coordinator.invitation);
        await seesItBack(page);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );

  appTest('a service that is killed leaves a picture that says how old it is', open, { idle: true }, async (app) => {
    const { page } = app;
    await using coordinator = await coordinate(['--participants', '1', ...longRun.slice(2)]);
    await joinBy(page, coordinator);
    await page
      .getByText(/batch \d+ \/ \d+/)
      .first()
      .waitFor();
    process.kill(app.command.pid, 'SIGKILL');
    await page.getByText(/Stopped updating \d+ s ago/).waitFor();
    assert.equal(await page.getByText('No stall').count(), 0);
    assert.equal(await page.locator('header .live').count(), 0, 'nothing is recorded any more');
    assert.equal(await page.getByRole('button', { name: 'Save last 10 minutes' }).isDisabled(), true);
    // The age goes on, and nothing else does.
    const picture = await pictureOf(page);
    const age = await page.locator('.service-gone').innerText();
    await page.waitForFunction(
      (before) => (document.querySelector('.service-gone') as HTMLElement | null)?.innerText !== before,
      age,
    );
    assert.equal(await pictureOf(page), picture);
    await assertAccessible(page, 'a window whose service is gone');
    // The page dials a port on which nobody listens; the browser calls each attempt an error.
    app.problems.splice(0);
  });

  appTest(
    'an own process that stands still is said to, and nothing of the round as if it were heard',
    open,
    { idle: true },
    async (app) => {
      const { page } = app;
      await using coordinator = await coordinate(longRun);
      await using other = join(coordinator.invitation, 'lab-1');
      await joinBy(page, coordinator);
      await waitForRound(page, 1);
      await page
        .getByText(/batch \d+ \/ \d+/)
        .first()
        .waitFor();
      // It has told of itself by the time at which a round trip is known.
      await page
        .locator('header')
        .getByText(/\d\sms/)
        .first()
        .waitFor();
      const pid = app.pidOf('participant');
      process.kill(pid, 'SIGSTOP');
      try {
        await page
          .getByText(/^This node stands still, \d+\ss$/)
          .first()
          .waitFor();
        await page
          .locator('[data-lane="lab-1"]')
          .getByText(/ by \d\d:/)
          .waitFor();
        await page
          .getByRole('region', { name: 'Current verdict' })
          .getByText(/stands still/)
          .first()
          .waitFor();
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await page
        .getByText(/^This node stands still/)
        .first()
        .waitFor({ state: 'detached' });
      await page
        .locator('[data-lane="lab-1"]')
        .getByText(/yet$|in, /)
        .first()
        .waitFor();
      assert.equal(
        other.lines.some(({ event }) => event === 'run_ended'),
        false,
      );
    },
  );

  appTest(
    'a service that stands still is said to, and the picture goes on with it',
    open,
    { idle: true },
    async (app) => {
      const { page } = app;
      await using coordinator = await coordinate(['--participants', '1', ...longRun.slice(2)]);
      await joinBy(page, coordinator);
      await page
        .getByText(/batch \d+ \/ \d+/)
        .first()
        .waitFor();
      process.kill(app.command.pid, 'SIGSTOP');
      try {
        await page.getByText(/Stopped updating \d+ s ago/).waitFor();
        await page.getByText(/The service does not answer/).waitFor();
        assert.equal(await page.getByText('No stall').count(), 0);
        assert.equal(await page.locator('header .live').count(), 0, 'nothing is recorded meanwhile');
      } finally {
        process.kill(app.command.pid, 'SIGCONT');
      }
      await page.locator('.service-gone').waitFor({ state: 'detached' });
      await page
        .getByText(/No stall|does not answer/)
        .first()
        .waitFor();
      await page.getByText('Service restarted').waitFor({ state: 'detached' });
    },
  );
});

async function joinBy(page: Page, { invitation }: Coordinator): Promise<void> {
  await fillJoinForm(page, { invitation, data: 'digits', name: 'lab-2' });
  await page.getByRole('button', { name: /^(Approve and join|Join)$/ }).click();
  await page.getByRole('heading', { name: 'Your contributions' }).waitFor();
}

/** Lanes and top bar as they are drawn, without what says how old they are. */
async function pictureOf(page: Page): Promise<string> {
  return page.evaluate(() => {
    const boxes = [...document.querySelectorAll<HTMLElement>('.lanes .sg')].map(({ style }) => style.width);
    return [...boxes, (document.querySelector('header') as HTMLElement).innerText].join('|');
  });
}

async function seesItsWork(page: Page): Promise<void> {
  const work = page.getByRole('region', { name: 'Your contributions', exact: true });
  await work.getByRole('row').filter({ hasText: 'counted' }).first().waitFor();
  await work
    .getByRole('row')
    .filter({ hasText: /[12](st|nd) of 2/ })
    .first()
    .waitFor();
  await page.locator('[data-lane="lab-2"] .outcome').filter({ hasText: 'counted' }).first().waitFor();
  await page.locator('[data-lane="lab-1"] .sg.told.in').first().waitFor();
  await page.getByText(/Counted \d+ of \d+/).waitFor();
  const text = await page.innerText('body');
  assert.doesNotMatch(text, /missing/i, 'nobody told that anything is missing');
  assert.match(text, /No stall/);
  await assertAccessible(page, "Rounds from a participant's chair");
}

/** With all its processes, so that nobody says goodbye. */
async function killAll({ command }: Coordinator): Promise<void> {
  const parts = processesOf(command.dataFolder).map(({ pid }) => pid);
  for (const pid of new Set([...parts, command.pid])) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
    }
  }
  await nothingLeft(command.dataFolder, 10_000);
}

async function seesSilence(page: Page): Promise<void> {
  const banner = page.getByRole('region', { name: 'The coordinator does not answer' });
  await banner.waitFor();
  // Said by the banner itself, so that a machine that is busy elsewhere fails nothing.
  const heard = Number(/last heard (\d+) s ago/.exec(await banner.innerText())?.[1]);
  assert.ok(heard <= 6, `only said after ${heard} s of silence`);
  assert.equal(await page.getByText('No stall').count(), 0);
  await page
    .getByText(/Waiting for the coordinator, \d+\ss/)
    .first()
    .waitFor();
  await page.locator('[data-lane="coordinator"] .sg.stalled').waitFor();
  await page.locator('[data-lane="lab-1"] .sg.unknown').waitFor();
  const panel = page.getByRole('region', { name: 'Link to the coordinator' });
  await panel.getByRole('row').filter({ hasText: /UDP/ }).first().waitFor();
  await banner.getByText('Tried').waitFor();
  assert.equal(await page.getByRole('region', { name: 'Current verdict' }).count(), 0, 'one banner, not two');
  await assertAccessible(page, 'a silent coordinator');
  await openView(page, 'Diagnosis');
  const sentence = page.getByRole('region', { name: 'Verdict', exact: true }).locator('.sentence');
  await sentence.waitFor();
  assert.match(await sentence.innerText(), /^The coordinator does not answer: last heard \d+/);
  assert.doesNotMatch(await page.locator('main').innerText(), /nothing in this run is stalled|nothing was found/);
  await openView(page, 'Rounds');
  await page.getByRole('button', { name: 'Keep trying' }).click();
  await banner.getByText('never, until you leave').waitFor();
  await page.getByRole('button', { name: 'Leave…' }).first().click();
  const question = page.getByRole('dialog', { name: /^Leave/ });
  await question.waitFor();
  await page.keyboard.press('Escape');
  await question.waitFor({ state: 'hidden' });
}

async function seesItBack(page: Page): Promise<void> {
  await page.getByText(/Back after .* s/).waitFor({ timeout: 60_000 });
  assert.equal(await page.getByRole('region', { name: 'The coordinator does not answer' }).count(), 0);
  await page.getByText('No stall').waitFor();
}
