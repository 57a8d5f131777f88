import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SeatStory } from '#test/support/recorded/recorded-seat.ts';
import { playedRun, playedSeat } from '#test/support/rendered/played.ts';
import { absent, act, open, pass, screen, settle } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { currentPlace } from '#renderer/session/navigation.ts';
import { EndRunDialog } from '../dialogs/end-run-dialog.tsx';
import { StatusSlot } from './status-slot.tsx';
import { Toasts } from '../dialogs/toasts-region.tsx';
import { forgetEnding, useEndingAsked } from '#renderer/session/run/ending.ts';
import type { JSX } from 'react';

function Asked(): JSX.Element | null {
  return useEndingAsked() ? <EndRunDialog /> : null;
}

function slot(options: OpenOptions = {}): Promise<Opened> {
  forgetEnding();
  return open(
    <>
      <StatusSlot />
      <Asked />
      <Toasts />
    </>,
    options,
  );
}

const status = (): HTMLElement => screen.getByRole('region', { name: 'Status' });
const words = (): string => status().textContent.replaceAll('\u00a0', ' ');
const button = (name: string | RegExp): HTMLButtonElement => screen.getByRole('button', { name });

describe('the status of a demo', () => {
  test('without a run says that nothing leaves this machine', async () => {
    await slot();
    assert.equal(words(), 'Ready. Nothing leaves this machine before you join or coordinate a run.');
  });

  test('says that there is no stall, who is slowest, and what the last round did to the accuracy', async () => {
    await slot(playedRun(26));
    assert.match(words(), /^No stall/);
    assert.match(words(), /Slowest is node-\d, about \d+ s of training left/);
    assert.match(words(), /Accuracy \d+\.\d %, (up|down) \d+\.\d points/);
  });

  test('says that a participant\u2019s signs of life get older while none come', async () => {
    await slot(playedRun(30));
    const progress = (): number => Number(/progress (\d+\.\d) s/.exec(words())?.[1]);
    const before = progress();
    await pass(3000);
    assert.ok(progress() >= before + 2.9, `${before} then ${progress()}`);
  });

  test('when it is completed offers what people want next: again, with a fault, another way', async () => {
    const { service, user } = await slot(playedRun(200));
    assert.match(words(), /^Completed/);
    await user.click(button('Run with a fault'));
    const [asked] = service.asked('start_demo');
    assert.deepEqual(asked?.settings.faults, [{ name: 'connection-per-message', participant: 'node-4', round: 2 }]);
    assert.equal(asked?.settings.split, 'dirichlet:0.3', 'the same run otherwise');
    await user.click(button('Join a run'));
    assert.equal(currentPlace().view, 'join');
  });

  test('is not started twice while the first start is not answered', async () => {
    const { service, user } = await slot({ ...playedRun(200), answers: { start_demo: 'later' } });
    await user.click(button('Run again'));
    assert.equal(button('Run again').disabled, true);
    await user.click(button('Run again'));
    assert.equal(service.asked('start_demo').length, 1);
  });
});

describe('a verdict in the status', () => {
  const stalled = playedRun(58, { stallInRound: 4 });

  test('says the sentence, the layer, since when, and what happens next', async () => {
    await slot(stalled);
    const verdict = screen.getByRole('region', { name: 'Current verdict' });
    assert.match(verdict.textContent, /node-3 never hears/);
    assert.match(words(), /Layertransport, node-3/);
    assert.match(words(), /Since12:00:\d\d, for \d+ s/);
    assert.match(words(), /injected fault: /);
  });

  test('is told to the ear once: its figures do not repeat it', async () => {
    const { service, session } = await slot(stalled);
    const alert = screen.getByRole('alert');
    const spoken = alert.textContent;
    assert.match(spoken, /node-3 never hears.* Layer: transport\. Next: /);
    const { view } = session.state();
    assert.ok(view !== null);
    const verdicts = view.verdicts.map((one) => ({ ...one, sentence: one.sentence.replace('node-3', 'node-3 (9 s)') }));
    act(() => service.show({ view: { ...view, verdicts } }));
    assert.match(words(), /node-3 \(9 s\) never hears/, 'the eye has the newest');
    assert.equal(screen.getByRole('alert').textContent, spoken);
    assert.ok(screen.getByRole('alert') === alert, 'the same element, or it would be read out again');
  });

  test('leads to its evidence', async () => {
    const { user } = await slot(stalled);
    await user.click(button('Show evidence'));
    assert.equal(currentPlace().view, 'diagnosis');
  });

  test('is copied as a report', async () => {
    const { user } = await slot(stalled);
    await user.click(button('Copy report'));
    await settle();
    screen.getByText('Report copied');
    assert.match(await navigator.clipboard.readText(), /^.*node-3 never hears[\s\S]*evidence:/);
  });

  test('says where the report stands when the clipboard is not to be had', async (t) => {
    const { user } = await slot(stalled);
    t.mock.method(console, 'warn', () => undefined);
    t.mock.method(navigator.clipboard, 'writeText', () => Promise.reject(new Error('no')));
    await user.click(button('Copy report'));
    await settle();
    screen.getByText('The clipboard is not available here; the report stands under Diagnosis.');
  });
});

