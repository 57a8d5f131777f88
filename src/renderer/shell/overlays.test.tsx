import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { currentPlace } from '#renderer/session/navigation.ts';
import { setPreferences } from '#renderer/session/preferences.ts';
import { showError, showInfo } from '#renderer/session/toasts.ts';
import { playedRun } from '#test/support/rendered/played.ts';
import { absent, act, fireEvent, focused, open, pass, screen, within } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { Overlays } from './overlays.tsx';

/** The keyboard and what lies over the window, above a page with a field and a button of its own. */
function overlays(options: OpenOptions = {}): Promise<Opened> {
  return open(
    <>
      <main>
        <input aria-label="Field" />
        <button type="button">Press</button>
      </main>
      <Overlays />
    </>,
    options,
  );
}

const palette = (): HTMLElement | null => screen.queryByRole('dialog', { name: 'Everything by name' });
const input = (): HTMLInputElement => screen.getByRole('combobox', { name: 'Go to, do or filter' });
const matches = (): string[] =>
  screen.getAllByRole('option').map((option) => option.querySelector('span')?.textContent ?? '');
const chosen = (): string => screen.getByRole('option', { selected: true }).querySelector('span')?.textContent ?? '';

describe('the palette of everything by name', () => {
  test('opens with Ctrl+K also from a field, and has the focus', async () => {
    const { user } = await overlays();
    await user.click(screen.getByRole('textbox', { name: 'Field' }));
    await user.keyboard('{Control>}k{/Control}');
    assert.ok(palette() !== null);
    focused(input());
  });

  test('finds by any of the words, counts what it found, and goes where the chosen one leads', async () => {
    const { user } = await overlays(playedRun(30));
    await user.keyboard('{Control>}k{/Control}');
    await user.type(input(), 'node-3 part');
    assert.deepEqual(matches()[0], 'node-3 in Participants');
    assert.match(palette()?.textContent ?? '', /(\d+) of \1 match/);
    await user.keyboard('{Enter}');
    absent(palette());
    assert.deepEqual([currentPlace().view, currentPlace().participant], ['participants', 'node-3']);
  });

  test('is walked with the arrows round its ends, and tells who is read to which one is chosen', async () => {
    const { user } = await overlays(playedRun(30));
    await user.keyboard('{Control>}k{/Control}');
    await user.type(input(), 'theme');
    const all = matches();
    assert.equal(chosen(), all[0]);
    await user.keyboard('{ArrowDown}');
    assert.equal(chosen(), all[1]);
    await user.keyboard('{ArrowUp}{ArrowUp}');
    assert.equal(chosen(), all.at(-1));
    assert.equal(input().getAttribute('aria-activedescendant'), screen.getByRole('option', { selected: true }).id);
  });

  test('starts at the first match again whenever something else is typed', async () => {
    const { user } = await overlays(playedRun(30));
    await user.keyboard('{Control>}k{/Control}');
    await user.type(input(), 'theme');
    await user.keyboard('{ArrowDown}{ArrowDown}');
    await user.type(input(), ' dark');
    assert.equal(chosen(), 'Dark theme');
  });

  test('marks what was typed, and offers to look for it in the packets when nothing has that name', async () => {
    const { user } = await overlays(playedRun(30));
    await user.keyboard('{Control>}k{/Control}');
    await user.type(input(), 'Metr');
    assert.equal(document.querySelector('mark')?.textContent, 'Metr');
    await user.clear(input());
    await user.type(input(), 'no such thing');
    assert.deepEqual(matches(), ['text ~ "no such thing"']);
    await user.keyboard('{Enter}');
    assert.deepEqual([currentPlace().view, currentPlace().filter], ['packets', 'text ~ "no such thing"']);
  });

  test('lists what cannot be done now with its reason, and does not do it', async () => {
    const { service, user } = await overlays();
    await user.keyboard('{Control>}k{/Control}');
    await user.type(input(), 'save last');
    const option = screen.getByRole('option', { name: /^Save last 10 minutes ?not now: no run is open/ });
    assert.equal(option.getAttribute('aria-disabled'), 'true');
    await user.keyboard('{Enter}');
    await user.click(option);
    assert.ok(palette() !== null);
    assert.deepEqual(service.asked('save_recording'), []);
  });

  test('says of a command that it changes the run', async () => {
    const { user } = await overlays(playedRun(30));
    await user.keyboard('{Control>}k{/Control}');
    await user.type(input(), 'stop the demo');
    assert.match(screen.getByRole('option', { name: /^Stop the demo…/ }).textContent, /changes the run/);
  });

  test('closes with Escape and gives the focus back', async () => {
    const { user } = await overlays();
    const button = screen.getByRole('button', { name: 'Press' });
    button.focus();
    await user.keyboard('{Control>}k{/Control}');
    await user.keyboard('{Escape}');
    absent(palette());
    focused(button);
  });

  test('has no rows when nothing is typed that are filters, and takes a click', async () => {
    const { user } = await overlays(playedRun(30));
    await user.keyboard('{Control>}k{/Control}');
    absent(screen.queryByRole('group', { name: 'Filter packets' }));
    await user.click(screen.getByRole('option', { name: /^Home/ }));
    assert.equal(currentPlace().view, 'home');
  });
});

