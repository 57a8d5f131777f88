import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JSX } from 'react';
import { currentPlace } from '#renderer/session/navigation.ts';
import { useKeyboard } from '#renderer/shell/keyboard.ts';
import { playedRun } from '#test/support/rendered/played.ts';
import { absent, fireEvent, focused, open, pass, screen, within } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { RoundsView } from './rounds-view.tsx';

function Window(): JSX.Element {
  useKeyboard();
  return <RoundsView />;
}

function rounds(options: OpenOptions = playedRun(30)): Promise<Opened> {
  return open(<Window />, options);
}

const list = (): HTMLElement => screen.getByRole('region', { name: 'Round list' });
const openers = (): HTMLElement[] => within(list()).getAllByRole('button', { name: /^Open round/ });
/** The row of a round as text, cell by cell. */
function cells(round: number): string[] {
  const row = within(list())
    .getByRole('button', { name: `Open round ${round}` })
    .closest('tr');
  assert.ok(row !== null);
  return within(row)
    .getAllByRole('cell')
    .map((cell) => cell.textContent);
}
const lanes = (): HTMLElement => screen.getByRole('grid', { name: 'Segments of each participant over time' });
const lane = (id: string): HTMLElement => {
  const row = lanes().querySelector<HTMLElement>(`[data-lane="${id}"]`);
  assert.ok(row !== null, id);
  return row;
};
const segments = (id: string): HTMLElement[] =>
  within(lane(id))
    .getAllByRole('gridcell')
    .filter((cell) => cell.dataset['at'] !== undefined);
const detail = (): HTMLElement | null => screen.queryByRole('region', { name: /^Round \d+(, .*)?$/ });

describe('the list of rounds', () => {
  test('has the newest first, and what each came to', async () => {
    await rounds();
    assert.deepEqual(
      openers().map((one) => one.textContent),
      ['3', '2', '1'],
    );
    const [round, state, start, duration, , updates, slowest, loss, accuracy, up] = cells(1);
    assert.deepEqual([round, state, start, updates, slowest], ['1', 'done', '12:00:00', '4 of 4', 'node-3']);
    assert.match(duration ?? '', /^\d+\.\d s$/);
    assert.match(loss ?? '', /^\d\.\d{3}$/);
    assert.match(accuracy ?? '', /^\d+\.\d %$/);
    assert.match(up ?? '', /MB$/);
  });

  test('says of a round what it changed', async () => {
    await rounds();
    const [, , , , , , , loss, accuracy] = cells(2);
    assert.match(loss ?? '', / −\d\.\d{3}$/);
    assert.match(accuracy ?? '', / \+\d+\.\d$/);
  });

  test('says of the open round its phase, and its time goes on', async () => {
    await rounds();
    const [, state, , duration, , updates, , loss] = cells(3);
    assert.equal(state, 'training');
    assert.match(updates ?? '', /^\d of 4$/);
    assert.equal(loss, '–', 'nothing is known of it yet');
    await pass(2000);
    assert.equal(Number.parseInt(cells(3)[3] ?? ''), Number.parseInt(duration ?? '') + 2);
  });

  test('tells how the time of the slowest was spent, also to the ear', async () => {
    await rounds();
    const bars = within(list()).getAllByRole('img', {
      name: /^compute \d+\.\d s, communicate \d+\.\d+ s, wait \d+\.\d+ s$/,
    });
    assert.equal(bars.length, 3);
  });

  test('says what is still to come, and when the run will be over at this pace', async () => {
    await rounds();
    const row = within(list())
      .getByText(/^planned, the run ends about/)
      .closest('tr');
    assert.match(row?.textContent ?? '', /^4–10planned, the run ends about 12:0\d:\d\d at this pace$/);
  });

  test('says nothing of that once the run is over', async () => {
    await rounds(playedRun(200));
    assert.equal(openers().length, 10);
    absent(within(list()).queryByText(/planned/));
  });

  test('marks a round that stalls', async () => {
    await rounds(playedRun(58, { stallInRound: 4 }));
    assert.match(cells(4)[1] ?? '', /^stalled|, /);
    assert.match(cells(4)[1] ?? '', /stalled/);
  });

  test('is one stop of Tab, walked with the arrows, and Enter opens a round', async () => {
    const { user } = await rounds();
    assert.deepEqual(
      openers().map((one) => one.tabIndex),
      [0, -1, -1],
    );
    openers()[0]?.focus();
    await user.keyboard('{ArrowDown}{ArrowDown}{ArrowDown}');
    focused(openers()[2], 'and no further');
    await user.keyboard('{ArrowUp}{Enter}');
    assert.equal(currentPlace().round, 2);
    assert.equal(openers()[1]?.getAttribute('aria-pressed'), 'true');
  });
});