describe('the status when the service is not there', () => {
  test('says for how long the picture has stood still, and goes on counting', async () => {
    const { service } = await slot(playedRun(30));
    act(() => service.goAway('the service process ended'));
    assert.match(screen.getByRole('alert').textContent, /not updated any more: the service is gone\.$/);
    await pass(7000);
    assert.match(words(), /Stopped updating 7 s ago\..*Reconnects by itself\. If you stopped it in the terminal/);
    assert.doesNotMatch(words(), /No stall/, 'nothing of the run is said as if it were now');
  });

  test('says of one that does not answer that it goes on by itself', async () => {
    const { service } = await slot(playedRun(30));
    act(() => service.tell({ type: 'alive' }));
    await pass(5250);
    assert.match(words(), /The service does not answer/);
    act(() => service.tell({ type: 'alive' }));
    act(() => service.tell({ type: 'alive' }));
    assert.match(words(), /^No stall/);
  });

  test('says that it came back, for ten seconds', async () => {
    const { service, session } = await slot(playedRun(30));
    act(() => service.goAway('the service process ended'));
    await act(async () => session.attach(service.port));
    await settle();
    assert.match(words(), /^Service restartedconnected again at 12:00:30/);
    assert.match(words(), /No stall/);
    await pass(11_000);
    assert.doesNotMatch(words(), /Service restarted/);
  });
});

describe('the status of a participant', () => {
  const seat = (elapsedS: number, story: SeatStory, options: OpenOptions = {}): Promise<Opened> =>
    slot({ ...playedSeat(elapsedS, story), ...options });

  test('says what this node does, with the batch it is at', async () => {
    await seat(489, 'live');
    assert.match(words(), /This node lab-2 is training, batch \d+ \/ 84/);
  });

  test('pauses and goes on', async () => {
    const { service, user } = await seat(489, 'live');
    await user.click(button(/^Pause/));
    assert.deepEqual(service.asked('set_paused'), [{ paused: true }]);
  });

  test('says since when it pauses, and goes on when asked', async () => {
    const { service, user } = await seat(520, 'paused');
    assert.match(words(), /[Pp]aused/);
    await user.click(button('Resume'));
    assert.deepEqual(service.asked('set_paused'), [{ paused: false }]);
  });

  test('says who was not heard for how long, what was tried, and what is kept', async () => {
    await seat(585, 'gone');
    const banner = screen.getByRole('region', { name: 'The coordinator does not answer' });
    assert.match(banner.textContent, /The coordinator does not answer: last heard \d+ s ago\./);
    assert.match(banner.textContent, /Your updateof round 13 is kept/);
    assert.match(banner.textContent, /Gives upin \d+ min/);
    assert.match(
      screen.getByRole('alert').textContent,
      /Your update of round 13 is kept\. Trying goes on by itself\.$/,
    );
  });

  test('tries now, and keeps trying without a limit, when asked', async () => {
    const { service, user } = await seat(585, 'gone');
    await user.click(button('Try now'));
    await user.click(button('Keep trying'));
    assert.deepEqual(
      service.requests.filter((name) => name === 'try_now' || name === 'keep_trying'),
      ['try_now', 'keep_trying'],
    );
  });

  test('asks before it leaves, and says what of its work would be lost', async () => {
    const { service, user } = await seat(585, 'gone');
    await user.click(button('Leave…'));
    const dialog = screen.getByRole('dialog', { name: 'Leave emotion pilot?' });
    assert.match(dialog.textContent, /The coordinator cannot be told now/);
    assert.match(dialog.textContent, /The update of round 13 is computed but not sent; it would not count\./);
    assert.deepEqual(service.asked('stop_run'), []);
    await user.click(button('Cancel'));
    absent(screen.queryByRole('dialog'));
    assert.deepEqual(service.asked('stop_run'), []);
  });

  test('leaves when that is meant', async () => {
    const { service, user } = await seat(489, 'live');
    await user.click(button('Leave…'));
    assert.match(screen.getByRole('dialog').textContent, /The training of round 13 is under way and would be lost\./);
    await user.click(button('Leave'));
    assert.deepEqual(service.asked('stop_run'), [{}]);
    absent(screen.queryByRole('dialog'));
  });

  test('says after the end how it ended, and offers to join again', async () => {
    await seat(480, 'left');
    assert.match(words(), /[Ll]eft/);
    absent(screen.queryByRole('button', { name: 'Leave…' }));
  });
});
