import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JSX } from 'react';
import type { LibraryList } from '#shared/contract/app/library.ts';
import { useKeyboard } from '#renderer/shell/keyboard.ts';
import { Toasts } from '#renderer/shell/dialogs/toasts-region.tsx';
import { currentPlace } from '#renderer/session/navigation.ts';
import { recordedLibrary } from '#test/support/recorded/recorded-library.ts';
import { recordedStart } from '#test/support/recorded/recorded-view.ts';
import { playedRun } from '#test/support/rendered/played.ts';
import { absent, act, focused, open, pass, screen, settle, within } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { failure } from '#test/support/rendered/service-end.ts';
import { setSize } from '#test/support/rendered/layout.ts';
import { RunsView } from './runs-view.tsx';

const library = recordedLibrary(recordedStart);

function Window(): JSX.Element {
  useKeyboard();
  return (
    <>
      <RunsView />
      <Toasts />
    </>
  );
}

async function runs(options: OpenOptions & { readonly list?: LibraryList } = {}): Promise<Opened> {
  const { list = library, ...rest } = options;
  act(() => setSize({ width: 1600 }));
  const page = await open(<Window />, { ...rest, answers: { list_recordings: list, ...options.answers } });
  await pass(1);
  return page;
}

/** Ids of the runs, top down. */
function ids(): string[] {
  return screen
    .queryAllByRole('row')
    .slice(1)
    .map((row) => /r-[0-9a-f]{6}/.exec(row.textContent)?.[0] ?? '');
}

const rowOf = (id: string): HTMLElement => screen.getByRole('row', { name: new RegExp(id) });
const pane = (): HTMLElement => screen.getByRole('complementary', { name: /^Recording / });
const inPane = (name: string | RegExp): HTMLButtonElement => within(pane()).getByRole('button', { name });
const search = (): HTMLInputElement => screen.getByRole('searchbox', { name: 'Find a recording' });
const figures = (): string => within(pane()).getByText('length').parentElement?.parentElement?.textContent ?? '';
/** As in a window in which nothing has the focus. */
const fromNowhere = (): void => (document.activeElement as HTMLElement).blur();

describe('the library of runs', () => {
  test('lists every recording, the latest first, and says how many there are and how large', async () => {
    await runs();
    assert.deepEqual(ids(), ['r-93d1be', 'r-b81e04', 'r-7f3a2c', 'r-e0f15c', 'r-0007b1']);
    assert.match(screen.getAllByRole('status')[0]?.textContent ?? '', /^5 recordings, 3\.\d+ GB$/);
  });

  test('says of each how it ended, where that is more than that it came to its end', async () => {
    await runs();
    assert.match(rowOf('r-93d1be').textContent, /recording/);
    assert.match(rowOf('r-7f3a2c').textContent, /left.*joined as lab-2/);
    assert.match(rowOf('r-e0f15c').textContent, /stalled/);
    assert.match(rowOf('r-0007b1').textContent, /cut off/);
    assert.match(rowOf('r-b81e04').textContent, /^pinned, emotion, dirichlet 0\.3r-b81e04/);
  });

  test('says what is not known as not known', async () => {
    await runs();
    const cells = within(rowOf('r-0007b1'))
      .getAllByRole('gridcell')
      .map((cell) => cell.textContent);
    assert.ok(cells.includes('not told'), 'transports');
    assert.ok(cells.includes('–'), 'accuracy');
  });

  test('sorts by a column, the largest first, and the other way round when asked again', async () => {
    const { user } = await runs();
    await user.click(screen.getByRole('button', { name: 'Size: sort' }));
    assert.deepEqual(ids().slice(0, 2), ['r-e0f15c', 'r-b81e04']);
    await user.click(screen.getByRole('button', { name: 'Size, sorted, largest first: sort' }));
    assert.deepEqual(ids().slice(0, 1), ['r-0007b1']);
    screen.getByRole('button', { name: 'Size, sorted, smallest first: sort' });
  });

  test('sorts names from A to Z first', async () => {
    const { user } = await runs();
    await user.click(screen.getByRole('button', { name: 'Name, id, note: sort' }));
    assert.equal(ids()[0], 'r-e0f15c', '24 participants');
    assert.equal(ids().at(-1), 'r-0007b1', 'first try');
  });

  test('finds those that have each of the words, in names, notes, reasons and verdicts', async () => {
    const { user } = await runs();
    await user.type(search(), 'lecture 3');
    assert.deepEqual(ids(), ['r-b81e04']);
    await user.clear(search());
    await user.type(search(), 'QUORUM dds');
    assert.deepEqual(ids(), ['r-e0f15c']);
    await user.clear(search());
    await user.type(search(), 'nothing of the kind');
    assert.deepEqual(ids(), []);
    screen.getByText('No recording is of that choice and has these words.');
  });

  test('shows those of a choice, each with how many there are', async () => {
    const { user } = await runs();
    const choice = within(screen.getByRole('group', { name: 'Which recordings' }));
    assert.deepEqual(
      choice.getAllByRole('button').map((button) => button.textContent),
      ['All 5', 'Pinned 1', 'With verdicts 2', 'Cut off 1'],
    );
    await user.click(choice.getByRole('button', { name: 'With verdicts 2' }));
    assert.deepEqual(ids(), ['r-b81e04', 'r-e0f15c']);
    assert.equal(choice.getByRole('button', { pressed: true }).textContent, 'With verdicts 2');
  });

  test('leaves columns out where there is no room, the pane has what they said', async () => {
    await runs();
    const heads = (): string[] => screen.getAllByRole('columnheader').map((head) => head.textContent);
    assert.equal(heads().length, 9);
    act(() => setSize({ width: 900 }));
    assert.ok(!heads().includes('Part.') && heads().includes('Accuracy'), heads().join());
    assert.match(pane().textContent, /Participants4/);
  });
});

