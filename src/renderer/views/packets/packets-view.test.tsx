import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JSX } from 'react';
import { currentPlace } from '#renderer/session/navigation.ts';
import { useKeyboard } from '#renderer/shell/keyboard.ts';
import { lossy } from '#test/support/recorded/lossy-run.ts';
import { setSize } from '#test/support/rendered/layout.ts';
import { playedRun } from '#test/support/rendered/played.ts';
import { absent, act, fireEvent, open, pass, screen, settle, within } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { failure } from '#test/support/rendered/service-end.ts';
import { PacketsView } from './packets-view.tsx';

const run = playedRun(6);

function Window(): JSX.Element {
  useKeyboard();
  return <PacketsView />;
}

async function packets(options: OpenOptions = {}): Promise<Opened> {
  act(() => setSize({ height: 400 }));
  const page = await open(<Window />, { ...run, ...options, place: { view: 'packets', ...options.place } });
  await pass(200);
  return page;
}

const grid = (): HTMLElement => screen.getByRole('grid', { name: 'Packets' });
/** Rows in the page in their order, each as the text of its cells. */
function rows(): string[][] {
  return within(grid())
    .getAllByRole('row')
    .slice(1)
    .toSorted((a, b) => Number(a.getAttribute('aria-rowindex')) - Number(b.getAttribute('aria-rowindex')))
    .map((row) =>
      within(row)
        .getAllByRole('gridcell')
        .map((cell) => cell.textContent),
    );
}
const column = (name: string): number =>
  within(grid())
    .getAllByRole('columnheader')
    .findIndex((head) => head.textContent === name);
const valuesOf = (name: string): Set<string> => new Set(rows().map((cells) => cells[column(name)] ?? ''));
const box = (): HTMLInputElement => screen.getByRole('combobox', { name: 'Filter packets' });
const detail = (): HTMLElement | null => screen.queryByRole('complementary', { name: 'Packet detail' });
const idShown = (): number => Number(/packet:(\d+)/.exec(detail()?.textContent ?? '')?.[1]);

async function filtered({ user }: Opened, text: string): Promise<void> {
  await user.clear(box());
  await user.click(box());
  await user.paste(text);
  await pass(200);
}

