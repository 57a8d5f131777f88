import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { JSX } from 'react';
import { changeJoin, joinDraft } from '#renderer/session/run/drafts.ts';
import { forgetEnding, useEndingAsked } from '#renderer/session/run/ending.ts';
import { currentPlace } from '#renderer/session/navigation.ts';
import { useKeyboard } from '#renderer/shell/keyboard.ts';
import { recordedStart } from '#test/support/recorded/recorded-view.ts';
import { seatRecentRuns } from '#test/support/kits/seat-answers.ts';
import { playedRun, playedSeat } from '#test/support/rendered/played.ts';
import { absent, open, screen, settle, within } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { failure } from '#test/support/rendered/service-end.ts';
import { HomeView } from './home-view.tsx';

const runs = seatRecentRuns(recordedStart);

function Window(): JSX.Element {
  useKeyboard();
  return (
    <>
      <HomeView />
      {useEndingAsked() && <p>Asked whether to end it.</p>}
    </>
  );
}

function home(options: OpenOptions = {}): Promise<Opened> {
  forgetEnding();
  return open(<Window />, {
    place: { view: 'home' },
    ...options,
    answers: { recent_runs: { runs }, ...options.answers },
  });
}

beforeEach(() => changeJoin({ invitation: '' }));

const button = (name: string | RegExp): HTMLButtonElement => screen.getByRole('button', { name });
const recent = (): HTMLElement => screen.getByRole('region', { name: 'Recent runs' });
const rows = (): string[] =>
  within(recent())
    .queryAllByRole('row')
    .slice(1)
    .map((row) => row.textContent);

describe('Home without a run', () => {
  test('starts the demo by its button and with Enter', async () => {
    const { service, user } = await home();
    screen.getByRole('heading', { name: 'No run is open' });
    await user.click(button(/^Start the demo/));
    (document.activeElement as HTMLElement).blur();
    await user.keyboard('{Enter}');
    assert.equal(service.asked('start_demo').length, 2);
  });

  test('leads to the forms by button and by letter', async () => {
    const { user } = await home();
    await user.keyboard('c');
    assert.equal(currentPlace().view, 'coordinate');
    await user.keyboard('j');
    assert.equal(currentPlace().view, 'join');
  });

  test('goes on to the form to join with an invitation that is pasted, and with nothing else', async () => {
    const { user } = await home();
    const field = screen.getByRole('textbox', { name: 'Invitation' });
    await user.click(field);
    await user.paste('something else');
    assert.equal(currentPlace().view, 'home');
    await user.clear(field);
    await user.paste(' roundscope://join?i=abc ');
    assert.equal(currentPlace().view, 'join');
    assert.equal(joinDraft().invitation, 'roundscope://join?i=abc');
  });

  test('says where what it keeps is stored, as its user would write it', async () => {
    await home();
    const stored = screen.getByText(/^Recordings of every run and the models of your runs are stored in/);
    assert.match(stored.textContent, / ~\/\.local\/share\/roundscope$/);
    assert.equal(stored.title, '/home/lab/.local/share/roundscope');
  });
});

describe('Home with a run', () => {
  const current = (): HTMLElement => screen.getByRole('region', { name: 'The run of this window' });

  test('says what it is and where it stands, leads to it, and asks before it is stopped', async () => {
    const { user } = await home(playedRun(30));
    assert.match(current().textContent, /digits, uneven splitrunningdemo/);
    assert.match(current().textContent, /round 3 of 10.*accuracy \d+\.\d %/);
    await user.click(within(current()).getByRole('button', { name: /^Stop…/ }));
    screen.getByText('Asked whether to end it.');
    await user.click(within(current()).getByRole('button', { name: /^Go to it/ }));
    assert.equal(currentPlace().view, 'rounds');
  });

  test('lets nothing else begin, and says why', async () => {
    const { service, user } = await home(playedRun(30));
    assert.match(screen.getByRole('note').textContent, /The demo is running; one run at a time\. Fill in the next one/);
    assert.equal(button(/^Start/).disabled, true);
    await user.keyboard('d');
    assert.deepEqual(service.asked('start_demo'), []);
  });

  test('of a participant is paused from here, and says how many updates counted', async () => {
    const { service, user } = await home(playedSeat(489));
    assert.match(current().textContent, /joined as lab-2/);
    assert.match(current().textContent, /counted 11 of 12/);
    await user.click(within(current()).getByRole('button', { name: 'Pause' }));
    assert.deepEqual(service.asked('set_paused'), [{ paused: true }]);
  });

  test('that is over says how it ended, and the demo can begin', async () => {
    const { service, user } = await home(playedRun(200));
    assert.match(current().textContent, /finished.*rounds done 10 of 10/);
    await user.click(button(/^Start/));
    assert.equal(service.asked('start_demo').length, 1);
  });
});

