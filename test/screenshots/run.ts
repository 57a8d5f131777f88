/** `npm run screenshots`: pictures of each view for the README and docs/images, from a real demo in browser mode. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '#test/support/chromium.ts';
import { smallPng } from './small-png.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const images = join(root, 'docs', 'images');
const severalNetworks = ['--transport', 'mixed', '--network', 'good', '--network', 'poor:node-2'];
const size = { width: 1440, height: 900 };

const browser = await launchChromium();
try {
  for (const scheme of ['light', 'dark'] as const) {
    await withDemo(browser, scheme, ['--rounds', '10'], takeHealthy);
    await withDemo(browser, scheme, ['--rounds', '10', '--fault', 'connection-per-message:node-3@4'], takeStalled);
    await withDemo(browser, scheme, ['--rounds', '4', '--participants', '5', ...severalNetworks], takeSeveral);
  }
  await withDemo(browser, 'light', ['--idle'], takeForms);
} finally {
  await browser.close();
}

async function takeForms(take: Take, page: Page): Promise<void> {
  await until(page, /checks pass/);
  await take('empty');
  await take('join', ['Shift+J']);
  await take('coordinate', ['Shift+C']);
}

type Take = (name: string, keys?: readonly string[]) => Promise<void>;

async function takeHealthy(take: Take, page: Page): Promise<void> {
  await until(page, /7 \/ 10/);
  await take('rounds', ['1']);
  await take('metrics', ['3']);
  await take('participants', ['4']);
  await until(page, /Completed/);
  await page.keyboard.press('2');
  await page.getByLabel('Filter packets').fill('kind == model_update && source == coordinator');
  await page.getByText('40 match').waitFor();
  await page.getByRole('grid', { name: 'Packets' }).getByText('model_update').nth(3).click();
  await page.getByRole('heading', { name: 'model_update' }).waitFor();
  await take('packets');
  await take('demo', ['6']);
  await take('settings', ['7']);
}

async function takeStalled(take: Take, page: Page): Promise<void> {
  await until(page, /4 \/ 10[\s\S]*never hears the answer/);
  await until(page, /stalled [4-9] s/);
  await take('stalled', ['1']);
  await take('diagnosis', ['5']);
}

/** Five transports in one run over two kinds of network, then the comparison of all transports. */
async function takeSeveral(take: Take, page: Page): Promise<void> {
  await until(page, /3 \/ 4/);
  await take('several-transports', ['1']);
  await take('network', ['6']);
  await until(page, /Completed/);
  await page.getByRole('radio', { name: 'Compare' }).click();
  await page.getByRole('button', { name: /^Compare: \d+ runs/ }).click();
  await until(page, /The same model bit for bit over all 5/);
  await take('compare');
}

/** Runs a demo of its own in browser mode, and shows it. */
async function withDemo(
  shared: Browser,
  scheme: 'light' | 'dark',
  args: readonly string[],
  act: (take: Take, page: Page) => Promise<void>,
): Promise<void> {
  // Its path stands in some of the pictures.
  const folder = join(tmpdir(), 'roundscope');
  await rm(folder, { recursive: true, force: true });
  const program = spawn('node', [join(root, 'scripts', 'roundscope.mjs'), 'serve', '--no-open', ...args], {
    env: { ...process.env, ROUNDSCOPE_DATA: folder },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [address] = (await once(createInterface({ input: program.stdout }), 'line')) as [string];
  const page = await shared.newPage({ viewport: size, colorScheme: scheme });
  try {
    await page.goto(address);
    await act(async (name, keys = []) => {
      for (const key of keys) await page.keyboard.press(key);
      // Charts and details come a moment after their view; a picture may wait where a test must not.
      await page.waitForTimeout(1200);
      const path = join(images, `${name}-${scheme}.png`);
      await writeFile(path, smallPng(await page.screenshot()));
      process.stdout.write(`${path}\n`);
    }, page);
  } finally {
    await page.close();
    const ended = once(program, 'exit');
    program.kill('SIGINT');
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

async function until(page: Page, pattern: RegExp): Promise<void> {
  await page.waitForFunction(
    ([source]) =>
      new RegExp(source ?? '').test(
        (globalThis as unknown as { document: { body: { innerText: string } } }).document.body.innerText,
      ),
    [pattern.source],
    { timeout: 180_000 },
  );
}
