import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useState } from 'react';
import type { JSX } from 'react';
import { seatFolders } from '#test/support/kits/seat-answers.ts';
import { absent, fireEvent, focused, pass, screen, show } from '#test/support/rendered/rendered.tsx';
import { PathField } from './path-field.tsx';

interface Shown {
  readonly first?: string;
  readonly complete?: Parameters<typeof PathField>[0]['complete'];
  readonly choose?: () => void;
  readonly chooseFile?: () => void;
  readonly leadsTo?: 'folder' | 'file';
  readonly fault?: string;
}

const asked: string[] = [];
const fromSeat = async (path: string): Promise<ReturnType<typeof seatFolders>> => {
  asked.push(path);
  return seatFolders(path);
};

/** A path field as a form has it, with the folders `data`, `Documents` and `Downloads` in the home folder. */
function Field({ first = '', complete = fromSeat, choose, chooseFile, leadsTo = 'folder', fault }: Shown): JSX.Element {
  const [value, setValue] = useState(first);
  return (
    <>
      <PathField
        label="Folder"
        value={value}
        placeholder="~/pictures"
        words={[
          { name: 'digits', means: 'the digits that come along' },
          { name: 'faces', means: 'faces that are drawn' },
        ]}
        onChange={setValue}
        complete={complete}
        {...(choose === undefined ? {} : { choose })}
        chooseFile={chooseFile}
        leadsTo={leadsTo}
        invalid={fault !== undefined}
        faultId="fault"
      />
      <p id="fault">{fault}</p>
      <button type="button">Next</button>
    </>
  );
}

const field = (): HTMLInputElement => screen.getByRole('combobox', { name: 'Folder' });
const options = (): string[] => screen.queryAllByRole('option').map((option) => option.textContent);
const chosen = (): string | undefined => screen.queryByRole('option', { selected: true })?.textContent;

/** Types and lets the typing rest, so that folders are looked up. */
async function typed({ user }: ReturnType<typeof show>, text: string): Promise<void> {
  await user.type(field(), text);
  await pass(120);
}

