import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useState } from 'react';
import type { JSX } from 'react';
import { absent, fireEvent, focused, screen, show } from '#test/support/rendered/rendered.tsx';
import { Dialog } from './dialog.tsx';
import { PopMenu } from './pop-menu.tsx';

function Asks(): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Ask
      </button>
      {open && (
        <Dialog label="Really?" className="small" onClose={() => setOpen(false)}>
          <p>It cannot be taken back.</p>
          <button type="button">Yes</button>
          <button type="button" onClick={() => setOpen(false)}>
            No
          </button>
        </Dialog>
      )}
    </>
  );
}

describe('a dialog', () => {
  const dialog = (): HTMLDialogElement | null => screen.queryByRole('dialog', { name: 'Really?' });
  const asked = async ({ user }: ReturnType<typeof show>): Promise<HTMLElement> => {
    const opener = screen.getByRole('button', { name: 'Ask' });
    await user.click(opener);
    return opener;
  };

  test('is opened as a modal one, and the focus goes into it', async () => {
    const page = show(<Asks />);
    absent(dialog());
    await asked(page);
    assert.equal(dialog()?.open, true);
    focused(screen.getByRole('button', { name: 'Yes' }));
  });

  test('closes with Escape and gives the focus back to where it was', async () => {
    const page = show(<Asks />);
    const opener = await asked(page);
    await page.user.keyboard('{Escape}');
    absent(dialog());
    focused(opener);
  });

  test('closes by a button of its own and gives the focus back', async () => {
    const page = show(<Asks />);
    const opener = await asked(page);
    await page.user.click(screen.getByRole('button', { name: 'No' }));
    absent(dialog());
    focused(opener);
  });

  test('closes by a click on the ground around it, and stays with one inside', async () => {
    const page = show(<Asks />);
    await asked(page);
    await page.user.click(screen.getByText('It cannot be taken back.'));
    assert.ok(dialog() !== null);
    await page.user.click(dialog() as HTMLElement);
    absent(dialog());
  });
});

function Menu(): JSX.Element {
  const [done, setDone] = useState('nothing');
  return (
    <>
      <PopMenu label="Export" button="Export">
        {(close) => (
          <button
            type="button"
            onClick={() => {
              setDone('CSV');
              close();
            }}
          >
            As CSV
          </button>
        )}
      </PopMenu>
      <p>Exported: {done}</p>
    </>
  );
}

describe('a menu under a button', () => {
  const opener = (): HTMLElement => screen.getByRole('button', { name: 'Export' });
  const panel = (): HTMLElement | null => screen.queryByRole('group', { name: 'Export' });

  test('opens and closes by its button, which says whether it is open', async () => {
    const { user } = show(<Menu />);
    assert.equal(opener().getAttribute('aria-expanded'), 'false');
    await user.click(opener());
    assert.ok(panel() !== null);
    assert.equal(opener().getAttribute('aria-expanded'), 'true');
    await user.click(opener());
    absent(panel());
  });

  test('closes with Escape, before any shortcut of the window, and the focus is at its button', async () => {
    const { user } = show(<Menu />);
    await user.click(opener());
    await user.tab();
    assert.equal(document.activeElement?.textContent, 'As CSV');
    const heard: string[] = [];
    const listen = ({ key }: KeyboardEvent): void => void heard.push(key);
    window.addEventListener('keydown', listen);
    await user.keyboard('{Escape}');
    window.removeEventListener('keydown', listen);
    assert.deepEqual([panel(), heard], [null, []]);
    focused(opener());
  });

  test('leaves every other key to what has the focus', async () => {
    const { user } = show(<Menu />);
    await user.click(opener());
    await user.tab();
    await user.keyboard('{Enter}');
    screen.getByText('Exported: CSV');
    absent(panel());
  });

  test('closes when something else is pressed, and stays open when it is pressed itself', async () => {
    const { user } = show(<Menu />);
    await user.click(opener());
    fireEvent.pointerDown(screen.getByRole('group', { name: 'Export' }));
    assert.ok(panel() !== null);
    fireEvent.pointerDown(screen.getByText('Exported: nothing'));
    absent(panel());
  });
});