describe('a recording of the library', () => {
  test('is chosen by a click, by the arrows and by J and K; the pane beside it is of that one', async () => {
    const { user } = await runs();
    await user.click(screen.getByText('r-7f3a2c'));
    assert.ok(screen.getByRole('row', { selected: true }) === rowOf('r-7f3a2c'));
    within(pane()).getByText('r-7f3a2c');
    screen.getByRole('grid', { name: 'Recordings' }).focus();
    await user.keyboard('{ArrowDown}');
    within(pane()).getByText('r-e0f15c');
    await user.keyboard('{End}{ArrowDown}');
    within(pane()).getByText('r-0007b1');
    await user.keyboard('{Home}');
    within(pane()).getByText('r-93d1be');
    fromNowhere();
    await user.keyboard('jjk');
    within(pane()).getByText('r-b81e04');
  });

  test('has its figures, its verdicts, and where the file lies', async () => {
    const { user } = await runs();
    await user.click(screen.getByText('r-e0f15c'));
    assert.match(figures(), /length7 min 7 s.*rounds10 \/ 10.*accuracy55\.9 %.*verdicts3/);
    screen.getByRole('heading', { name: 'Verdicts' });
    within(pane()).getByText('And 3 more.');
    assert.match(pane().textContent, /Endedfewer than the quorum were left/);
    assert.match(pane().textContent, /Lies in.*recordings\/.*r-e0f15c\.rscope/);
  });

  test('opens by its button, by Enter and by a double click, and Rounds shows it', async () => {
    const { service, user } = await runs({ place: { view: 'runs' } });
    const path = library.recordings[3]?.path;
    await user.dblClick(screen.getByText('r-e0f15c'));
    assert.deepEqual(service.asked('open_recording'), [{ path }]);
    await settle();
    assert.equal(currentPlace().view, 'rounds');
    screen.getByRole('grid').focus();
    await user.keyboard('{Enter}');
    await user.click(inPane('Open'));
    assert.deepEqual(service.asked('open_recording'), [{ path }, { path }, { path }]);
  });

  test('sorts, and does not open, when Enter is pressed on the head of a column', async () => {
    const { service, user } = await runs();
    screen.getByRole('button', { name: 'Size: sort' }).focus();
    await user.keyboard('{Enter}');
    assert.equal(ids()[0], 'r-e0f15c');
    assert.deepEqual(service.asked('open_recording'), []);
  });

  test('says why it could not be opened', async () => {
    const { user } = await runs({
      answers: { open_recording: failure('recording_invalid', 'It is from a newer version.', 'recorder') },
    });
    await user.click(inPane('Open'));
    await settle();
    within(screen.getByRole('log')).getByText('It is from a newer version.');
  });

  test('is renamed with F2: kept when the field is left, or with Enter', async () => {
    const { service, user } = await runs();
    await user.click(screen.getByText('r-7f3a2c'));
    fromNowhere();
    await user.keyboard('{F2}');
    focused(screen.getByRole('textbox', { name: 'Name' }));
    const path = library.recordings[2]?.path;
    await user.keyboard('  before the move {Enter}');
    assert.deepEqual(service.asked('annotate_recording'), [{ path, name: 'before the move' }]);
  });

  test('keeps a note when its field is left, and nothing that was not changed', async () => {
    const { service, user } = await runs();
    await user.click(screen.getByText('r-b81e04'));
    const note = screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Note' });
    assert.match(note.value, /^For lecture 3\./);
    await user.click(note);
    await user.tab();
    assert.deepEqual(service.asked('annotate_recording'), []);
    await user.type(note, ' Again.');
    await user.tab();
    const [kept] = service.asked('annotate_recording');
    assert.match(kept?.note ?? '', /evidence\. Again\.$/);
    assert.equal(kept?.name, undefined);
  });

  test('is pinned and unpinned; a pinned one cannot be deleted, and says so', async () => {
    const { service, user } = await runs();
    await user.click(screen.getByText('r-b81e04'));
    const remove = inPane('Delete');
    assert.deepEqual([remove.disabled, remove.title], [true, 'it is pinned']);
    assert.equal(inPane('Unpin').getAttribute('aria-pressed'), 'true');
    await user.click(inPane('Unpin'));
    await user.click(screen.getByText('r-e0f15c'));
    fromNowhere();
    await user.keyboard('p');
    assert.deepEqual(
      service.asked('annotate_recording').map(({ pinned }) => pinned),
      [false, true],
    );
  });

  test('that is being written cannot be deleted', async () => {
    const { service, user } = await runs();
    assert.deepEqual([inPane('Delete').disabled, inPane('Delete').title], [true, 'it is being written']);
    fromNowhere();
    await user.keyboard('{Delete}');
    assert.deepEqual(service.asked('delete_recording'), []);
  });

  test('whose notes cannot be read takes no new ones, and says why', async () => {
    const [, , one, ...rest] = library.recordings;
    assert.ok(one !== undefined);
    await runs({ list: { ...library, recordings: [{ ...one, notesFault: 'Its notes are no JSON.' }, ...rest] } });
    within(pane()).getByText(/^Its notes are no JSON\. Move that file away/);
    assert.equal(screen.getByRole<HTMLInputElement>('textbox', { name: 'Name' }).disabled, true);
    assert.equal(inPane('Pin').disabled, true);
    assert.equal(inPane('Delete').disabled, true);
  });

  test('gives its path to the clipboard', async () => {
    const { user } = await runs();
    await user.click(screen.getByText('r-7f3a2c'));
    await user.click(inPane('Copy path'));
    await settle();
    assert.equal(await navigator.clipboard.readText(), library.recordings[2]?.path);
    within(screen.getByRole('log')).getByText('Its path is copied.');
  });

  test('whose name would turn the line around is shown as what it is, and asked about by its own path', async () => {
    const [first] = library.recordings;
    assert.ok(first !== undefined);
    const odd = { ...first, goesOn: false, name: 'x\u202ey', path: '/home/\u202elab.rscope' };
    const { service, user } = await runs({ list: { ...library, recordings: [odd] } });
    screen.getByRole('complementary', { name: 'Recording x\\u202ey' });
    await user.click(inPane('Open'));
    assert.deepEqual(service.asked('open_recording'), [{ path: odd.path }]);
  });
});

