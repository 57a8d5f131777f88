import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JSX } from 'react';
import { joinDraft } from '#renderer/session/run/drafts.ts';
import { forgetEnding, useEndingAsked } from '#renderer/session/run/ending.ts';
import { currentPlace } from '#renderer/session/navigation.ts';
import { playedRun, playedSeat } from '#test/support/rendered/played.ts';
import { absent, fireEvent, focused, open, screen, settle } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { EndRunDialog } from '../dialogs/end-run-dialog.tsx';
import { RunMenu } from './run-menu.tsx';
import { Toasts } from '../dialogs/toasts-region.tsx';

function Asked(): JSX.Element | null {
  return useEndingAsked() ? <EndRunDialog /> : null;
}

async function menu(options: OpenOptions = {}): Promise<Opened> {
  forgetEnding();
  const page = await open(
    <>
      <RunMenu />
      <button type="button">Elsewhere</button>
      <Asked />
      <Toasts />
    </>,
    options,
  );
  return page;
}

const opener = (): HTMLElement => screen.getByRole('button', { name: /^Run/ });
const item = (name: RegExp): HTMLElement => screen.getByRole('menuitem', { name });

async function opened(options: OpenOptions = {}): Promise<Opened> {
  const page = await menu(options);
  await page.user.click(opener());
  await settle();
  return page;
}

describe('the run menu by keyboard', () => {
  test('opens with the arrow down, at its first item, and says that it is open', async () => {
    const { user } = await menu();
    assert.equal(opener().getAttribute('aria-expanded'), 'false');
    opener().focus();
    await user.keyboard('{ArrowDown}');
    assert.equal(opener().getAttribute('aria-expanded'), 'true');
    focused(item(/^Home/));
    assert.equal(opener().getAttribute('aria-controls'), screen.getByRole('menu', { name: 'Run menu' }).id);
  });

  test('is walked with the arrows, round its ends, and with Home and End', async () => {
    const { user } = await opened();
    await user.keyboard('{ArrowDown}');
    focused(item(/^Join…/));
    await user.keyboard('{ArrowUp}{ArrowUp}');
    focused(screen.getAllByRole('menuitem').at(-1));
    await user.keyboard('{ArrowDown}');
    focused(item(/^Home/));
    await user.keyboard('{End}');
    focused(screen.getAllByRole('menuitem').at(-1));
    await user.keyboard('{Home}');
    focused(item(/^Home/));
  });

  test('closes with Escape, which closes nothing else, and gives the focus back', async () => {
    const { user } = await opened();
    const heard: string[] = [];
    const listen = ({ key, defaultPrevented }: KeyboardEvent): void => void (defaultPrevented || heard.push(key));
    window.addEventListener('keydown', listen);
    await user.keyboard('{Escape}');
    window.removeEventListener('keydown', listen);
    absent(screen.queryByRole('menu'));
    focused(opener());
    assert.deepEqual(heard, []);
  });

  test('closes with Tab, and Tab goes on from its button', async () => {
    const { user } = await opened();
    await user.tab();
    absent(screen.queryByRole('menu'));
    focused(screen.getByRole('button', { name: 'Elsewhere' }));
  });

  test('runs what has the focus with Enter, closes, and the focus is at its button', async () => {
    const { user } = await opened();
    await user.keyboard('{ArrowDown}{Enter}');
    absent(screen.queryByRole('menu'));
    assert.equal(currentPlace().view, 'join');
    focused(opener());
  });

  test('closes when something else is pressed', async () => {
    await opened();
    fireEvent.pointerDown(item(/^Home/));
    assert.ok(screen.queryByRole('menu') !== null);
    fireEvent.pointerDown(screen.getByRole('button', { name: 'Elsewhere' }));
    absent(screen.queryByRole('menu'));
  });
});

describe('the run menu without a run', () => {
  test('offers every way to begin one', async () => {
    await opened();
    screen.getByRole('group', { name: 'No run is open' });
    screen.getByRole('group', { name: 'Begin a run' });
    for (const name of [/^Join…/, /^Coordinate…/, /^Open a recording…/, /^Start the demo/]) item(name);
    absent(screen.queryByRole('menuitem', { name: /^Save for others/ }));
  });

  test('starts the demo', async () => {
    const { service, user } = await opened();
    await user.click(item(/^Start the demo/));
    assert.equal(service.asked('start_demo').length, 1);
    assert.equal(currentPlace().view, 'rounds');
  });
});

