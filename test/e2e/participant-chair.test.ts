import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Page } from 'playwright-core';
import { formatDuration, formatPercent } from '#renderer/components/words/format.ts';
import type { Summary } from '#test/cli/command-line.ts';
import { coordinate, join } from '#test/cli/federation.ts';
import { appTest } from './app-spec.ts';
import { BrowserApp, type OpenApp } from './open-app.ts';
import { watchFigures } from './measures/same-figures.ts';
import { fillJoinForm, openView, waitForEnd } from './measures/window-text.ts';

const open = BrowserApp.open.bind(BrowserApp);
const rounds = 3;

/**
 * What nobody told must not stand there as if it were known. QUIC's own count of lost packets ("0 of 464 not
 * acknowledged in time") is known, and shown once a run has lasted long enough for a sample.
 */
const untrue =
  /\bmissing\b|no key|carries no key|not yet\b|\b0 of [1-9]\d*(?!\d|\s+not acknowledged)|1 of 1 here|guessing/;

/** Coordinator and one participant by command line, the window as the other participant, to the end of the run. */
async function federate(app: OpenApp, transport: string): Promise<{ readonly served: Summary; readonly key: string }> {
  const { page } = app;
  const args = ['--participants', '2', '--rounds', String(rounds), '--transport', transport];
  await using coordinator = await coordinate(args);
  await using other = join(coordinator.invitation, 'lab-1');
  await fillJoinForm(page, { invitation: coordinator.invitation, data: 'digits', name: 'lab-2' });
  await page.getByRole('button', { name: /^(Approve and join|Join)$/ }).click();
  const sameFigures = await watchFigures(page);
  await waitForEnd(page, 'Run completed');
  await sameFigures({ round: 1, accuracy: 1, 'own work': 1 });
  const [served] = await Promise.all([coordinator.command.exit(), other.exit()]);
  assert.equal(served.status, 0, served.stderr);
  const [joined] = served.lines.filter(
    ({ event, participant }) => event === 'participant_joined' && participant === 'lab-2',
  );
  return { served: served.summary, key: String(joined?.['key']) };
}

/** Text of a view as it is read: blanks and line ends are one. */
async function textOf(page: Page, region: string): Promise<string> {
  const text = await page.getByRole('region', { name: region, exact: true }).innerText();
  return text.replaceAll(/\s+/g, ' ');
}

async function checkRounds(page: Page, served: Summary): Promise<void> {
  await openView(page, 'Rounds');
  const own = page.getByRole('region', { name: 'Your contributions' });
  await own.getByRole('row').nth(rounds).waitFor();
  const rows = await own.getByRole('row').allInnerTexts();
  for (let round = 1; round <= rounds; round++) {
    const row = rows.find((text) => new RegExp(`^\\s*${round}\\s`).test(text)) ?? '';
    assert.match(row, /counted[^]*, (1st|2nd) of 2[^]*50 %/, `round ${round}: ${row}`);
  }
  assert.match(await textOf(page, 'Your contributions'), new RegExp(`${rounds} decided, ${rounds} counted`));
  assert.match(await textOf(page, 'Model and other participants'), /lab-1 .*3 of 3 not told to participants/);
  // One figure, wherever it stands: top bar, list, and the coordinator's own last word.
  const took = formatDuration(served.rounds_duration_s * 1000);
  const accuracy = formatPercent(served.accuracy ?? 0);
  const head = (await page.locator('header .wait').innerText()).replaceAll(/\s+/g, ' ');
  assert.ok(head.includes(`${rounds} rounds in ${took}, accuracy ${accuracy}`), `${head}; ${took}, ${accuracy}`);
  assert.ok((await own.innerText()).includes(accuracy));
  assert.match(await page.innerText('body'), new RegExp(`Counted\\s+${rounds} of ${rounds}`));
}

async function checkParticipants(page: Page, key: string): Promise<void> {
  await openView(page, 'Participants');
  const table = page.getByRole('region', { name: 'Participants', exact: true });
  await table.getByText('not told to participants').first().waitFor();
  const rows = await table.getByRole('row').allInnerTexts();
  const row = (name: string): string =>
    (rows.find((text) => new RegExp(`^\\s*${name}`).test(text)) ?? '').replaceAll(/\s+/g, ' ');
  const groups = key.match(/.{4}/g) ?? [];
  assert.ok(row('lab-2').includes(`${groups.slice(0, 2).join(' ')}…`), row('lab-2'));
  assert.match(row('lab-2'), /this node .*3 of 3 .*1,438 examples/);
  assert.match(row('lab-1'), /not told to participants .*3 of 3 .*not told to participants .*counted/);
  const detail = page.getByRole('complementary', { name: 'Participant lab-2' });
  assert.ok((await detail.innerText()).replaceAll(/\s+/g, ' ').includes(groups.join(' ')), 'its whole key');
  assert.match(await textOf(page, 'Contributions'), /3 sent, 3 counted/);
  assert.match(await textOf(page, 'Updates'), /Update norm \d\.\d\d .*Cosine to global step: not told to participants/);
  const text = await page.locator('main').innerText();
  assert.doesNotMatch(text, untrue);
  await table.getByRole('button', { name: 'lab-1' }).click();
  const other = page.getByRole('complementary', { name: 'Participant lab-1' });
  assert.match((await other.innerText()).replaceAll(/\s+/g, ' '), /in 3 of the 3 rounds that this node saw end/);
  assert.doesNotMatch(await other.innerText(), untrue);
}

async function checkMetrics(page: Page, served: Summary): Promise<void> {
  await openView(page, 'Metrics');
  await page.getByRole('heading', { name: 'Accuracy' }).waitFor();
  const accuracy = await textOf(page, 'Accuracy');
  const words = `always naming the most frequent class (baseline) ${formatPercent(served.baseline_accuracy)}`;
  assert.ok(accuracy.includes(words), accuracy);
  const global = `global ${formatPercent(served.accuracy ?? 0)} macro F1, global 0\\.\\d{3} local, lab-2`;
  assert.match(accuracy, new RegExp(global));
  assert.match(await textOf(page, 'Time per round'), /3 of 3 rounds shown compute \d/);
  const bytes = await textOf(page, 'Bytes');
  // Three models up and as many down are more than a megabyte.
  assert.match(bytes, /all \d\.\d+ MB/);
  assert.match(await textOf(page, 'Update against the global step'), /norm \d\.\d\d .*not told to participants/);
  await openView(page, 'Diagnosis');
  assert.match(await textOf(page, 'Clocks'), /lab-1 not told to participants/);
  assert.doesNotMatch(await page.locator('main').innerText(), untrue);
}

describe("a run from a participant's chair, in the window", () => {
  for (const transport of ['quic', 'mqtt']) {
    appTest(
      `over ${transport}: what counted, what is its own, and what is not told`,
      open,
      { idle: true },
      async (app) => {
        const { served, key } = await federate(app, transport);
        await checkRounds(app.page, served);
        await checkParticipants(app.page, key);
        await checkMetrics(app.page, served);
      },
    );
  }
});
