import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { currentPlace } from '#renderer/session/navigation.ts';
import { Toasts } from '#renderer/shell/dialogs/toasts-region.tsx';
import type { RunView, VerdictView } from '#shared/run-view/run-view.ts';
import { recordedStart, recordedView } from '#test/support/recorded/recorded-view.ts';
import { playedRun, playedSeat } from '#test/support/rendered/played.ts';
import { absent, act, open, pass, screen, settle, within } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { DiagnosisView } from './diagnosis-view.tsx';

const stalled = playedRun(58, { stallInRound: 4 });

function diagnosis(options: OpenOptions): Promise<Opened> {
  return open(
    <>
      <DiagnosisView />
      <Toasts />
    </>,
    options,
  );
}

/** With verdicts beside, or instead of, those of the recorded run. */
function withView(change: (view: RunView) => Partial<RunView>, at = stalled.at): Promise<Opened> {
  const view = recordedView(58, { stallInRound: 4 });
  return diagnosis({ at, snapshot: { view: { ...view, ...change(view) } } });
}

const panel = (): HTMLElement => screen.getByRole('region', { name: 'Verdict' });
const heading = (): string => within(panel()).getByRole('heading', { level: 2 }).textContent;
function fact(term: string): string {
  return within(panel()).getByText(term, { selector: 'dt' }).nextElementSibling?.textContent ?? '';
}
const clocks = (id: string): string[] =>
  within(screen.getByRole('row', { name: new RegExp(`^${id}`) }))
    .getAllByRole('cell')
    .slice(1)
    .map((cell) => cell.textContent);

describe('a verdict with its evidence', () => {
  test('says the sentence, its layer and rule, since when, and what happens next', async () => {
    await diagnosis(stalled);
    assert.equal(heading(), 'Verdict');
    assert.match(panel().textContent, /node-3 never hears/);
    assert.equal(fact('Layer'), 'transport, node-3');
    assert.match(fact('Since'), /^12:00:\d\d, found after \d+\.\d s$/);
    assert.match(fact('Injected'), /connection/);
  });

  test('counts down to what happens next', async () => {
    await diagnosis(stalled);
    const left = (): number => Number(/in (\d+) s$/.exec(fact('Next'))?.[1]);
    const before = left();
    assert.ok(before > 2, fact('Next'));
    await pass(2000);
    assert.equal(left(), before - 2);
  });

  test('lists its evidence in order of time, and each piece leads to where it stands', async () => {
    const { user } = await diagnosis(stalled);
    const evidence = within(within(panel()).getByRole('list')).getAllByRole('button');
    assert.ok(evidence.length >= 2);
    const times = evidence.map((one) => one.textContent.slice(0, 12));
    assert.deepEqual(times, times.toSorted());
    const packet = evidence.find((one) => one.textContent.includes('packet:'));
    assert.ok(packet !== undefined);
    await user.click(packet);
    assert.equal(currentPlace().view, 'packets');
    assert.equal(currentPlace().packet, Number(/packet:(\d+)/.exec(packet.textContent)?.[1]));
  });

  test('is copied as a report', async () => {
    const { user } = await diagnosis(stalled);
    await user.click(screen.getByRole('button', { name: 'Copy report' }));
    await settle();
    within(screen.getByRole('log')).getByText('Report copied');
    assert.match(await navigator.clipboard.readText(), /node-3 never hears[\s\S]*evidence:/);
  });

  test('that is over says since when and why, and nothing of what comes next', async () => {
    await withView(({ verdicts }) => ({
      verdicts: verdicts.map((one) => ({
        ...one,
        clearedAt: stalled.at - 5000,
        clearedBecause: 'its update arrived',
      })),
    }));
    assert.equal(heading(), 'Verdict, cleared');
    assert.match(fact('Cleared'), /^12:00:53, its update arrived$/);
    absent(within(panel()).queryByText('Next', { selector: 'dt' }));
  });

  test('says what it outlived', async () => {
    await withView(({ verdicts }) => ({
      verdicts: verdicts.map((one) => ({ ...one, history: [{ at: stalled.at - 1000, text: 'the process ended' }] })),
    }));
    assert.match(fact('Then'), /^12:00:57 the process ended$/);
  });
});