describe('a recording that is deleted', () => {
  const deleted = { id: '7-b', name: '24 participants', sizeBytes: 1.92e9, until: recordedStart + 30_000 };
  const after: LibraryList = {
    ...library,
    recordings: library.recordings.filter(({ run }) => run !== 'r-e0f15c'),
    deleted: [deleted],
  };

  test('goes from the list, which says how long it can be taken back', async () => {
    const { service, user } = await runs();
    await user.click(screen.getByText('r-e0f15c'));
    service.willAnswer({ list_recordings: after });
    fromNowhere();
    await user.keyboard('{Delete}');
    await settle();
    await pass(1);
    assert.deepEqual(service.asked('delete_recording'), [{ path: library.recordings[3]?.path }]);
    assert.equal(ids().includes('r-e0f15c'), false);
    screen.getByText('24 participants');
    const left = (): number => Number(/goes in (\d+) s/.exec(screen.getByText(/goes in/).textContent)?.[1]);
    const before = left();
    await pass(5000);
    assert.equal(left(), before - 5);
  });

  test('is taken back by the button and with Ctrl+Z', async () => {
    const { service, user } = await runs({ list: after });
    await user.click(screen.getByRole('button', { name: 'Undo' }));
    fromNowhere();
    await user.keyboard('{Control>}z{/Control}');
    assert.deepEqual(service.asked('restore_recording'), [{ id: '7-b' }, { id: '7-b' }]);
  });

  test('is not taken back with Ctrl+Z in a field, which takes back what was typed', async () => {
    const { service, user } = await runs({ list: after });
    await user.click(search());
    await user.keyboard('{Control>}z{/Control}');
    assert.deepEqual(service.asked('restore_recording'), []);
  });

  test('that could not be deleted stays, and why is said', async () => {
    const { user } = await runs({
      answers: { delete_recording: failure('recording_invalid', 'It lies on a disk that is read only.', 'recorder') },
    });
    await user.click(screen.getByText('r-e0f15c'));
    await user.click(inPane('Delete'));
    await settle();
    within(screen.getByRole('log')).getByText('It lies on a disk that is read only.');
    assert.ok(ids().includes('r-e0f15c'));
  });
});

