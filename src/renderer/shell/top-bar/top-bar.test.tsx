import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RecordingState } from '#shared/contract/app/source.ts';
import { playedRun, playedSeat } from '#test/support/rendered/played.ts';
import { absent, act, open, pass, screen, settle, within } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { failure } from '#test/support/rendered/service-end.ts';
import { recordedStart } from '#test/support/recorded/recorded-view.ts';
import { Toasts } from '../dialogs/toasts-region.tsx';
import { TopBar } from './top-bar.tsx';

function bar(options: OpenOptions = {}): Promise<Opened> {
  return open(
    <>
      <TopBar />
      <Toasts />
    </>,
    options,
  );
}

/** The text of the cell whose heading begins so, without what is hidden from the eye. */
function cell(heading: RegExp): string {
  const found = [...document.querySelectorAll('.cell')].find((one) => heading.test(one.textContent));
  assert.ok(found, `no cell ${heading.source}`);
  return found.textContent.replaceAll('\u00a0', ' ');
}

const wait = (): string => screen.getAllByRole('status')[0]?.textContent ?? '';
const save = (): HTMLButtonElement => screen.getByRole('button', { name: 'Save last 10 minutes' });

const recording: RecordingState = {
  kind: 'recording',
  path: '/home/lab/r-7f3a2c.rscope',
  from: recordedStart,
  to: recordedStart + 120_000,
  clock: { at: recordedStart + 30_000, rate: 0 },
  playing: false,
  speed: 1,
  reading: false,
  ending: 'It ends with the end of the run.',
  sizeBytes: 12_300_000,
  malformed: 0,
  fault: null,
  behind: null,
};

describe('the top bar without a run', () => {
  test('says that nothing is open, nothing is waited for, and there is nothing to save', async () => {
    await bar();
    assert.match(cell(/^Run/), /none open/);
    assert.match(cell(/^Round/), /none/);
    assert.equal(wait(), 'Nothing to wait for. no run is open');
    assert.match(cell(/^Recorder/), /starts with the run/);
    assert.equal(save().disabled, true);
    screen.getByRole('heading', { level: 1, name: 'Roundscope: Home' });
  });
});

describe('the top bar of a run', () => {
  test('names the run, its round and phase, and who is waited for', async () => {
    await bar(playedRun(30));
    assert.match(cell(/^Run/), /r-7f3a2c.*digits, uneven split/);
    assert.match(cell(/^Round/), /3 \/ 10training/);
    assert.match(wait(), /^Waiting for \d of 4 updates\. node-/);
  });

  test('counts down to the eye, and tells the ear only what it waits for', async () => {
    const { container } = await bar(playedRun(26));
    const lead = (): string => (container.querySelector('.w1')?.textContent ?? '').replaceAll('\u00a0', ' ');
    const left = (): number => Number(/about (\d+) s/.exec(lead())?.[1]);
    const spoken = wait();
    const before = left();
    assert.ok(before >= 2, lead());
    await pass(1000);
    assert.equal(left(), before - 1);
    assert.equal(wait(), spoken);
  });

  test('shows each transport with its links and round trip', async () => {
    await bar(playedRun(30));
    assert.match(cell(/^quic × 3/), /ms/);
    assert.match(cell(/^mqtt × 1/), /ms/);
  });

  test('says how the run ended, and that its links are closed', async () => {
    await bar(playedRun(200));
    assert.match(cell(/^Round/), /10 \/ 10completed/);
    assert.match(wait(), /^Run completed\. 10 rounds in .*, accuracy \d/);
    assert.match(cell(/^quic × 3/), /closed/);
    assert.match(cell(/^Recorded/), /nothing lost/);
  });

  test('says which transport is stalled', async () => {
    await bar(playedRun(58, { stallInRound: 4 }));
    assert.match(cell(/^quic × 3/), /1 stalled/);
    assert.match(wait(), /node-3/);
  });

  test('tells from a participant\u2019s chair what this node waits for', async () => {
    await bar(playedSeat(489));
    assert.match(cell(/^Run/), /emotion pilot/);
    assert.match(cell(/^Round/), /13 \/ 20training/);
    assert.match(wait(), /update/);
  });

  test('stands for what was, once the service is gone', async () => {
    const { service } = await bar(playedRun(30));
    assert.match(cell(/^Recording/), /nothing lost/);
    act(() => service.goAway('the service process ended'));
    assert.match(cell(/^Recorded so far/), /nothing lost/);
    assert.equal(save().disabled, true);
  });

  test('counts what the recorder lost, each kind for itself', async () => {
    const played = playedRun(30);
    const items = played.items.map((item) =>
      'event' in item && item.event.type === 'recorder_stats'
        ? { ...item, event: { ...item.event, data: { ...item.event.data, droppedPackets: 1234, malformed: 2 } } }
        : item,
    );
    await bar({ ...played, items: items as typeof played.items });
    assert.match(cell(/^Recording/), /1,234 packets lost, 2 malformed/);
  });
});

describe('saving from the top bar', () => {
  test('saves the last ten minutes and says where they lie', async () => {
    const { service, user } = await bar(playedRun(30));
    await user.click(save());
    assert.deepEqual(service.asked('save_recording'), [{ minutes: 10 }]);
    await settle();
    assert.match(
      screen.getByRole('log', { name: 'Messages' }).textContent,
      /^Saved 4\.10 MB to ~\/\.local\/share\/roundscope\/saved\/r-7f3a2c\.rscope/,
    );
    assert.equal(save().disabled, false);
  });

  test('cannot be asked for twice at once, and says why it failed', async () => {
    const { service, user } = await bar({ ...playedRun(30), answers: { save_recording: 'later' } });
    await user.click(save());
    assert.equal(save().disabled, true);
    act(() => service.answer('save_recording', failure('disk_full', 'There is no room left in /home.', 'recorder')));
    await settle();
    assert.equal(save().disabled, false);
    within(screen.getByRole('log')).getByText('There is no room left in /home.');
  });
});

describe('the top bar over a recording', () => {
  test('says what file it is and closes it, and there is nothing to save', async () => {
    const { service, user } = await bar({ ...playedRun(30), snapshot: { source: recording } });
    assert.match(cell(/^Recording file/), /12\.3 MB.*no row unreadable/);
    absent(screen.queryByRole('button', { name: 'Save last 10 minutes' }));
    await user.click(screen.getByRole('button', { name: /^Close the recording/ }));
    assert.deepEqual(service.asked('close_recording'), [{}]);
  });

  test('counts rows that could not be read', async () => {
    await bar({ ...playedRun(30), snapshot: { source: { ...recording, malformed: 1200 } } });
    assert.match(cell(/^Recording file/), /1,200 unreadable/);
  });
});