describe('a path field', () => {
  test('looks folders up once typing rests, and lists those that fit', async () => {
    const page = show(<Field />);
    asked.length = 0;
    await page.user.type(field(), '~/D');
    assert.deepEqual(asked, [], 'not at every key');
    assert.equal(field().getAttribute('aria-expanded'), 'false');
    await pass(120);
    assert.deepEqual(asked, ['~/D']);
    assert.deepEqual(options(), ['Documents', 'Downloads']);
    assert.equal(field().getAttribute('aria-expanded'), 'true');
    screen.getByRole('listbox', { name: 'Folders' });
  });

  test('says what the path means here, and that it is no folder yet', async () => {
    const page = show(<Field />);
    await typed(page, '~/dat');
    assert.equal(screen.getByText('/home/ada/dat').parentElement?.textContent, '/home/ada/dat, not a folder yet');
    await typed(page, 'a');
    assert.equal(screen.getByText('/home/ada/data').parentElement?.textContent, '/home/ada/data');
  });

  test('completes a file to its name, with nothing behind it, and tells no folder from a file where both will do', async () => {
    const files = async (path: string): Promise<ReturnType<typeof seatFolders>> => ({
      path,
      isFolder: false,
      entries: [{ path: '/home/ada/fer2013.csv', name: 'fer2013.csv', isFile: true }],
      more: false,
    });
    const page = show(<Field complete={files} leadsTo="file" />);
    await typed(page, '/home/ada/fer');
    await page.user.tab();
    assert.equal(field().value, '/home/ada/fer2013.csv');
    await pass(120);
    await page.user.tab();
    focused(screen.getByRole('button', { name: 'Next' }), 'it is whole: Tab goes on');
    absent(screen.queryByText(/not a folder yet/));
  });

  test('walks the list with the arrows, round its ends, and tells who is read to where it is', async () => {
    const page = show(<Field />);
    await typed(page, '~/D');
    await page.user.keyboard('{ArrowDown}');
    assert.equal(chosen(), 'Documents');
    assert.equal(field().getAttribute('aria-activedescendant'), screen.getByRole('option', { name: 'Documents' }).id);
    await page.user.keyboard('{ArrowDown}');
    assert.equal(chosen(), 'Downloads');
    await page.user.keyboard('{ArrowDown}');
    assert.equal(chosen(), 'Documents');
    await page.user.keyboard('{ArrowUp}');
    assert.equal(chosen(), 'Downloads');
  });

  test('takes the chosen folder with Enter and closes the list', async () => {
    const page = show(<Field />);
    await typed(page, '~/D');
    await page.user.keyboard('{ArrowDown}{ArrowDown}{Enter}');
    assert.equal(field().value, '/home/ada/Downloads');
    assert.deepEqual(options(), []);
  });

  test('completes with Tab as a shell does: what all have in common, then the one that fits', async () => {
    const page = show(<Field />);
    await typed(page, '/home/ada/D');
    await page.user.tab();
    assert.equal(field().value, '/home/ada/Do');
    await pass(120);
    await page.user.tab();
    focused(screen.getByRole('button', { name: 'Next' }), 'nothing more is in common: Tab goes on');
    await typed(page, 'w');
    assert.deepEqual(options(), ['Downloads']);
    await page.user.tab();
    assert.equal(field().value, '/home/ada/Downloads/');
    focused(field());
  });

  test('goes into the folder that is chosen, with Tab, and lists what is in it', async () => {
    const page = show(<Field />);
    await typed(page, '/home/ada/d');
    await page.user.keyboard('{ArrowDown}{Tab}');
    assert.equal(field().value, '/home/ada/data/');
    await pass(120);
    assert.deepEqual(options(), ['faces', 'faces-contempt', 'validation']);
  });

  test('closes the list with Escape, which closes nothing behind it', async () => {
    const page = show(<Field />);
    await typed(page, '~/D');
    const went: string[] = [];
    const listen = (event: KeyboardEvent): void => void went.push(event.key);
    window.addEventListener('keydown', listen);
    await page.user.keyboard('{Escape}');
    assert.deepEqual([options(), went], [[], []]);
    await page.user.keyboard('{Escape}');
    assert.deepEqual(went, ['Escape'], 'a second one is for what is behind');
    window.removeEventListener('keydown', listen);
  });

  test('takes a folder that is pressed before the field loses the focus', async () => {
    const page = show(<Field />);
    await typed(page, '~/D');
    fireEvent.pointerDown(screen.getByRole('option', { name: 'Downloads' }));
    assert.equal(field().value, '/home/ada/Downloads');
    assert.deepEqual(options(), []);
  });

  test('closes the list when the field is left', async () => {
    const page = show(<Field />);
    await typed(page, '~/D');
    await page.user.click(screen.getByRole('button', { name: 'Next' }));
    assert.deepEqual(options(), []);
  });

  test('says what a word of the app is, and looks up no folder of that name', async () => {
    asked.length = 0;
    const page = show(<Field />);
    await typed(page, 'digits');
    const help = screen.getByText('the digits that come along');
    assert.equal(field().getAttribute('aria-describedby'), help.id);
    assert.deepEqual(asked, []);
  });

  test('lets an answer that comes after more was typed be of the past', async () => {
    const answers: ((value: ReturnType<typeof seatFolders>) => void)[] = [];
    const page = show(<Field complete={() => new Promise((resolve) => void answers.push(resolve))} />);
    await typed(page, '~/D');
    await typed(page, 'oc');
    answers[1]?.(seatFolders('~/Doc'));
    await pass(0);
    assert.deepEqual(options(), ['Documents']);
    answers[0]?.(seatFolders('~/D'));
    await pass(0);
    assert.deepEqual(options(), ['Documents']);
  });

  test('says that there are more than it lists, and nothing where they could not be found out', async () => {
    const many = { path: '/x', isFolder: false, entries: [{ path: '/xa', name: 'xa' }], more: true };
    const page = show(<Field complete={async (path) => (path === '/x' ? many : null)} />);
    await typed(page, '/x');
    screen.getByText('and more: type on');
    await typed(page, 'y');
    assert.deepEqual(options(), []);
  });

  test('shows names that would turn the line around as what they are', async () => {
    const turned = {
      path: '/x',
      isFolder: false,
      entries: [{ path: '/x\u202etfel', name: 'x\u202etfel' }],
      more: false,
    };
    const page = show(<Field complete={async () => turned} />);
    await typed(page, '/x');
    assert.deepEqual(options(), ['x\\u202etfel']);
  });

  test('names its fault to who is read to, and the dialog of the system only where there is one', async () => {
    const { rerender, user } = show(<Field fault="There is no such folder." />);
    assert.equal(field().getAttribute('aria-invalid'), 'true');
    assert.equal(field().getAttribute('aria-describedby'), 'fault');
    absent(screen.queryByRole('button', { name: 'Choose…' }));
    let times = 0;
    rerender(<Field choose={() => times++} />);
    await user.click(screen.getByRole('button', { name: 'Choose…' }));
    assert.equal(times, 1);
    absent(screen.queryByRole('button', { name: 'File…' }));
    rerender(<Field choose={() => times++} chooseFile={() => (times += 10)} />);
    await user.click(screen.getByRole('button', { name: 'File…' }));
    assert.equal(times, 11);
  });
});
