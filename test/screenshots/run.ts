/**
 * `npm run screenshots -- [--to FOLDER] [SCENE ...]`: pictures of each view for the README and docs/images, from real runs
 * in browser mode.
 * Without a scene all are taken: forms, healthy, stalled, moving, several, seat.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { processesOf } from '#test/cli/command-line.ts';
import { coordinate, join } from '#test/cli/federation.ts';
import { fillJoinForm } from '#test/e2e/measures/window-text.ts';
import { launchChromium } from '#test/support/page/chromium.ts';
import { movingPng, smallPng, type Frame } from './small-png.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const severalNetworks = ['--transport', 'mixed', '--network', 'good', '--network', 'poor:node-2'];
const size = { width: 1440, height: 900 };

/** A window's demo takes its time; scenes that wait for the end of a run do not. */
const atOnce = ['--pace', '0'];
type Scheme = 'light' | 'dark';
type Scene = (browser: Browser, scheme: Scheme) => Promise<void>;

const scenes: Readonly<Record<string, Scene>> = {
  forms: (browser, scheme) => withWindow(browser, scheme, ['--idle'], takeForms),
  healthy: (browser, scheme) => withWindow(browser, scheme, ['--rounds', '10', ...atOnce], takeHealthy),
  stalled: (browser, scheme) =>
    withWindow(
      browser,
      scheme,
      ['--rounds', '10', '--pace', '2', '--fault', 'connection-per-message:node-3@4'],
      takeStalled,
    ),
  moving: async (browser, scheme) => {
    // The README moves once; two of them would be heavy.
    if (scheme === 'light') await withWindow(browser, scheme, ['--rounds', '10', '--pace', '4'], takeMoving);
  },
  several: (browser, scheme) =>
    withWindow(browser, scheme, ['--rounds', '4', '--participants', '5', ...severalNetworks, ...atOnce], takeSeveral),
  seat: (browser, scheme) => withWindow(browser, scheme, ['--idle'], takeSeat),
};

const { values, positionals: asked } = parseArgs({ options: { to: { type: 'string' } }, allowPositionals: true });
const images = values.to ?? joinPath(root, 'docs', 'images');
const unknown = asked.filter((name) => !(name in scenes));
if (unknown.length > 0) {
  process.stderr.write(`No scene ${unknown.join(', ')}. Scenes: ${Object.keys(scenes).join(', ')}\n`);
  process.exit(2);
}
await mkdir(images, { recursive: true });
const chromium = await launchChromium();
try {
  for (const [name, scene] of Object.entries(scenes)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    for (const scheme of ['light', 'dark'] as const) await scene(chromium, scheme);
  }
} finally {
  await chromium.close();
}

async function takeForms(take: Take, page: Page): Promise<void> {
  await until(page, /checks pass/);
  await take('home');
  await take('settings', ['7']);
  await page.keyboard.press('Shift+C');
  await page.getByLabel('Name', { exact: true }).fill('digits pilot');
  await page.getByRole('button', { name: 'use the bundled digits' }).click();
  await page.getByRole('button', { name: /^Start and invite/, disabled: false }).waitFor();
  await take('coordinate');
}

/** A participant in a run of the command line: while it runs, and once the coordinator is gone. */
async function takeSeat(take: Take, page: Page): Promise<void> {
  const federation = ['--participants', '2', '--rounds', '40', '--deadline', '60', '--local-epochs', '8'];
  await using coordinator = await coordinate(['--name', 'digits pilot', ...federation]);
  await using _other = join(coordinator.invitation, 'lab-1');
  await fillJoinForm(page, { invitation: coordinator.invitation, data: 'digits', name: 'lab-2' });
  await page.getByRole('button', { name: 'Approve and join', exact: true, disabled: false }).last().waitFor();
  await take('join');
  await page.getByRole('button', { name: /^(Approve and join|Join)$/ }).click();
  await until(page, /[4-9] \/ 40[\s\S]*batch \d/);
  await take('participant', ['1']);
  for (const { pid } of processesOf(coordinator.command.dataFolder)) process.kill(pid, 'SIGKILL');
  await until(page, /does not answer: last heard \d\d s ago/);
  await take('participant-alone');
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
  await page.getByRole('heading', { name: 'model_update', exact: true }).waitFor();
  await take('packets');
  await take('demo', ['6']);
}

async function takeStalled(take: Take, page: Page): Promise<void> {
  await until(page, /4 \/ 10[\s\S]*never hears the answer/);
  await until(page, /stalled [4-9] s/);
  await take('stalled', ['1']);
  await take('diagnosis', ['5']);
}

/** A healthy round, a fault by its key, and the sentence that names it: what the README begins with. */
async function takeMoving(_take: Take, page: Page): Promise<void> {
  const frameMs = 400;
  const frames: Frame[] = [];
  const record = async (enough: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await enough())) {
      const began = performance.now();
      frames.push({ png: await page.screenshot(), ms: frameMs });
      await page.waitForTimeout(Math.max(0, frameMs - (performance.now() - began)));
    }
  };
  const more = (count: number): (() => boolean) => {
    const end = frames.length + count;
    return () => frames.length >= end;
  };
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.keyboard.press('1');
  await until(page, /3 \/ 10[\s\S]*batch \d/);
  await record(more(5));
  await page.keyboard.press('m');
  const named = page.getByText('never hears the answer').first();
  await record(() => named.isVisible());
  await record(more(10));
  const last = frames.at(-1);
  if (last !== undefined) frames.push({ ...last, ms: 4000 });
  const path = joinPath(images, 'stall.png');
  await writeFile(path, movingPng(frames));
  process.stdout.write(`${path}\n`);
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

/** Runs a service of its own in browser mode, and shows its window. */
async function withWindow(
  shared: Browser,
  scheme: 'light' | 'dark',
  args: readonly string[],
  act: (take: Take, page: Page) => Promise<void>,
): Promise<void> {
  // Paths stand in some of the pictures: as of a user whose home this folder is.
  const home = await mkdtemp(joinPath(tmpdir(), 'roundscope-'));
  const program = spawn('node', [joinPath(root, 'scripts', 'roundscope.mjs'), 'serve', '--no-open', ...args], {
    env: { ...process.env, HOME: home, ROUNDSCOPE_DATA: joinPath(home, '.local', 'share', 'roundscope') },
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
      const path = joinPath(images, `${name}-${scheme}.png`);
      await writeFile(path, smallPng(await page.screenshot()));
      process.stdout.write(`${path}\n`);
    }, page);
  } finally {
    await page.close();
    const ended = once(program, 'exit');
    program.kill('SIGINT');
    await ended;
    await rm(home, { recursive: true, force: true });
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
