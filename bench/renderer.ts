import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { readStaticFiles, rendererFolder } from '#engine/host/static-files.ts';
import { createService } from '#headless/create-service.ts';
import { WebServer } from '#headless/web/web-server.ts';
import { demoDefaults } from '#shared/contract/run/settings.ts';
import type { RunHost } from '#service/runs/run-host.ts';
import { launchChromium } from '#test/support/page/chromium.ts';
import { packetOf } from '#test/support/recorded/recorded-rows.ts';
import { AttachedChromium } from './attached-chromium.ts';
import { RecordedFeed } from './recorded-feed.ts';
import { quantile } from './statistics.ts';

const packetsPerS = 2000;
const tickMs = 10;
const warmMs = 4000;
const measureMs = 6000;

const views = [
  ['1', 'Rounds'],
  ['2', 'Packets'],
  ['3', 'Metrics'],
  ['4', 'Participants'],
] as const;

/**
 * What shared the processors with the page: training in the same session of the system, as in the app; training in another
 * one, as with a browser that was there before, where the system may share out the processors by session and not by what
 * yields to what; or nothing.
 */
type Beside = 'training' | 'training, other session' | 'nothing';

export interface RendererResult {
  readonly view: string;
  readonly beside: Beside;
  /** ms between one animation frame and the next. */
  readonly frames: readonly number[];
  /** Processor time of the page's main thread in a second, ms: ours alone, whoever else is there. */
  readonly threadMsPerS: number;
  readonly scriptMsPerS: number;
  readonly layoutMsPerS: number;
}

/**
 * Frame times in Chromium at 2,000 packets a second, on this machine's own processors: while four participants train
 * beside it, and once more with the same feed told again without them, so that what is the page's can be told from what is
 * processors missing. The real service and the real page.
 */
export async function benchRenderer(): Promise<readonly RendererResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'roundscope-bench-'));
  process.env['ROUNDSCOPE_DATA'] = folder;
  const service = createService('browser');
  const files = await readStaticFiles(rendererFolder());
  const browser = await launchChromium();
  const results: RendererResult[] = [];
  try {
    await using attached = await AttachedChromium.launch(folder);
    const { host, ended } = await service.startDemo({ ...demoDefaults, rounds: 1000 });
    const injection = inject(host);
    try {
      await using live = await WebServer.listen({
        port: 0,
        files,
        onPort: (port) => service.connect(port),
        now: () => performance.now(),
      });
      results.push(...(await measureViews(attached.browser, 'training', live)));
      results.push(...(await measureViews(browser, 'training, other session', live)));
      const feed = await RecordedFeed.record(service, warmMs * 2 + measureMs);
      await service.stop('measured');
      await ended;
      await using replay = await WebServer.listen({
        port: 0,
        files,
        onPort: (port) => feed.playTo(port),
        now: () => performance.now(),
      });
      results.push(...(await measureViews(attached.browser, 'nothing', replay)));
    } finally {
      clearInterval(injection);
    }
  } finally {
    await browser.close();
    await service[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
  return results;
}

/** Packets beside those of the participants, up to the rate that is asked. */
function inject(host: RunHost): NodeJS.Timeout {
  let id = 0;
  return setInterval(() => {
    const at = Date.now();
    const packets = Array.from({ length: (packetsPerS * tickMs) / 1000 }, () =>
      packetOf(++id, { at, participant: `node-${(id % 4) + 1}` }),
    );
    host.ingest('coordinator', {
      type: 'batch',
      batch: 1,
      events: [],
      packets,
      lostEvents: null,
      lostPackets: null,
    });
  }, tickMs);
}

/** Each view in a page of its own: one that is told again begins at the beginning. */
async function measureViews(browser: Browser, beside: Beside, server: WebServer): Promise<RendererResult[]> {
  const results: RendererResult[] = [];
  for (const [key, view] of views) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(server.freshAddress());
    await page.getByRole('main').waitFor();
    await page.keyboard.press(key);
    await page.waitForTimeout(warmMs);
    results.push({ view, beside, ...(await measure(page)) });
    await page.close();
  }
  return results;
}

async function measure(page: Page): Promise<Omit<RendererResult, 'view' | 'beside'>> {
  const session = await page.context().newCDPSession(page);
  // Time that the thread ran, not time that passed while another program did.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const read = async (): Promise<Map<string, number>> =>
    new Map((await session.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
  const before = await read();
  const frames = await page.evaluate(framesDuring, measureMs);
  const after = await read();
  const perS = (name: string): number =>
    (((after.get(name) ?? 0) - (before.get(name) ?? 0)) * 1000) / (measureMs / 1000);
  return {
    frames,
    threadMsPerS: perS('TaskDuration'),
    scriptMsPerS: perS('ScriptDuration'),
    layoutMsPerS: perS('LayoutDuration') + perS('RecalcStyleDuration'),
  };
}

/** Runs in the page. */
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
  const rows = results.map(({ view, beside, frames, threadMsPerS, scriptMsPerS, layoutMsPerS }) => {
    const times = [quantile(frames, 0.5).toFixed(1), quantile(frames, 0.95).toFixed(1), Math.max(...frames).toFixed(0)];
    const costs = [threadMsPerS, scriptMsPerS, layoutMsPerS].map((ms) => ms.toFixed(0));
    return `| ${[view, beside, frames.length, ...times, ...costs].join(' | ')} |`;
  });
  return [
    '| view | beside it | frames in 6 s | p50 ms | p95 ms (aim: at most 20) | longest ms | main thread, ms/s | of it script | style and layout |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
