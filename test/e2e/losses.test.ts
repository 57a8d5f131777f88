import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '#test/support/page/chromium.ts';
import { temporaryFolder } from '#test/cli/command-line.ts';
import { openView } from './measures/window-text.ts';

const entry = fileURLToPath(new URL('../support/recorded/losing-service.ts', import.meta.url));

interface LastWord {
  readonly summary: Readonly<Record<'packets' | 'events', { readonly recorded: number; readonly dropped: number }>> & {
    readonly malformed: number;
    readonly cutBodies: number;
  };
  readonly recording: Readonly<
    Record<'packets' | 'droppedPackets' | 'droppedEvents' | 'malformedRows' | 'cutBodies', number>
  >;
}

describe('what is lost stands where it would have been, each kind by its name', () => {
  const folder = temporaryFolder();
  let service: ChildProcessWithoutNullStreams;
  let lines: AsyncIterator<string>;
  let terminal = '';
  let browser: Browser;
  let page: Page;

  const cue = (word: string): void => void service.stdin.write(`${word}\n`);
  const answer = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value)) as unknown;
  const open = async (): Promise<Page> => {
    cue('address');
    const { address } = (await answer()) as { readonly address: string };
    const opened = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await opened.goto(address);
    await opened.getByRole('main').waitFor();
    return opened;
  };

  before(async () => {
    const env = { ...process.env, ROUNDSCOPE_DATA: folder };
    service = spawn(process.execPath, [entry], { env, stdio: 'pipe' });
    service.stderr.setEncoding('utf8').on('data', (text: string) => (terminal += text));
    lines = createInterface({ input: service.stdout })[Symbol.asyncIterator]();
    browser = await launchChromium();
    page = await open();
  });
  after(async () => {
    await browser.close();
    if (service.exitCode === null) {
      service.kill();
      await once(service, 'exit');
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  const recorder = () => page.locator('header .rec');
  const foot = (of: Page) => of.locator('[aria-label="Packets"] .foot');
  const table = (of: Page) => of.getByRole('grid', { name: 'Packets' });
  /** What is lost might have matched: its rows stand whatever the filter says. */
  const onlyLosses = async (of: Page): Promise<void> => {
    await openView(of, 'Packets');
    await of.getByLabel('Filter packets').fill('kind ~ no_such_kind');
  };
  const rows = async (of: Page): Promise<string[]> =>
    (await table(of).locator('.vt-r').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim());

  test('nothing at first', async () => {
    await onlyLosses(page);
    await foot(page)
      .getByText(/^nothing lost, 0 skipped here$/)
      .waitFor();
    await recorder().getByText('nothing lost').waitFor();
    await openView(page, 'Rounds');
    assert.equal(await page.getByRole('note').count(), 0);
  });

  test('packets and events of a process whose service took nothing', async () => {
    cue('stall');
    await recorder()
      .getByText(/^200 packets, 1\d events lost$/)
      .waitFor();
    await onlyLosses(page);
    await table(page).getByText('200 packets of coordinator were lost here (queue full)').waitFor();
    await foot(page)
      .getByText(/^200 packets, 1\d events lost$/)
      .waitFor();
    assert.equal((await rows(page)).length, 1, 'lost events are no lost packets');
    await page.getByLabel('Filter packets').fill('');
    await foot(page)
      .getByRole('button', { name: /200 packets/ })
      .click();
    await table(page).getByText('200 packets of coordinator were lost here (queue full)').waitFor();
    for (const view of ['Rounds', 'Diagnosis']) {
      await openView(page, view);
      await page
        .getByText(/^1\d events of coordinator were lost: lanes, rounds and verdicts may be incomplete/)
        .waitFor();
    }
  });

  test('rows that cannot be read', async () => {
    cue('malformed');
    await recorder()
      .getByText(/^200 packets, 1\d events lost, 4 malformed$/)
      .waitFor();
    await onlyLosses(page);
    await table(page)
      .getByText(/packets? of node-1 could not be read here \(malformed\)/)
      .first()
      .waitFor();
    await openView(page, 'Diagnosis');
    await page.getByText(/^1\d events of coordinator, node-1 were lost/).waitFor();
  });

  test('packets that the recorder had no room for were seen, and are missing in the file alone', async () => {
    cue('flood');
    await onlyLosses(page);
    await table(page).getByText('not in the recording').first().waitFor();
    const [first = '', second = '', ...others] = await rows(page);
    assert.match(first, /^200 packets of coordinator were lost here \(queue full\)\s*\d\d:\d\d:\d\d/);
    assert.match(second, /^\d packets? of node-1 could not be read here \(malformed\)/);
    // The queue may have had room again for a moment.
    const missing = others.map((row) =>
      /^(\d+) packets? from here on (?:are|is) not in the recording \(the recorder’s queue was full\)/.exec(row),
    );
    const count = missing.reduce((sum, found) => sum + Number(found?.[1] ?? 0), 0);
    assert.ok(count >= 500 && count < 1000, others.join('; '));
  });

  test('another window, which holds the newest packets only, is told of the earlier ones with them', async () => {
    const other = await open();
    await onlyLosses(other);
    await table(other).getByText('not in the recording').first().waitFor();
    assert.equal(await other.getByText('200 packets of coordinator').count(), 0);
    const earlier = table(other).getByText('200 packets of coordinator were lost here (queue full)');
    const load = other.getByRole('button', { name: 'Load the 1,000 before these', disabled: false });
    // What was loaded for an earlier filter is forgotten when the one just typed takes hold.
    while (!(await earlier.isVisible())) {
      await load.or(earlier).first().waitFor();
      if (await load.isVisible()) await load.click({ timeout: 2000 }).catch(() => undefined);
    }
    await other.close();
  });

  test('the summary, the terminal and the recording tell the same', async () => {
    cue('end');
    const { summary, recording } = (await answer()) as LastWord;
    assert.ok(summary.packets.dropped >= 700 && summary.events.dropped >= 10, JSON.stringify(summary));
    assert.equal(summary.malformed, 4);
    assert.ok(summary.cutBodies > 0);
    assert.match(terminal, /In the recording: \d+ packets, \d+ events lost, 4 malformed\./);
    assert.match(terminal, /events of coordinator, node-1 were lost: lanes, rounds and verdicts may be incomplete\./);
    const { packets, droppedPackets, droppedEvents, malformedRows, cutBodies } = recording;
    assert.deepEqual(
      { packets, droppedPackets, droppedEvents, malformedRows, cutBodies },
      {
        packets: summary.packets.recorded,
        droppedPackets: summary.packets.dropped,
        droppedEvents: summary.events.dropped,
        malformedRows: summary.malformed,
        cutBodies: summary.cutBodies,
      },
    );
  });
});