describe('the packets of a run', () => {
  test('are listed to the newest, which is followed', async () => {
    await packets();
    const total = Number(grid().getAttribute('aria-rowcount')) - 1;
    assert.ok(total > 50, String(total));
    const last = within(grid())
      .getAllByRole('row')
      .map((row) => Number(row.getAttribute('aria-rowindex')));
    assert.equal(Math.max(...last), total + 1);
    assert.equal(screen.getByRole('button', { name: 'Live' }).getAttribute('aria-pressed'), 'true');
  });

  test('are those that pass the filter, once typing rests, and the address has it', async () => {
    const page = await packets();
    await filtered(page, 'participant == node-2');
    assert.deepEqual(
      [...valuesOf('From'), ...valuesOf('To')].filter((name) => /node-[134]/.test(name)),
      [],
    );
    assert.equal(currentPlace().filter, 'participant == node-2');
  });

  test('stay as they are while what is typed is wrong', async () => {
    const page = await packets();
    await filtered(page, 'participant == node-2');
    const before = grid().getAttribute('aria-rowcount');
    await filtered(page, 'participant == node-2 && rond == 1');
    assert.equal(grid().getAttribute('aria-rowcount'), before);
  });

  test('are none for a filter that nothing passes, which can be cleared there', async () => {
    const page = await packets();
    await filtered(page, 'round == 900');
    assert.match(grid().textContent, /No packet matches\./);
    await page.user.click(within(grid()).getByRole('button', { name: 'Clear the filter' }));
    await pass(200);
    assert.ok(rows().length > 10);
  });

  test('are filtered from elsewhere by the address', async () => {
    await packets({ place: { filter: 'kind == register' } });
    assert.equal(box().value, 'kind == register');
    assert.deepEqual([...valuesOf('Kind')], ['register']);
  });

  test('say that there are none yet', async () => {
    await packets({ items: run.items.filter((item) => 'event' in item) });
    assert.match(grid().textContent, /No packets yet: they appear here as soon as the run sends the first one\./);
  });

  test('can be held still, and it is counted what came meanwhile', async () => {
    const { service, user } = await packets();
    await user.click(screen.getByRole('button', { name: /^Pause/ }));
    const before = grid().getAttribute('aria-rowcount');
    const [last] = run.items.flatMap((item) => ('packet' in item ? [item.packet] : [])).slice(-1);
    assert.ok(last !== undefined);
    act(() =>
      service.tell({ type: 'batch', batch: 1, events: [], packets: [{ ...last, id: 1_000_000 }], skippedPackets: 0 }),
    );
    await settle();
    assert.equal(grid().getAttribute('aria-rowcount'), before);
    await user.click(screen.getByRole('button', { name: /^Paused, 1 came/ }));
    assert.equal(Number(grid().getAttribute('aria-rowcount')), Number(before) + 1);
  });

  test('are older ones too, brought from the recording when asked', async () => {
    const { service, user } = await packets({ snapshot: { packetsRecorded: 5000 } });
    const before = Number(grid().getAttribute('aria-rowcount'));
    assert.match(grid().textContent, /[\d,]+ older packets are in the recording only/);
    const older = run.items.flatMap((item) => ('packet' in item ? [item.packet] : [])).slice(0, 3);
    service.willAnswer({
      query_packets: {
        rows: older.map((row, i) => ({ ...row, id: -3 + i })).toReversed(),
        more: false,
        filterError: null,
      } as never,
    });
    await user.click(screen.getByRole('button', { name: 'Load the 1,000 before these' }));
    await settle();
    assert.equal(Number(grid().getAttribute('aria-rowcount')), before + 3);
    assert.match(grid().textContent, /the first matching packet of the recording/);
  });

  test('are counted by the service over all that is recorded, for each filter and as more come', async () => {
    const tally = { cut: 3, complete: true, firstAt: 1, bars: null, filterError: null, unrecorded: 0 };
    const page = await packets({ answers: { tally_packets: { ...tally, count: 9_876_543 } } });
    const foot = (): string =>
      screen.getByRole('region', { name: 'Packets' }).querySelector('.foot')?.textContent ?? '';
    assert.match(foot(), /^9,876,543 match/);
    assert.match(foot(), /bodies cut to 4 kB: 3/);
    page.service.willAnswer({ tally_packets: { ...tally, count: 17, complete: false } });
    await filtered(page, 'participant == node-2');
    await pass(100);
    assert.match(foot(), /^17 match so far/);
    assert.ok(page.service.asked('tally_packets').some(({ filter }) => filter === 'participant == node-2'));
    page.service.willAnswer({ tally_packets: { ...tally, count: 4_000_000 } });
    await pass(100);
    assert.match(foot(), /^4,000,000 match(?! so far)/);
    const last = run.items.findLast((item) => 'packet' in item);
    assert.ok(last !== undefined && 'packet' in last);
    page.service.willAnswer({ tally_packets: { ...tally, count: 4_000_001 } });
    act(() =>
      page.service.tell({
        type: 'batch',
        batch: 1,
        events: [],
        packets: [{ ...last.packet, id: 1e6 }],
        skippedPackets: 0,
      }),
    );
    await pass(2000);
    assert.match(foot(), /^4,000,001 match/);
  });

  test('that nobody records are counted as far as they are in memory, which is said', async () => {
    const tally = { count: 5, cut: 0, complete: true, firstAt: 1, bars: null, filterError: null, unrecorded: 1234 };
    await packets({ answers: { tally_packets: tally } });
    const bars = screen.getByRole('region', { name: 'Packets per second' });
    assert.match(bars.textContent, /1,234 older packets of this run, which is not recorded, are not in the bars\./);
  });

  test('that cannot be counted say why', async () => {
    await packets({ answers: { tally_packets: failure('disk_full', 'the disk is full') } });
    const bars = screen.getByRole('region', { name: 'Packets per second' });
    assert.match(bars.textContent, /Packets cannot be counted now: the disk is full/);
  });

  test('say why older ones could not be brought', async () => {
    const { user } = await packets({
      snapshot: { packetsRecorded: 5000 },
      answers: { query_packets: failure('recording_invalid', 'Page 7 is cut.', 'recorder') },
    });
    await user.click(screen.getByRole('button', { name: 'Load the 1,000 before these' }));
    await settle();
    within(grid()).getByText('Page 7 is cut.');
  });

  test('leave columns out in a narrow window, the detail has what they said', async () => {
    await packets();
    const headsAt = async (width: number): Promise<readonly string[]> => {
      act(() => setSize({ width }));
      await settle();
      return within(grid())
        .getAllByRole('columnheader')
        .map((head) => head.textContent);
    };
    const all = await headsAt(1900);
    assert.ok(all.includes('Protocol') && all.includes('Stream') && all.includes('Chunk'), all.join());
    const less = await headsAt(1300);
    assert.ok(less.includes('Protocol') && !less.includes('Stream'), less.join());
    const least = await headsAt(700);
    assert.ok(least.includes('Kind') && least.includes('Status') && !least.includes('To'), least.join());
  });
});

describe('places where packets are missing', () => {
  test('are rows of their own: how many, of whom, and why', async () => {
    const { user } = await packets({ items: lossy(run.items.filter((item) => item.at <= run.at)) });
    const tour = screen.getAllByRole('button').find((one) => one.title.startsWith('Go to where packets were lost'));
    assert.ok(tour !== undefined);
    await user.click(tour);
    await settle();
    const whole = within(grid())
      .getAllByRole('gridcell')
      .filter((cell) => cell.getAttribute('aria-colspan') !== null);
    assert.ok(whole.length > 0);
    assert.match(whole[0]?.textContent ?? '', /packets? of .* (were|was) lost here|could not be read here/);
    assert.equal(screen.getByRole('button', { name: 'Live' }).getAttribute('aria-pressed'), 'false');
  });
});

