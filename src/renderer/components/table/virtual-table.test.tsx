import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useState } from 'react';
import type { JSX } from 'react';
import { setSize } from '#test/support/rendered/layout.ts';
import { absent, act, fireEvent, screen, show, within } from '#test/support/rendered/rendered.tsx';
import { VirtualTable } from './virtual-table.tsx';
import type { Column } from './virtual-table.tsx';

const columns: readonly Column[] = [
  { id: 'n', label: 'Number', width: '60px', align: 'end' },
  { id: 'what', label: 'What', width: '1fr', title: 'What it is' },
  { id: 'mark', label: '', name: 'Marked', width: '20px' },
];

interface TableProps {
  readonly count: number;
  readonly selected?: number;
  readonly follow?: boolean;
  readonly shift?: number;
  readonly onSelect?: (index: number) => void;
  readonly onOpen?: (index: number) => void;
  readonly onScrollAway?: () => void;
}

/** A table of numbered things; rows are 20 px high. */
function Table({ count, selected = -1, follow = false, shift = 0, ...on }: TableProps): JSX.Element {
  return (
    <VirtualTable
      label="Things"
      columns={columns}
      count={count}
      rowHeightPx={20}
      selected={selected}
      follow={follow}
      shift={shift}
      onScrollAway={on.onScrollAway ?? (() => undefined)}
      onSelect={on.onSelect ?? (() => undefined)}
      {...(on.onOpen === undefined ? {} : { onOpen: on.onOpen })}
      empty="There is nothing."
      rowClass={(index) => (index % 2 === 0 ? 'even' : 'odd')}
      row={(index) => (
        <>
          <span role="gridcell">{index}</span>
          <span role="gridcell">thing {index}</span>
          <span role="gridcell" />
        </>
      )}
    />
  );
}

/** Numbers of the rows that are in the page, from first to last. */
function drawn(): number[] {
  return screen
    .getAllByRole('row')
    .slice(1)
    .map((row) => Number(within(row).getAllByRole('gridcell')[0]?.textContent))
    .sort((a, b) => a - b);
}

function scrollTo(top: number): void {
  act(() => screen.getByRole('grid').scrollTo(0, top));
}

