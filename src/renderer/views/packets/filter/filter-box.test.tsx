import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useState } from 'react';
import type { JSX } from 'react';
import type { KnownValues } from '#shared/filter/complete-filter.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { nextFrame } from '#test/support/rendered/layout.ts';
import { absent, act, fireEvent, focused, screen, show } from '#test/support/rendered/rendered.tsx';
import { FilterBox } from './filter-box.tsx';
import { SavedMenu } from './saved-menu.tsx';

const known = (): KnownValues => ({
  values: { participant: ['node-1', 'node-2'] },
  hints: { round: 'number, 1 to 7' },
});
let done = 0;

/** The box with the menu beside it, as Packets has them. */
function Box({ first = '' }: { readonly first?: string }): JSX.Element {
  const [text, setText] = useState(first);
  const parsed = parseFilter(text);
  return (
    <>
      <FilterBox
        text={text}
        error={parsed.ok ? null : parsed.error}
        known={known}
        onChange={setText}
        onDone={() => done++}
      />
      <SavedMenu text={text} valid={parsed.ok} onPick={setText} />
    </>
  );
}

const box = (): HTMLInputElement => screen.getByRole('combobox', { name: 'Filter packets' });
const offers = (): string[] => screen.queryAllByRole('option').map((one) => one.textContent);
const offered = (name: RegExp): HTMLElement => screen.getByRole('option', { name });
const active = (): string => screen.getByRole('option', { selected: true }).textContent;
const note = (): string => screen.queryByRole('status')?.textContent ?? '';

describe('completion in the filter box', () => {
  test('offers fields that begin as what was typed, and says what each is', async () => {
    const { user } = show(<Box />);
    await user.type(box(), 'rou');
    assert.equal(box().getAttribute('aria-expanded'), 'true');
    assert.match(offers()[0] ?? '', /^round./);
    assert.equal(box().getAttribute('aria-activedescendant'), screen.getByRole('option', { selected: true }).id);
  });

  test('takes the first with Tab, and goes on to what can follow', async () => {
    const { user } = show(<Box />);
    await user.type(box(), 'partic');
    await user.tab();
    assert.match(box().value, /^participant ?$/);
    focused(box());
    assert.ok(
      offers().some((offer) => offer.startsWith('==')),
      offers().join(),
    );
  });

  test('is walked with the arrows round its ends, and Enter takes what was walked to', async () => {
    const { user } = show(<Box />);
    await user.type(box(), 's');
    const all = offers();
    assert.ok(all.length > 1);
    assert.equal(active(), all[0]);
    await user.keyboard('{ArrowUp}');
    assert.equal(active(), all.at(-1));
    await user.keyboard('{ArrowDown}{ArrowDown}');
    assert.equal(active(), all[1]);
    await user.keyboard('{Enter}');
    assert.ok(all[1]?.startsWith(box().value.trim()), box().value);
  });

  test('offers values that this run has', async () => {
    const { user } = show(<Box />);
    await user.type(box(), 'participant == n');
    assert.ok(
      offers().some((offer) => offer.startsWith('node-1')),
      offers().join(),
    );
    assert.ok(
      offers().some((offer) => offer.startsWith('node-2')),
      offers().join(),
    );
  });

  test('takes an offer that is pressed, and the caret stands behind it', async () => {
    const { user } = show(<Box />);
    await user.type(box(), 'partic');
    fireEvent.pointerDown(offered(/^participant/));
    act(nextFrame);
    focused(box());
    assert.equal(box().selectionStart, box().value.length);
  });

  test('closes with Escape, and only a second one leaves the box', async () => {
    const { user } = show(<Box />);
    done = 0;
    await user.type(box(), 'rou');
    await user.keyboard('{Escape}');
    assert.deepEqual([offers(), done], [[], 0]);
    await user.keyboard('{Escape}');
    assert.equal(done, 1);
  });

  test('lets Enter go to the table when nothing was walked to', async () => {
    const { user } = show(<Box />);
    done = 0;
    await user.type(box(), 'round == 3');
    await user.keyboard('{Enter}');
    assert.equal(done, 1);
    assert.equal(box().value, 'round == 3');
  });

  test('opens with the arrow down, and closes when the box is left', async () => {
    const { user } = show(<Box />);
    await user.click(box());
    assert.deepEqual(offers(), []);
    await user.keyboard('{ArrowDown}');
    assert.ok(offers().length > 0);
    fireEvent.blur(box());
    assert.deepEqual(offers(), []);
  });
});