describe('the library as it is read', () => {
  test('says how many files are still being read, and asks again soon', async () => {
    const { service } = await runs({ list: { ...library, reading: 3 } });
    assert.match(screen.getAllByRole('status')[0]?.textContent ?? '', /reading 3 files$/);
    const before = service.asked('list_recordings').length;
    service.willAnswer({ list_recordings: library });
    await pass(300);
    await pass(1);
    assert.equal(service.asked('list_recordings').length, before + 1);
    assert.doesNotMatch(screen.getAllByRole('status')[0]?.textContent ?? '', /reading/);
  });

  test('names the files that are no recordings, with the reason, and how many are not listed', async () => {
    const { user } = await runs({ list: { ...library, left: 12 } });
    screen.getByText('12 files more, with older names, are not listed.');
    await user.click(screen.getByText('1 file cannot be read as a recording'));
    screen.getByText(/notes-of-january\.sqlite is not a recording of Roundscope$/);
  });

  test('says why it could not be read', async () => {
    await runs({ answers: { list_recordings: failure('path_unwritable', 'The folder is not there.', 'recorder') } });
    screen.getByText('The folder is not there.');
  });

  test('says where runs will be recorded when there are none, and starts the demo', async () => {
    const { service, user } = await runs({ list: { ...library, recordings: [], unreadable: [] } });
    screen.getByText('No run has been recorded on this machine yet.');
    absent(screen.queryByRole('complementary'));
    await user.click(screen.getByRole('button', { name: 'Start the demo' }));
    assert.equal(service.asked('start_demo').length, 1);
  });

  test('shows of the run that goes on what this window knows better', async () => {
    const [live, ...rest] = library.recordings;
    assert.ok(live !== undefined);
    await runs({
      ...playedRun(30),
      list: { ...library, recordings: [{ ...live, run: 'r-7f3a2c' }, ...rest.filter(({ run }) => run !== 'r-7f3a2c')] },
    });
    assert.match(rowOf('r-7f3a2c').textContent, /2 \/ 10/);
  });
});