describe('a virtual table', () => {
  test('has only the rows in sight and some beyond them, and says how many there are', () => {
    act(() => setSize({ height: 200 }));
    show(<Table count={5000} />);
    const grid = screen.getByRole('grid', { name: 'Things' });
    assert.equal(grid.getAttribute('aria-rowcount'), '5001', 'the head counts as a row');
    assert.equal(grid.getAttribute('aria-colcount'), '3');
    assert.deepEqual([drawn()[0], drawn().at(-1)], [0, 22], '11 fit, 12 stand by');
  });

  test('shows other rows after scrolling, each with its own number for who is read to', () => {
    act(() => setSize({ height: 200 }));
    show(<Table count={5000} />);
    scrollTo(20 * 1000);
    assert.deepEqual([drawn()[0], drawn().at(-1)], [988, 1022]);
    const row = screen.getByText('thing 1000').closest('[role="row"]');
    assert.equal(row?.getAttribute('aria-rowindex'), '1002');
  });

  test('shows more rows when there is more room', () => {
    act(() => setSize({ height: 100 }));
    show(<Table count={5000} />);
    const before = drawn().length;
    act(() => setSize({ height: 400 }));
    assert.equal(drawn().length - before, 15);
  });

  test('has a head whose columns have names, also the one without a label', () => {
    show(<Table count={3} />);
    const names = screen.getAllByRole('columnheader').map((head) => head.textContent);
    assert.deepEqual(names, ['Number', 'What', 'Marked']);
    assert.equal(screen.getByRole('columnheader', { name: 'What' }).title, 'What it is');
  });

  test('says what is said where there are no rows, and no longer when one comes', () => {
    const { rerender } = show(<Table count={0} />);
    screen.getByText('There is nothing.');
    rerender(<Table count={1} />);
    absent(screen.queryByText('There is nothing.'));
  });

  test('selects a row that is pressed and opens the one that is double clicked', async () => {
    const [selected, opened]: number[][] = [[], []];
    const { user } = show(
      <Table count={30} onSelect={(index) => selected?.push(index)} onOpen={(index) => opened?.push(index)} />,
    );
    await user.click(screen.getByText('thing 4'));
    assert.deepEqual([selected, opened], [[4], []]);
    await user.dblClick(screen.getByText('thing 7'));
    assert.deepEqual(opened, [7]);
  });

  test('marks the selected row and names it as the active one while it is in the page', () => {
    act(() => setSize({ height: 200 }));
    const { rerender } = show(<Table count={5000} selected={3} />);
    const grid = screen.getByRole('grid');
    const [selected] = screen.getAllByRole('row', { selected: true });
    assert.match(selected?.textContent ?? '', /thing 3/);
    assert.equal(grid.getAttribute('aria-activedescendant'), selected?.id);
    scrollTo(20 * 1000);
    assert.equal(grid.getAttribute('aria-activedescendant'), null);
    rerender(<Table count={5000} selected={-1} />);
    assert.equal(screen.queryAllByRole('row', { selected: true }).length, 0);
  });

  test('brings a new selection into sight from below and from above', () => {
    act(() => setSize({ height: 200 }));
    const { rerender } = show(<Table count={5000} selected={0} />);
    rerender(<Table count={5000} selected={900} />);
    fireEvent.scroll(screen.getByRole('grid'));
    assert.ok(drawn().includes(900));
    rerender(<Table count={5000} selected={10} />);
    fireEvent.scroll(screen.getByRole('grid'));
    assert.ok(drawn().includes(10));
    assert.ok(!drawn().includes(900));
  });

  test('stays where the reader is when rows come at the end', () => {
    act(() => setSize({ height: 200 }));
    const { rerender } = show(<Table count={1000} selected={10} />);
    scrollTo(20 * 500);
    const before = drawn();
    rerender(<Table count={1200} selected={10} />);
    assert.deepEqual(drawn(), before);
    assert.equal(screen.getByRole('grid').scrollTop, 20 * 500);
  });

  test('moves with the rows when some go from the front, so that the same ones are in sight', () => {
    act(() => setSize({ height: 200 }));
    const { rerender } = show(<Table count={1000} />);
    scrollTo(20 * 500);
    rerender(<Table count={900} shift={100} />);
    assert.equal(screen.getByRole('grid').scrollTop, 20 * 400);
    assert.deepEqual([drawn()[0], drawn().at(-1)], [388, 422]);
  });
});

describe('a virtual table that follows its end', () => {
  test('shows the last rows as they come', () => {
    act(() => setSize({ height: 200 }));
    const { rerender } = show(<Table count={1000} follow />);
    assert.equal(drawn().at(-1), 999);
    rerender(<Table count={1100} follow />);
    assert.equal(drawn().at(-1), 1099);
    assert.ok(drawn().length < 20, 'nobody turns the wheel at the end: few stand by');
  });

  test('asks to stop when the reader scrolls away from the end, and not before', () => {
    let asked = 0;
    act(() => setSize({ height: 200 }));
    show(<Table count={1000} follow onScrollAway={() => asked++} />);
    const grid = screen.getByRole('grid');
    Object.defineProperty(grid, 'scrollHeight', { value: 20_000 });
    scrollTo(20_000 - 200);
    assert.equal(asked, 0);
    scrollTo(20_000 - 200 - 31);
    assert.equal(asked, 1);
  });

  test('goes on with its reader where they stopped to follow', async () => {
    act(() => setSize({ height: 200 }));
    function Stops(): JSX.Element {
      const [follow, setFollow] = useState(true);
      return (
        <>
          <button type="button" onClick={() => setFollow(!follow)}>
            {follow ? 'Stop' : 'Follow'}
          </button>
          <Table count={1000} follow={follow} />
        </>
      );
    }
    const { user } = show(<Stops />);
    await user.click(screen.getByRole('button', { name: 'Stop' }));
    scrollTo(0);
    assert.equal(drawn()[0], 0);
    await user.click(screen.getByRole('button', { name: 'Follow' }));
    assert.equal(drawn().at(-1), 999);
  });
});
