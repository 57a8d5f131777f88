import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JSX } from 'react';
import { useRecording } from '#renderer/session/recordings/recordings.ts';
import { currentPlace } from '#renderer/session/navigation.ts';
import type { RecordingState } from '#shared/contract/app/source.ts';
import { recordedStart } from '#test/support/recorded/recorded-view.ts';
import { playedRun } from '#test/support/rendered/played.ts';
import { absent, act, fireEvent, open, pass, screen, settle, within } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { failure } from '#test/support/rendered/service-end.ts';
import { useKeyboard } from '../keyboard.ts';
import { ReplayBar } from './replay-bar.tsx';
import { useReplayCommands } from '../commands/replay-commands.ts';
import { Toasts } from '../dialogs/toasts-region.tsx';

const recording: RecordingState = {
  kind: 'recording',
  path: '/home/lab/recordings/2026-01-04-r-7f3a2c.rscope',
  from: recordedStart,
  to: recordedStart + 100_000,
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

function Bar(): JSX.Element | null {
  const shown = useRecording();
  useReplayCommands();
  useKeyboard();
  return shown === null ? null : <ReplayBar recording={shown} />;
}

async function bar(change: Partial<RecordingState> = {}, options: OpenOptions = {}): Promise<Opened> {
  const page = await open(
    <>
      <Bar />
      <Toasts />
    </>,
    { ...playedRun(30), ...options, snapshot: { source: { ...recording, ...change } } },
  );
  await pass(1);
  return page;
}

const button = (name: string | RegExp): HTMLButtonElement => screen.getByRole('button', { name });
const scrubber = (): HTMLInputElement => screen.getByRole('slider', { name: 'Moment of the recording' });
const drag = (s: number): boolean =>
  fireEvent.change(scrubber(), { target: { value: String(recordedStart + s * 1000) } });
const asked = ({ service }: Opened): number[] => service.asked('seek').map(({ at }) => (at - recordedStart) / 1000);

describe('the bar of a recording', () => {
  test('says which file it is, of which day and from when to when, and how it ends', async () => {
    await bar();
    const band = screen.getByRole('region', { name: 'Recording' });
    assert.match(band.textContent, /2026-01-04-r-7f3a2c\.rscope4 Jan 2026, 12:00:00 to 12:01:40/);
    assert.equal(screen.getByRole('status').textContent, 'It ends with the end of the run.');
    assert.match(band.textContent, /12:00:3030\.0 s of 1 min 40 s/);
  });

  test('says while it is read, what goes on meanwhile, and why it cannot be read further', async () => {
    const { service } = await bar({ reading: true });
    const status = (): string => screen.getByRole('status').textContent;
    assert.equal(status(), 'Reading');
    const tell = (change: Partial<RecordingState>): void =>
      act(() => service.tell({ type: 'source', source: { ...recording, ...change } }));
    tell({ behind: { name: 'the demo', chair: 'demo' } });
    assert.equal(status(), 'the demo goes on meanwhile');
    tell({
      fault: {
        code: 'recording_invalid',
        layer: 'recorder',
        message: 'Page 7 is cut.',
        retryable: false,
        context: {},
        causes: [],
      },
    });
    assert.equal(status(), 'Page 7 is cut.');
    assert.equal(button(/^Play/).disabled, true);
  });

  test('plays and pauses by its button and by Space', async () => {
    const page = await bar();
    await page.user.click(button(/^Play/));
    assert.deepEqual(page.service.asked('play'), [{ playing: true }]);
    act(() => page.service.tell({ type: 'source', source: { ...recording, playing: true } }));
    button(/^Pause/);
    (document.activeElement as HTMLElement).blur();
    await page.user.keyboard(' ');
    assert.deepEqual(page.service.asked('play').at(-1), { playing: false });
  });

  test('has a speed that is pressed, and another keeps it playing or standing', async () => {
    const page = await bar({ speed: 4 });
    const speeds = within(screen.getByRole('group', { name: 'Speed' }));
    assert.equal(speeds.getByRole('button', { pressed: true }).textContent, '4×');
    await page.user.click(speeds.getByRole('button', { name: '20×' }));
    assert.deepEqual(page.service.asked('play'), [{ playing: false, speed: 20 }]);
    act(() => page.service.tell({ type: 'source', source: { ...recording, playing: true } }));
    await page.user.click(speeds.getByRole('button', { name: '0.5×' }));
    assert.deepEqual(page.service.asked('play').at(-1), { playing: true, speed: 0.5 });
  });

  test('steps by round, event and verdict, forwards and back, by button and by key', async () => {
    const page = await bar();
    for (const name of [
      'Previous round',
      'Next round',
      'Previous event',
      'Next event',
      'Previous verdict',
      'Next verdict',
    ])
      await page.user.click(button(new RegExp(`^.?${name}`)));
    const all = [
      { to: 'round', forward: false },
      { to: 'round', forward: true },
      { to: 'event', forward: false },
      { to: 'event', forward: true },
      { to: 'verdict', forward: false },
      { to: 'verdict', forward: true },
    ];
    assert.deepEqual(page.service.asked('step'), all);
    (document.activeElement as HTMLElement).blur();
    await page.user.keyboard('{Shift>}P{/Shift}{Shift>}N{/Shift},.{Shift>}B{/Shift}{Shift>}V{/Shift}');
    assert.deepEqual(page.service.asked('step').slice(6), all);
  });

  test('says in a toast what could not be done', async () => {
    const page = await bar({}, { answers: { play: failure('recording_invalid', 'Page 7 is cut.', 'recorder') } });
    await page.user.click(button(/^Play/));
    await settle();
    within(screen.getByRole('log')).getByText('Page 7 is cut.');
  });
});

describe('the scrubber of a recording', () => {
  test('stands at the moment that is shown, and says it as a time of day', async () => {
    const { service } = await bar();
    assert.equal(scrubber().valueAsNumber, recordedStart + 30_000);
    assert.equal(scrubber().getAttribute('aria-valuetext'), '12:00:30');
    act(() =>
      service.tell({ type: 'source', source: { ...recording, clock: { at: recordedStart + 31_000, rate: 0 } } }),
    );
    assert.equal(scrubber().getAttribute('aria-valuetext'), '12:00:31');
  });

  test('asks one question at a time while it is dragged, and the last one is where the hand is', async () => {
    const page = await bar({}, { answers: { seek: 'later' } });
    drag(40);
    drag(50);
    drag(60);
    assert.deepEqual(asked(page), [40]);
    assert.equal(scrubber().getAttribute('aria-valuetext'), '12:01:00', 'it goes with the hand');
    act(() => page.service.answer('seek', {}));
    await settle();
    assert.deepEqual(asked(page), [40, 60]);
    act(() => page.service.answer('seek', {}));
    await settle();
    assert.deepEqual(asked(page), [40, 60]);
  });

  test('goes back to the moment that is shown when it could not be gone to another', async () => {
    const page = await bar({}, { answers: { seek: failure('recording_invalid', 'Page 7 is cut.', 'recorder') } });
    drag(90);
    await settle();
    assert.equal(scrubber().getAttribute('aria-valuetext'), '12:00:30');
    within(screen.getByRole('log')).getByText('Page 7 is cut.');
    page.service.willAnswer({ seek: {} });
    drag(40);
    await settle();
    assert.deepEqual(asked(page), [90, 40], 'and can be dragged again');
  });

  test('has marks of rounds, verdicts and faults where they were', async () => {
    await bar(
      {},
      {
        answers: {
          recording_marks: {
            rounds: [
              { round: 1, from: recordedStart, to: recordedStart + 50_000 },
              { round: 2, from: recordedStart + 50_000, to: null },
            ],
            verdicts: [
              {
                sentence: 'node-3 is frozen',
                subject: 'node-3',
                from: recordedStart + 25_000,
                to: recordedStart + 75_000,
              },
            ],
            faults: [{ fault: 'freeze-trainer', participant: 'node-3', from: recordedStart + 20_000, to: null }],
            dropped: 0,
          },
        },
      },
    );
    const mark = (title: string): HTMLElement => screen.getByTitle(title);
    assert.deepEqual([screen.getByText('1').style.left, screen.getByText('2').style.left], ['0%', '50%']);
    assert.deepEqual([mark('node-3 is frozen').style.left, mark('node-3 is frozen').style.width], ['25%', '50%']);
    const [fault] = screen.getAllByTitle(/ on node-3$/);
    assert.deepEqual([fault?.style.left, fault?.style.width], ['20%', '80%'], 'one without an end lasts to the end');
  });
});

describe('what the diagnosis said then', () => {
  test('stands below the recording with since when, and leads to the evidence', async () => {
    const { user } = await bar({}, playedRun(58, { stallInRound: 4 }));
    const said = screen.getByText('Then:').parentElement;
    assert.match(said?.textContent ?? '', /^Then: node-3 never hears/);
    await user.click(button(/^Show evidence/));
    assert.equal(currentPlace().view, 'diagnosis');
  });

  test('is not there where it said nothing', async () => {
    await bar();
    absent(screen.queryByText('Then:'));
  });
});
