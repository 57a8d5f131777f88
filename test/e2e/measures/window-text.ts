import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

/** A loaded machine gets a lot more than the seconds that a demo takes. */
export const demoPatienceMs = 90_000;

/** The demo's own deadline is short for who looks on; where rounds should go well, a busy machine gets more. */
const noHurryS = 120;

export interface DemoWish {
  readonly participants: number;
  readonly rounds: number;
  readonly deadlineS?: number;
  /** Seconds a round; a test has no time to look on. */
  readonly paceS?: number;
  readonly transport?: 'quic' | 'mqtt';
  readonly control?: 'same session' | 'over mqtt';
  /** Armed on everyone before the start. */
  readonly fault?: { readonly title: string; readonly fromRound: number };
}

/** Sets the demo up by its form and starts it. */
export async function startDemo(page: Page, wish: DemoWish): Promise<void> {
  await openView(page, 'Demo');
  await page.getByLabel('Participants', { exact: true }).fill(String(wish.participants));
  await page.getByLabel('Rounds', { exact: true }).fill(String(wish.rounds));
  await page.getByLabel('Pace', { exact: true }).fill(String(wish.paceS ?? 0));
  await page.getByLabel('Deadline', { exact: true }).fill(String(wish.deadlineS ?? noHurryS));
  if (wish.transport !== undefined) await page.getByRole('radio', { name: wish.transport, exact: true }).click();
  if (wish.control !== undefined) await page.getByRole('radio', { name: wish.control }).click();
  if (wish.fault !== undefined) await arm(page, wish.fault);
  await page.getByRole('button', { name: /^Start/ }).click();
}

async function arm(page: Page, fault: NonNullable<DemoWish['fault']>): Promise<void> {
  const { title, fromRound } = fault;
  await page.getByLabel(`${title}: on whom`).selectOption('everyone');
  await page.getByLabel(`${title}: from which round`).selectOption(`round ${fromRound}`);
  await page.getByRole('button', { name: `Arm: ${title}`, exact: true }).click();
}

/** From Home to the page Join with its fields filled in; whoever calls presses the button. */
export async function fillJoinForm(
  page: Page,
  fields: { readonly invitation: string; readonly data: string; readonly name: string },
): Promise<void> {
  await page.getByLabel('Invitation', { exact: true }).fill(fields.invitation);
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await page.getByLabel('Folder or file', { exact: true }).fill(fields.data);
  await page.getByLabel('Your name', { exact: true }).fill(fields.name);
}

export async function openView(page: Page, title: string): Promise<void> {
  const link = page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: title });
  await link.click();
  await page.waitForFunction(
    (name) => document.querySelector('nav [aria-current=page]')?.textContent.includes(name),
    title,
  );
}

/** What the top bar says of the round, such as `3 / 10`. */
export function roundCell(page: Page): ReturnType<Page['locator']> {
  return page.locator('header .round');
}

/** Waits until the top bar counts this round or a later one. */
export async function waitForRound(page: Page, round: number): Promise<void> {
  await page.waitForFunction(
    (least) => Number.parseInt(document.querySelector('header .round .big')?.textContent ?? '0', 10) >= least,
    round,
    { timeout: demoPatienceMs },
  );
}

export async function waitForEnd(page: Page, words: string): Promise<void> {
  const cell = page.locator('header .wait .w1');
  await page.waitForFunction(
    () => /^Run (completed|ended|failed|stopped)/.test(document.querySelector('header .wait .w1')?.textContent ?? ''),
    undefined,
    { timeout: demoPatienceMs },
  );
  assert.match(await cell.innerText(), new RegExp(`^${words}`));
}

/** Every round that the top bar has shown from now on, in order. */
export async function recordRounds(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const seen: number[] = [];
    const look = (): void => {
      const round = Number.parseInt(document.querySelector('header .round .big')?.textContent ?? '', 10);
      if (!Number.isNaN(round) && seen.at(-1) !== round) seen.push(round);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    Object.assign(window, { roundsSeen: seen });
  });
  return () => page.evaluate(() => (window as unknown as { roundsSeen: number[] }).roundsSeen);
}

export async function accuracyPercent(page: Page): Promise<number> {
  const text = await page.locator('header .wait').innerText();
  return Number.parseFloat(/accuracy ([\d.]+)/.exec(text)?.[1] ?? 'NaN');
}
