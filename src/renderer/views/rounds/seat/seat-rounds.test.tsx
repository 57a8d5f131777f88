import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JSX } from 'react';
import { currentPlace } from '#renderer/session/navigation.ts';
import { useKeyboard } from '#renderer/shell/keyboard.ts';
import type { SeatStory } from '#test/support/recorded/recorded-seat.ts';
import { playedSeat } from '#test/support/rendered/played.ts';
import { absent, open, pass, screen, settle, within } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { RoundsView } from '../rounds-view.tsx';

function Window(): JSX.Element {
  useKeyboard();
  return <RoundsView />;
}

function seat(elapsedS: number, story: SeatStory = 'live', options: OpenOptions = {}): Promise<Opened> {
  return open(<Window />, { ...playedSeat(elapsedS, story), ...options });
}

const list = (): HTMLElement => screen.getByRole('region', { name: 'Your contributions' });
function cells(round: number): string[] {
  const row = within(list())
    .getByRole('button', { name: `Open round ${round}` })
    .closest('tr');
  assert.ok(row !== null);
  return within(row)
    .getAllByRole('cell')
    .map((cell) => cell.textContent);
}
const detail = (): HTMLElement => screen.getByRole('region', { name: /^Round \d+$/ });
function fact(term: string): string {
  return within(detail()).getByText(term, { selector: 'dt' }).nextElementSibling?.textContent ?? '';
}
const link = (): HTMLElement => screen.getByRole('region', { name: 'Link to the coordinator' });

describe('the contributions of this node', () => {
  test('are listed with what became of each, and counted', async () => {
    await seat(489);
    assert.match(list().textContent, /12 decided, 11 counted, 1 late/);
    const [round, what, , duration, , , sent] = cells(8);
    assert.equal(round, '8');
    assert.match(what ?? '', /counted/);
    assert.match(duration ?? '', /s$/);
    assert.equal(sent, '9.38 MB');
  });

  test('say of one that came too late that it did, and why', async () => {
    await seat(489);
    assert.match(cells(9)[1] ?? '', /late/);
  });

  test('say of the one under way at which batch it is, and its time goes on', async () => {
    await seat(489);
    const row = cells(13);
    assert.ok(
      row.some((cell) => /^batch \d+ \/ 84$/.test(cell)),
      row.join(),
    );
    const before = Number.parseInt(row[3] ?? '');
    await pass(1000);
    assert.equal(Number.parseInt(cells(13)[3] ?? ''), before + 1);
  });

  test('say of those that are not known as much', async () => {
    await seat(585, 'gone');
    within(list()).getByText('planned; whether they have begun is not known here');
    assert.ok(cells(13).includes('ready to send'), cells(13).join());
  });

  test('say that this node pauses', async () => {
    await seat(520, 'paused');
    assert.match(cells(13).join(), /paused/);
  });
});

describe('a round opened by a participant', () => {
  test('has its own work in figures, and of the others what was told', async () => {
    await seat(489, 'live', { place: { round: 8 } });
    assert.match(fact('Sent'), /^9\.38 MB$/);
    assert.match(fact('Own model'), /^loss \d\.\d{3}, accuracy \d+\.\d %, 2,688 examples$/);
    assert.match(fact('After it'), /^loss \d\.\d{3}, accuracy/);
    assert.equal(fact('Baseline'), '25.1 %');
    for (const id of ['lab-1', 'lab-3', 'lab-4']) assert.notEqual(fact(id), '');
    assert.match(fact('Weight'), /^\d+ % of the new model/);
  });

  test('that is too late says that its work does not count', async () => {
    await seat(489, 'live', { place: { round: 9 } });
    assert.match(within(detail()).getByText(/training of round 9 is over/).textContent, /late/);
    assert.doesNotMatch(fact('In it'), /lab-2/);
  });

  test('is closed with Escape', async () => {
    const { user } = await seat(489, 'live', { place: { round: 8 } });
    await user.keyboard('{Escape}');
    assert.equal(currentPlace().round, null);
  });
});

describe('the lanes of a participant', () => {
  test('have its own work as it was seen, and the others as told', async () => {
    await seat(489);
    const grid = screen.getByRole('grid');
    const heads = within(grid)
      .getAllByRole('rowheader')
      .map((head) => head.textContent);
    assert.ok(
      heads.some((head) => /^lab-2this node.*counted 11 of 12, one late/.test(head)),
      heads.join(' | '),
    );
    for (const id of ['lab-1', 'lab-3', 'lab-4'])
      assert.ok(
        heads.some((head) => head.startsWith(id)),
        id,
      );
  });
});

describe('the link of a participant while nobody answers', () => {
  test('is shown by itself: since when, how often it was tried, what is kept', async () => {
    await seat(585, 'gone');
    assert.match(link().textContent, /last heard\d+ s ago/);
    assert.match(link().textContent, /tries\d+/);
    assert.match(link().textContent, /Kept on this machine/);
    const silent = (): number => Number(/last heard(\d+) s ago/.exec(link().textContent)?.[1]);
    const before = silent();
    await pass(2000);
    assert.equal(silent(), before + 2);
  });

  test('stays closed once it was closed, until there is another silence', async () => {
    const { user } = await seat(585, 'gone');
    await user.click(within(link()).getByRole('button', { name: 'Close' }));
    absent(screen.queryByRole('region', { name: 'Link to the coordinator' }));
    await pass(3000);
    absent(screen.queryByRole('region', { name: 'Link to the coordinator' }));
  });

  test('gives way to a round that is opened', async () => {
    await seat(585, 'gone', { place: { round: 8 } });
    absent(screen.queryByRole('region', { name: 'Link to the coordinator' }));
    detail();
  });

  test('leads to its last packets, and is copied as a report', async () => {
    const { user } = await seat(585, 'gone');
    await user.click(within(link()).getByRole('button', { name: 'Copy report' }));
    await settle();
    assert.match(await navigator.clipboard.readText(), /emotion pilot/);
    await user.click(within(link()).getByRole('button', { name: /^Its last packets/ }));
    assert.equal(currentPlace().view, 'packets');
    assert.match(currentPlace().filter, /round == 13/);
  });
});
