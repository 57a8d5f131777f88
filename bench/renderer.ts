import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { readStaticFiles, rendererFolder } from '#engine/host/static-files.ts';
import { createService } from '#headless/create-service.ts';
import { WebServer } from '#headless/web-server.ts';
import { demoDefaults } from '#shared/contract/settings.ts';
import { packetOf } from '#test/support/recorded-rows.ts';
import { quantile } from './statistics.ts';

const packetsPerS = 2000;
const tickMs = 10;
const warmMs = 4000;
const measureMs = 8000;

export interface RendererResult {
  readonly view: string;
  readonly frames: readonly number[];
  readonly packetsShown: string;
}

/**
 * Frame times in Chromium while four participants train and 2,000 packets a second arrive beside theirs: the real service
 * and the real page, on this machine's own processors.
 */
export async function benchRenderer(): Promise<readonly RendererResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'roundscope-bench-'));
  process.env['ROUNDSCOPE_DATA'] = folder;
  const service = createService('browser');
  const files = await readStaticFiles(rendererFolder());
  const server = await WebServer.listen({ port: 0, files, onPort: (port) => service.connect(port) });
  const { host } = await service.startDemo({ ...demoDefaults, rounds: 1000 });
  let id = 0;
  const injection = setInterval(() => {
    const at = Date.now();
    const packets = Array.from({ length: (packetsPerS * tickMs) / 1000 }, () =>
      packetOf(++id, { at, participant: `node-${(id % 4) + 1}` }),
    );
    host.ingest({ type: 'batch', events: [], packets, dropped: 0 });
  }, tickMs);
  const browser = await chromium.launch({
    executablePath: process.env['ROUNDSCOPE_CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const results: RendererResult[] = [];
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(server.freshAddress());
    for (const [key, view] of [
      ['1', 'Rounds'],
      ['2', 'Packets'],
      ['3', 'Metrics'],
    ] as const) {
      await page.keyboard.press(key);
      await page.waitForTimeout(warmMs);
      const frames = await page.evaluate(framesDuring, measureMs);
      results.push({ view, frames, packetsShown: `${host.packetsSeen}` });
    }
  } finally {
    clearInterval(injection);
    await browser.close();
    await service[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
  return results;
}

/** Runs in the page: ms between one animation frame and the next. */
function framesDuring(durationMs: number): Promise<number[]> {
  const { requestAnimationFrame } = globalThis as unknown as { requestAnimationFrame(callback: () => void): number };
  return new Promise((resolve) => {
    const frames: number[] = [];
    let last = performance.now();
    const until = last + durationMs;
    const onFrame = (): void => {
      const now = performance.now();
      frames.push(now - last);
      last = now;
      if (now < until) requestAnimationFrame(onFrame);
      else resolve(frames);
    };
    requestAnimationFrame(onFrame);
  });
}

export function rendererTable(results: readonly RendererResult[]): string {
  const rows = results.map(({ view, frames }) => {
    const longest = Math.max(...frames).toFixed(0);
    return `| ${view} | ${frames.length} | ${quantile(frames, 0.5).toFixed(1)} | ${quantile(frames, 0.95).toFixed(1)} | ${longest} |`;
  });
  return [
    '| view | frames in 8 s | p50 ms | p95 ms (aim: at most 20) | longest ms |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