describe('the run menu of a demo', () => {
  test('does not start another: it says what has to be ended first, and stays open', async () => {
    const { service, user } = await opened(playedRun(30));
    const demo = item(/^Start the demo/);
    assert.equal(demo.getAttribute('aria-disabled'), 'true');
    assert.match(demo.textContent, /stop what runs first/);
    await user.click(demo);
    assert.deepEqual(service.asked('start_demo'), []);
    assert.ok(screen.queryByRole('menu') !== null);
  });

  test('has the disabled item on the way of the arrows, so that its reason is read out', async () => {
    const { user } = await opened(playedRun(30));
    const demo = item(/^Start the demo/);
    const all = screen.getAllByRole('menuitem');
    for (let i = 0; i < all.indexOf(demo); i++) await user.keyboard('{ArrowDown}');
    focused(demo);
    await user.keyboard('{Enter}');
    assert.ok(screen.queryByRole('menu') !== null);
  });

  test('saves it for others without what is private, and says so', async () => {
    const { service, user } = await opened(playedRun(30));
    await user.click(item(/^Save for others/));
    await settle();
    assert.deepEqual(service.asked('save_recording'), [{ minutes: 10, bare: true }]);
    screen.getByText(/^Saved 4\.10 MB without bodies, addresses and class names to /);
  });

  test('asks before it stops, and then stops', async () => {
    const { service, user } = await opened(playedRun(30));
    await user.click(item(/^Stop…/));
    assert.deepEqual(service.asked('stop_run'), []);
    assert.match(screen.getByRole('dialog', { name: 'Stop the demo?' }).textContent, /What was recorded stays\./);
    await user.click(screen.getByRole('button', { name: 'Stop' }));
    assert.deepEqual(service.asked('stop_run'), [{}]);
  });

  test('is of the last run once that is over, and says how it ended', async () => {
    await opened(playedRun(200));
    screen.getByRole('group', { name: 'The last run' });
    screen.getByText('demo, finished');
    item(/^Look at it/);
    absent(screen.queryByRole('menuitem', { name: /^Stop…/ }));
    assert.notEqual(item(/^Start the demo/).getAttribute('aria-disabled'), 'true');
  });
});

describe('the run menu of a participant', () => {
  test('pauses, and leaves with a question', async () => {
    const { service, user } = await opened(playedSeat(489));
    screen.getByText('joined as lab-2');
    await user.click(item(/^Pause/));
    assert.deepEqual(service.asked('set_paused'), [{ paused: true }]);
    await user.click(opener());
    await user.click(item(/^Leave…/));
    screen.getByRole('dialog', { name: 'Leave emotion pilot?' });
  });

  test('goes on once it pauses', async () => {
    const { service, user } = await opened(playedSeat(520, 'paused'));
    await user.click(item(/^Resume/));
    assert.deepEqual(service.asked('set_paused'), [{ paused: false }]);
  });
});

describe('runs of before in the run menu', () => {
  test('are the last three, with how they ended and how many more there are', async () => {
    await opened(playedRun(200));
    const recent = screen.getByRole('group', { name: 'Recent' });
    const names = [...recent.querySelectorAll('[role="menuitem"]')].map((one) => one.textContent);
    assert.equal(names.length, 3);
    assert.match(names[0] ?? '', /^emotion trial finished, .*join again$/);
    assert.match(names[1] ?? '', /^emotion trial stopped, .*58\.1 %$/);
    screen.getByText('3 more at Home');
  });

  test('are joined again with the form filled in as it was', async () => {
    const { user } = await opened(playedRun(200));
    await user.click(item(/^emotion trial finished/));
    assert.equal(currentPlace().view, 'join');
    const { invitation, data, name, named } = joinDraft();
    assert.deepEqual([invitation, data, name, named], ['roundscope://join?i=abc', '~/data/faces', 'lab-2', true]);
  });
});