describe('an opened round', () => {
  const opened = (round: number, participant: string | null = null): Promise<Opened> =>
    rounds({ ...playedRun(30), place: { round, participant } });
  function fact(term: string): string {
    return within(detail() as HTMLElement).getByText(term, { selector: 'dt' }).nextElementSibling?.textContent ?? '';
  }

  test('says what was sent, what came of it, and where each one\u2019s time went', async () => {
    await opened(2);
    within(detail() as HTMLElement).getByRole('heading', { name: 'Round 2' });
    assert.equal(fact('Updates'), '4 of 4 counted');
    assert.match(fact('Bytes up'), /MB$/);
    assert.match(fact('Global model'), /^loss \d\.\d{3}, accuracy \d+\.\d %$/);
    assert.notEqual(fact('Model before'), fact('Model after'));
    for (const id of ['node-1', 'node-2', 'node-3', 'node-4']) within(detail() as HTMLElement).getAllByText(id);
  });

  test('that goes on has no model yet', async () => {
    await opened(3);
    assert.equal(fact('Model after'), 'not aggregated yet');
  });

  test('of one participant says what that one did', async () => {
    await opened(2, 'node-2');
    within(detail() as HTMLElement).getByRole('heading', { name: 'Round 2, node-2' });
    assert.equal(fact('Updates'), 'counted');
    assert.match(fact('Connections'), /^1\s?in this run, 0 reconnects$/);
    assert.match(fact('Local model'), /^loss \d\.\d{3}, accuracy \d+\.\d %, [\d,]+ examples$/);
  });

  test('lists its newest packets, and each leads to Packets with the filter of the round', async () => {
    const { user } = await opened(2, 'node-2');
    const rows = within(detail() as HTMLElement)
      .getAllByRole('row')
      .slice(1);
    assert.ok(rows.length > 3 && rows.length <= 14, String(rows.length));
    await user.click(rows[0] as HTMLElement);
    const { view, filter, packet } = currentPlace();
    assert.equal(view, 'packets');
    assert.match(filter, /round == 2/);
    assert.match(filter, /node-2/);
    assert.notEqual(packet, null);
  });

  test('is closed by its button and with Escape', async () => {
    const { user } = await opened(2);
    await user.click(within(detail() as HTMLElement).getByRole('button', { name: 'Close' }));
    absent(detail());
    assert.equal(currentPlace().round, null);
  });

  test('is closed with Escape', async () => {
    const { user } = await opened(2);
    await user.keyboard('{Escape}');
    absent(detail());
  });
});