describe('a packet that is opened', () => {
  test('is so by a press, and the newest is followed no more', async () => {
    await packets();
    const row = within(grid()).getAllByRole('row').at(5) as HTMLElement;
    fireEvent.pointerDown(row);
    await settle();
    assert.ok(detail() !== null);
    assert.equal(currentPlace().packet, idShown());
    assert.equal(screen.getByRole('button', { name: 'Live' }).getAttribute('aria-pressed'), 'false');
    assert.equal(within(grid()).getAllByRole('row', { selected: true }).length, 1);
  });

  test('is the next or the one before by the arrows, and closed with Escape', async () => {
    const { user } = await packets({ place: { packet: 40 } });
    const first = idShown();
    grid().focus();
    await user.keyboard('{ArrowDown}{ArrowDown}');
    const later = idShown();
    assert.ok(later > first);
    await user.keyboard('{ArrowUp}');
    assert.ok(idShown() < later && idShown() > first);
    await user.keyboard('{Escape}');
    absent(detail());
    assert.equal(currentPlace().packet, null);
  });

  test('has its facts, its header as a tree, and its bytes', async () => {
    await packets({ place: { packet: 40 } });
    const pane = within(detail() as HTMLElement);
    assert.equal(idShown(), 40);
    pane.getByRole('group', { name: 'Header as JSON' });
    pane.getByRole('region', { name: 'Bytes of the body, hex and ASCII' });
    for (const fact of ['time', 'from', 'to', 'protocol']) pane.getByText(fact, { selector: 'dt' });
  });

  test('has its header copied as it is', async () => {
    const { user } = await packets({ place: { packet: 40 } });
    await user.click(screen.getByRole('button', { name: 'Copy header' }));
    await settle();
    assert.equal((JSON.parse(await navigator.clipboard.readText()) as { version: number }).version, 1);
  });

  test('says that the recording does not hold it any more, or why it could not be read', async () => {
    const { service, user } = await packets({ place: { packet: 40 }, answers: { packet_detail: { packet: null } } });
    within(detail() as HTMLElement).getByText(/^The recording does not hold this packet any more/);
    service.willAnswer({ packet_detail: failure('recording_invalid', 'Page 7 is cut.', 'recorder') });
    grid().focus();
    await user.keyboard('{ArrowDown}');
    await settle();
    within(detail() as HTMLElement).getByText('Page 7 is cut.');
  });

  test('that does not pass the filter says so, and the filter can be cleared', async () => {
    const { user } = await packets({ place: { packet: 40, filter: 'round == 900' } });
    const pane = within(detail() as HTMLElement);
    pane.getByText('Not in the table: it does not pass the filter.');
    await user.click(pane.getByRole('button', { name: 'Clear the filter' }));
    assert.equal(box().value, '');
  });

  test('is followed by what belongs with it, and back to the filter before', async () => {
    const { user } = await packets({ place: { packet: 40, filter: 'size > 0B' } });
    await pass(100);
    const choices = within(screen.getByRole('group', { name: 'Follow' })).getAllByRole('button');
    const [first, second] = choices;
    assert.ok(first !== undefined && second !== undefined);
    assert.match(first.textContent, /\d$/, 'with how many there are');
    await user.click(first);
    assert.equal(box().value, first.title);
    assert.equal(first.getAttribute('aria-pressed'), 'true');
    await user.click(second);
    assert.equal(box().value, second.title);
    await user.click(second);
    assert.equal(box().value, 'size > 0B');
  });

  test('walks what belongs with it by the arrows', async () => {
    const { user } = await packets({ place: { packet: 40 } });
    const choices = within(screen.getByRole('group', { name: 'Follow' })).getAllByRole('button');
    choices[0]?.focus();
    await user.keyboard('{ArrowRight}');
    assert.ok(document.activeElement === choices[1]);
    await user.keyboard('{ArrowLeft}{ArrowLeft}');
    assert.ok(document.activeElement === choices.at(-1));
  });
});

describe('messages in one row each', () => {
  test('hide their chunks until they are opened', async () => {
    const page = await packets();
    const all = Number(grid().getAttribute('aria-rowcount'));
    const fold = screen.getByRole('button', { name: 'Messages' });
    await page.user.click(fold);
    await pass(200);
    assert.equal(fold.getAttribute('aria-pressed'), 'true');
    const few = Number(grid().getAttribute('aria-rowcount'));
    assert.ok(few < all, `${few} of ${all}`);
    const opener = within(grid()).getAllByRole('button', { name: /^Show \d+ chunks of this message$/ })[0];
    assert.ok(opener !== undefined);
    await page.user.click(opener);
    await pass(200);
    assert.ok(Number(grid().getAttribute('aria-rowcount')) > few);
    absent(detail(), 'opening a message opens no packet');
  });
});