describe('a filter that is wrong', () => {
  test('is said to be, where, and that the table keeps the last one', () => {
    show(<Box first="rond == 3" />);
    assert.equal(box().getAttribute('aria-invalid'), 'true');
    assert.equal(box().getAttribute('aria-describedby'), screen.getByRole('status').id);
    assert.match(note(), /At character 1; the table keeps the last filter that could be read\./);
  });

  test('is marked where it is wrong, behind the letters', () => {
    const { container } = show(<Box first="round == 3 && rond == 4" />);
    const wrong = [...container.querySelectorAll('.bad')].map((piece) => piece.textContent.trim());
    assert.deepEqual(wrong, ['rond']);
    assert.match(note(), /At character 15;/);
  });

  test('is put right by the button that says how', async () => {
    const { user } = show(<Box first="rond == 3" />);
    await user.click(screen.getByRole('button', { name: 'Write round' }));
    assert.equal(box().value, 'round == 3');
    assert.equal(box().getAttribute('aria-invalid'), 'false');
    focused(box());
  });

  test('that is not whole yet is no fault: it is said what the table shows', () => {
    show(<Box first="round == 3 && " />);
    assert.equal(box().getAttribute('aria-invalid'), 'false');
    screen.getByText('unfinished: table shows the part before the last &&');
  });

  test('is cleared by its button, and there is none while the box is empty', async () => {
    const { user } = show(<Box first="round == 3" />);
    await user.click(screen.getByRole('button', { name: 'Clear the filter' }));
    assert.equal(box().value, '');
    focused(box());
    absent(screen.queryByRole('button', { name: 'Clear the filter' }));
  });
});

describe('saved filters', () => {
  const menu = (): HTMLElement => screen.getByRole('button', { name: 'Saved filters' });
  const save = (): HTMLButtonElement => screen.getByRole('button', { name: /^Save this filter/ });

  test('are saved, picked and removed, and are there again in the next window', async () => {
    const { user, unmount } = show(<Box first="round == 3" />);
    await user.click(menu());
    await user.click(save());
    assert.match(save().textContent, /saved already$/);
    assert.equal(save().disabled, true);
    unmount();
    const next = show(<Box />);
    await next.user.click(menu());
    await next.user.click(screen.getByRole('button', { name: 'round == 3' }));
    assert.equal(box().value, 'round == 3');
    await next.user.click(menu());
    await next.user.click(screen.getByRole('button', { name: 'Remove round == 3' }));
    absent(screen.queryByRole('button', { name: 'round == 3' }));
    assert.equal(save().disabled, false);
  });

  test('cannot be what is empty or not whole, and it is said why', async () => {
    const { user } = show(<Box />);
    await user.click(menu());
    assert.deepEqual([save().disabled, save().textContent], [true, 'Save this filterthe box is empty']);
    await user.type(box(), 'round ==');
    await user.click(menu());
    assert.match(save().textContent, /it is not whole yet$/);
    assert.equal(save().disabled, true);
  });

  test('have the common questions beside them, which answer with a filter', async () => {
    const { user } = show(<Box />);
    await user.click(menu());
    await user.click(screen.getByRole('button', { name: /^What went wrong/ }));
    assert.equal(box().value, 'status != ok');
    absent(screen.queryByRole('group', { name: 'Saved filters' }), 'the menu closes');
  });
});