describe('shortcuts', () => {
  test('go to the views by their numbers', async () => {
    const { user } = await overlays(playedRun(30));
    await user.keyboard('2');
    assert.equal(currentPlace().view, 'packets');
    await user.keyboard('5');
    assert.equal(currentPlace().view, 'diagnosis');
  });

  test('leave to a field what is typed into it', async () => {
    const { user } = await overlays(playedRun(30));
    await user.type(screen.getByRole('textbox', { name: 'Field' }), '2?');
    assert.equal(currentPlace().view, 'rounds');
    assert.equal(screen.getByRole<HTMLInputElement>('textbox', { name: 'Field' }).value, '2?');
    absent(screen.queryByRole('dialog'));
  });

  test('do nothing as single keys once these are off, and those with Ctrl still do', async () => {
    const { user } = await overlays(playedRun(30));
    act(() => setPreferences({ letterKeys: false }));
    await user.keyboard('2');
    assert.equal(currentPlace().view, 'rounds');
    await user.keyboard('{Control>}k{/Control}');
    assert.ok(palette() !== null);
  });

  test('do nothing behind a dialog', async () => {
    const { user } = await overlays(playedRun(30));
    await user.keyboard('?');
    screen.getByRole('dialog', { name: 'Shortcuts' });
    await user.keyboard('2');
    assert.equal(currentPlace().view, 'rounds');
  });

  test('save the last ten minutes with Ctrl+S, and not without a run', async () => {
    const { service, user } = await overlays(playedRun(30));
    await user.keyboard('{Control>}s{/Control}');
    assert.deepEqual(service.asked('save_recording'), [{ minutes: 10 }]);
  });

  test('lead to the evidence of a verdict only while there is one', async () => {
    const { user, unmount } = await overlays(playedRun(30));
    await user.keyboard('e');
    assert.equal(currentPlace().view, 'rounds');
    unmount();
  });
});

describe('the sheet of shortcuts', () => {
  test('lists what keys do now, by where they belong', async () => {
    const { user } = await overlays(playedRun(30));
    await user.keyboard('?');
    const sheet = within(screen.getByRole('dialog', { name: 'Shortcuts' }));
    sheet.getByRole('heading', { name: 'Everywhere' });
    const row = sheet.getByText('Save last 10 minutes').parentElement;
    assert.match(row?.textContent ?? '', /Ctrl\+s$/, 'read out as words, drawn as keys');
  });

  test('turns single keys off and on, and closes', async () => {
    const { user } = await overlays(playedRun(30));
    await user.keyboard('?');
    const box = screen.getByRole<HTMLInputElement>('checkbox', { name: 'Single keys on' });
    assert.equal(box.checked, true);
    await user.click(box);
    assert.equal(box.checked, false);
    await user.click(screen.getByRole('button', { name: 'Close' }));
    absent(screen.queryByRole('dialog'));
    await user.keyboard('2');
    assert.equal(currentPlace().view, 'rounds');
  });
});

describe('messages to what was just done', () => {
  test('show the newest, say how many wait behind it, and go one by one', async () => {
    const { user } = await overlays();
    act(() => {
      showInfo('Report copied');
      showInfo('Its path is copied.');
    });
    const log = screen.getByRole('log', { name: 'Messages' });
    assert.match(log.textContent, /^Its path is copied\.and 1 more/);
    await user.click(within(log).getByRole('button', { name: 'Dismiss' }));
    assert.match(log.textContent, /^Report copied/);
    await pass(8000);
    assert.equal(log.textContent, '');
  });

  test('stay while somebody points at them', async () => {
    await overlays();
    act(() => showInfo('Report copied'));
    const card = screen.getByText('Report copied').parentElement as HTMLElement;
    fireEvent.pointerEnter(card);
    await pass(60_000);
    screen.getByText('Report copied');
    fireEvent.pointerLeave(card);
    await pass(8000);
    absent(screen.queryByText('Report copied'));
  });

  test('say of a failure what it means and what to try, and give more time to read it', async () => {
    await overlays();
    act(() =>
      showError({
        code: 'disk_full',
        layer: 'recorder',
        message: 'No room.',
        retryable: false,
        context: {},
        causes: [],
      }),
    );
    await pass(24_000);
    screen.getByText('What to try');
    await pass(1500);
    absent(screen.queryByText('What to try'));
  });
});