describe('recent runs', () => {
  test('are listed with the part taken, how they ended and what came of it', async () => {
    await home();
    assert.equal(within(recent()).getByRole('status').textContent, '6, kept on this machine');
    assert.match(rows()[0] ?? '', /^emotion trialr-51c7d2joined as lab-2.*finished20 \/ 2064\.8 %$/);
    assert.match(rows()[2] ?? '', /digits test.*left/);
    assert.match(rows()[5] ?? '', /stalleddeadline of round 4 passed without quorum3 \/ 20–$/);
  });

  test('are found by name, part and end', async () => {
    const { user } = await home();
    const find = screen.getByRole('searchbox', { name: 'Find a run' });
    await user.type(find, 'DEMO');
    assert.equal(rows().length, 2);
    assert.equal(within(recent()).getByRole('status').textContent, '2 of 6');
    await user.clear(find);
    await user.type(find, 'no answer');
    assert.deepEqual(rows().length, 1);
    await user.clear(find);
    await user.type(find, 'zzz');
    screen.getByText('No run of that name. Clear the search field.');
  });

  test('that did not come to their end are joined again with the form filled in', async () => {
    const { user } = await home();
    absent(screen.queryByRole('button', { name: 'Join again: emotion trial' }));
    button('Try again: ward sensors');
    await user.click(button('Join again: digits test'));
    assert.equal(currentPlace().view, 'join');
    assert.equal(joinDraft().data, '~/data/faces');
  });

  test('open their recording where there is one', async () => {
    const [first, ...rest] = runs;
    assert.ok(first !== undefined);
    const { service, user } = await home({
      answers: { recent_runs: { runs: [{ ...first, recording: '/home/lab/one.rscope' }, ...rest] } },
    });
    await user.click(screen.getByTitle('Open its recording'));
    assert.deepEqual(service.asked('open_recording'), [{ path: '/home/lab/one.rscope' }]);
  });

  test('say that there are none yet', async () => {
    await home({ answers: { recent_runs: { runs: [] } } });
    screen.getByText(/^No run has been made on this machine yet\./);
  });

  test('say why they could not be read', async () => {
    await home({ answers: { recent_runs: failure('path_unwritable', 'The list is not to be read.') } });
    screen.getByText('The list is not to be read.');
  });
});

describe('the check of this machine', () => {
  const check = (): HTMLElement => screen.getByRole('region', { name: 'This machine' });

  test('says what works, and what could be added without calling it trouble', async () => {
    await home();
    assert.equal(within(check()).getByRole('status').textContent, '5 of 6 checks pass; the rest works without them');
    assert.match(within(check()).getByText('mqtt').closest('li')?.textContent ?? '', /^works: mqttbuilt-in broker$/);
    assert.match(
      within(check()).getByText('quic, WebTransport').closest('li')?.textContent ?? '',
      /^needs a step: .*HTTP\/2 is used instead$/,
    );
  });

  test('is made again when asked, and not twice at once', async () => {
    const { service, user } = await home();
    service.willAnswer({ check: 'later' });
    const again = within(check()).getByRole<HTMLButtonElement>('button', { name: 'Check again' });
    await user.click(again);
    assert.equal(again.disabled, true);
    assert.equal(within(check()).getByRole('status').textContent, 'checking');
    assert.equal(service.asked('check').length, 2);
  });

  test('says why it could not be made', async () => {
    await home({ answers: { check: failure('internal', 'It could not be looked at.') } });
    await settle();
    within(check()).getByText('It could not be looked at.');
  });
});