describe('the verdicts so far', () => {
  const older = (verdict: VerdictView): VerdictView => ({
    ...verdict,
    verdict: 'older',
    sentence: 'node-1 was slow',
    since: verdict.since - 20_000,
    at: verdict.at - 20_000,
    clearedAt: verdict.at - 10_000,
    clearedBecause: 'it went on',
  });
  const both = ({ verdicts }: RunView): Partial<RunView> => ({
    verdicts: verdicts.flatMap((one) => [older(one), one]),
  });

  test('are listed newest first, with how long each lasted and whether it is open', async () => {
    await withView(both);
    const rows = within(screen.getByRole('region', { name: 'List of verdicts' }))
      .getAllByRole('row')
      .slice(1)
      .map((row) => row.textContent);
    assert.equal(rows.length, 2);
    assert.match(rows[0] ?? '', /node-3 never hears.*open$/);
    assert.match(rows[1] ?? '', /node-1 was slow\d+ scleared$/);
  });

  test('are shown one at a time: the open one first, another when it is chosen', async () => {
    const { user } = await withView(both);
    assert.match(panel().textContent, /node-3 never hears/);
    const row = screen.getByRole('button', { name: 'node-1 was slow' });
    assert.equal(row.getAttribute('aria-pressed'), 'false');
    await user.click(row);
    assert.equal(row.getAttribute('aria-pressed'), 'true');
    assert.match(panel().textContent, /node-1 was slow/);
    assert.equal(heading(), 'Verdict, cleared');
  });

  test('are none while no rule named anything, and it is said how that is known', async () => {
    await diagnosis(playedRun(30));
    assert.equal(heading(), 'No verdict');
    screen.getByText('Each verdict stays listed here, also once its cause is over.');
    screen.getByText('none in this run');
  });

  test('are of what was last told, once the service is gone', async () => {
    const { service } = await diagnosis(playedRun(30));
    act(() => service.goAway('the service process ended'));
    assert.match(panel().textContent, /when this window was last told: /);
  });

  test('may be incomplete where events were lost, which stands above them', async () => {
    const lost = { process: 'node-1', kind: 'events', reason: 'queue_full', count: 7, afterPacket: 0 } as const;
    await withView(() => ({
      losses: [{ ...lost, from: recordedStart, to: recordedStart, at: recordedStart }],
    }));
    assert.match(within(panel()).getByRole('note').textContent, /^7 events of node-1 were lost/);
  });
});

describe('the clocks', () => {
  test('say how long ago link, process and work of each gave a sign of life, and go on', async () => {
    await diagnosis(playedRun(30));
    const before = clocks('node-1').map(Number.parseFloat);
    assert.equal(before.length, 3);
    await pass(4000);
    const after = clocks('node-1').map(Number.parseFloat);
    after.forEach((s, i) => assert.ok(s - (before[i] ?? 0) > 3.8, `${before[i]} then ${s}`));
  });

  test('mark a silence that is longer than it may be', async () => {
    await withView(({ participants }) => ({
      participants: participants.map((one) => ({ ...one, lastLinkAt: stalled.at - 42_000 })),
    }));
    assert.equal(clocks('node-1')[0], '42 s ago');
    const cell = within(screen.getByRole('row', { name: /^node-1/ })).getByText('42 s ago');
    assert.ok(cell.querySelector('svg'), 'with a sign beside the figure');
  });

  test('do not blame whoever waits for the others', async () => {
    await withView(({ participants, wait }) => ({
      wait: wait === null ? null : { ...wait, waitingFor: [] },
      participants: participants.map((one) => ({ ...one, lastProgressAt: stalled.at - 90_000 })),
    }));
    assert.equal(clocks('node-1')[2], '90 s ago, not due');
  });

  test('say of one that has not been heard yet that it has not', async () => {
    await withView(({ participants }) => ({
      participants: participants.map((one) => ({ ...one, lastProcessAt: 0 })),
    }));
    assert.equal(clocks('node-1')[1], 'not yet');
  });

  test('stand at the end of the run once it is over', async () => {
    await diagnosis(playedRun(200));
    screen.getByText('last sign of life when the run ended');
    const before = clocks('node-1');
    await pass(5000);
    assert.deepEqual(clocks('node-1'), before);
  });

  test('of the others are not told to a participant', async () => {
    await diagnosis(playedSeat(489));
    assert.match(screen.getByRole('row', { name: /^3 others/ }).textContent, /not told to participants$/);
    assert.equal(clocks('lab-2').length, 3);
  });
});

describe('a coordinator that is silent', () => {
  test('is said to be before any rule has named the cause, with how long', async () => {
    await diagnosis(playedSeat(585, 'gone'));
    assert.equal(heading(), 'Coordinator silent');
    const silent = (): number => Number(/last heard (\d+) s ago/.exec(panel().textContent)?.[1]);
    const before = silent();
    assert.ok(before > 10);
    await pass(3000);
    assert.equal(silent(), before + 3);
  });
});