describe('the lanes', () => {
  test('have a row for the coordinator and each participant, with what each is doing', async () => {
    await rounds();
    const heads = within(lanes())
      .getAllByRole('rowheader')
      .map((head) => head.textContent);
    assert.equal(heads.length, 5);
    assert.match(heads[0] ?? '', /^coordinator/);
    assert.match(heads[1] ?? '', /^node-1.*quic/);
    within(lanes()).getByText(/^round 3, \d of 4 updates in$/);
  });

  test('say of each segment what it was, how long it took and in which round', async () => {
    await rounds();
    const names = segments('node-1').map((one) => one.title);
    assert.ok(names.includes(names.find((name) => /^train \d+\.\d s, round \d$/.test(name)) ?? 'none'), names.join());
    assert.match(names.at(-1) ?? '', /, round 3$/);
  });

  test('are one stop of Tab at the newest segment of the first lane', async () => {
    await rounds();
    const stops = within(lanes())
      .getAllByRole('gridcell')
      .filter((cell) => cell.tabIndex === 0);
    assert.equal(stops.length, 1);
    assert.ok(stops[0] === segments('node-1').at(-1));
  });

  test('are walked along time and from lane to lane, to the segment of that time', async () => {
    const { user } = await rounds();
    const first = segments('node-1');
    first.at(-1)?.focus();
    await user.keyboard('{ArrowLeft}');
    focused(first.at(-2));
    await user.keyboard('{Home}');
    focused(first[0]);
    await user.keyboard('{End}{ArrowDown}');
    const there = document.activeElement as HTMLElement;
    assert.ok(there.closest('[data-lane]') === lane('node-2'));
    const at = Number(first.at(-1)?.dataset['at']);
    const nearest = segments('node-2').toSorted(
      (a, b) => Math.abs(Number(a.dataset['at']) - at) - Math.abs(Number(b.dataset['at']) - at),
    )[0];
    focused(nearest);
    await user.keyboard('{ArrowUp}');
    assert.ok(document.activeElement?.closest('[data-lane]') === lane('node-1'));
  });

  test('open the round of a segment for its participant, by Enter and by a click', async () => {
    const { user } = await rounds();
    segments('node-2').at(-1)?.focus();
    await user.keyboard('{Enter}');
    assert.deepEqual([currentPlace().round, currentPlace().participant], [3, 'node-2']);
    const earlier = segments('node-4').find((one) => one.title.endsWith('round 2'));
    assert.ok(earlier !== undefined);
    fireEvent.click(earlier);
    assert.deepEqual([currentPlace().round, currentPlace().participant], [2, 'node-4']);
  });

  test('show the round, the last three or the run, and follow it', async () => {
    const { user } = await rounds(playedRun(100));
    const span = within(screen.getByRole('group', { name: 'Time span' }));
    const shown = (): number => new Set(segments('node-1').map((one) => /round (\d+)$/.exec(one.title)?.[1])).size;
    await user.click(span.getByRole('button', { name: 'Round' }));
    const one = shown();
    await user.click(span.getByRole('button', { name: 'Last 3' }));
    const three = shown();
    await user.click(span.getByRole('button', { name: 'Run' }));
    const all = shown();
    assert.ok(one < three && three < all, `${one}, ${three}, ${all}`);
    assert.equal(span.getByRole('button', { pressed: true }).textContent, 'Run');
  });

  test('stop following when the reader zooms, and follow again with F', async () => {
    const { user } = await rounds();
    const live = (): string | null => screen.getByRole('button', { name: /^Live/ }).getAttribute('aria-pressed');
    assert.equal(live(), 'true');
    fireEvent.wheel(lanes(), { deltaY: -120, clientX: 400 });
    assert.equal(live(), 'false');
    await user.keyboard('f');
    assert.equal(live(), 'true');
  });

  test('hatch a stall and name it', async () => {
    await rounds(playedRun(58, { stallInRound: 4 }));
    assert.ok(
      segments('node-3').some((one) => one.title.startsWith('stalled')),
      segments('node-3')
        .map((one) => one.title)
        .join(),
    );
    assert.ok(!segments('node-1').some((one) => one.title.startsWith('stalled')));
  });

  test('stand close from sixteen participants on, every one still named', async () => {
    await rounds(playedRun(30, { participants: 16 }));
    for (const id of ['node-1', 'node-16']) assert.match(lanes().textContent, new RegExp(`${id}`));
  });
});
