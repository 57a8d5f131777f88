import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JSX } from 'react';
import { currentPlace } from '#renderer/session/navigation.ts';
import { useKeyboard } from '#renderer/shell/keyboard.ts';
import { Toasts } from '#renderer/shell/dialogs/toasts-region.tsx';
import type { ParticipantView, RunView } from '#shared/run-view/run-view.ts';
import { recordedView } from '#test/support/recorded/recorded-view.ts';
import { setSize } from '#test/support/rendered/layout.ts';
import { playedRun, playedSeat } from '#test/support/rendered/played.ts';
import { absent, act, open, pass, screen, settle, within } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { ParticipantsView } from './participants-view.tsx';

const run = playedRun(30);

function Window(): JSX.Element {
  useKeyboard();
  return (
    <>
      <ParticipantsView />
      <Toasts />
    </>
  );
}

function participants(options: OpenOptions = run): Promise<Opened> {
  return open(<Window />, { ...options, place: { view: 'participants', ...options.place } });
}

/** The recorded run with something changed in one of its participants. */
function withOne(id: string, change: (one: ParticipantView) => Partial<ParticipantView>, more: Partial<RunView> = {}) {
  const view = recordedView(30);
  const changed = view.participants.map((one) => (one.id === id ? { ...one, ...change(one) } : one));
  return participants({ at: run.at, snapshot: { view: { ...view, participants: changed, ...more } } });
}

function waitingForNode4(): RunView['wait'] {
  const { wait } = recordedView(30);
  return wait === null ? null : { ...wait, waitingFor: ['node-4'] as never };
}

const table = (): HTMLElement => screen.getByRole('region', { name: 'Table of participants' });
const names = (): string[] =>
  within(table())
    .getAllByRole('button')
    .map((button) => button.textContent);
const rowOf = (id: string): HTMLElement => {
  const row = within(table()).getByRole('button', { name: id }).closest('tr');
  assert.ok(row !== null);
  return row;
};
const pane = (): HTMLElement | null => screen.queryByRole('complementary', { name: /^Participant / });
const paneOf = (): string => pane()?.querySelector('h2')?.textContent ?? '';
function fact(term: string): string {
  assert.ok(pane() !== null);
  return within(pane() as HTMLElement).getByText(term, { selector: 'dt' }).nextElementSibling?.textContent ?? '';
}

describe('the table of participants', () => {
  test('has a row for each with transport, phase, signs of life, what counted, and its data', async () => {
    await participants();
    assert.deepEqual(names(), ['node-1', 'node-2', 'node-3', 'node-4']);
    assert.match(rowOf('node-2').textContent, /mqttmqtt\.js/);
    assert.match(rowOf('node-1').textContent, /3 of 3/);
    const mix = within(rowOf('node-1')).getByRole('img', { name: /^Class mix: 0 \d+ %, 1 \d+ %/ });
    assert.match(mix.parentElement?.textContent ?? '', /examples.*mostly “\d” \(\d+ %\)$/);
    screen.getByText(/^4 of 4 here/);
  });

  test('says how far the training of each is, as a bar with its figure', async () => {
    await participants();
    const bars = within(table()).getAllByRole('progressbar', { name: /^train, batch \d+ \/ \d+, epoch \d \/ 2$/ });
    assert.ok(bars.length > 0);
    for (const bar of bars) {
      const share = Number(bar.getAttribute('aria-valuenow'));
      assert.ok(share > 0 && share < 100, String(share));
      assert.match(bar.parentElement?.textContent ?? '', /about \d+ s left|nearly done/);
    }
  });

  test('lets signs of life grow old while none come, and says which of them is silent', async () => {
    await participants();
    const ages = (): string[] =>
      [...rowOf('node-1').querySelectorAll('td.num')].slice(0, 3).map((cell) => cell.textContent);
    const before = Number.parseFloat(ages()[0] ?? '');
    await pass(1000);
    assert.ok(Math.abs(Number.parseFloat(ages()[0] ?? '') - before - 1) < 0.11, ages().join());
    await pass(60_000);
    assert.match(ages()[0] ?? '', /silent$/);
  });

  test('says that the link of one is lost, for how long and why', async () => {
    await withOne('node-3', ({ link }) => ({
      link: { ...link, state: 'lost', since: run.at - 7000, reason: 'nothing heard for 5 s' },
    }));
    assert.match(rowOf('node-3').textContent, /link lost, 7 snothing heard for 5 s/);
  });

  test('says what was injected into one', async () => {
    await withOne('node-3', () => ({ faults: ['freeze-trainer'] as never }));
    assert.match(rowOf('node-3').textContent, /injected: freeze-trainer/);
  });

  test('keeps who has left below the others, with when and why', async () => {
    await withOne('node-2', () => ({
      left: { at: run.at - 1000, clean: false, reason: 'the link was lost' } as never,
    }));
    assert.deepEqual(names(), ['node-1', 'node-3', 'node-4', 'node-2']);
    screen.getByText('Not in the run');
    assert.match(rowOf('node-2').textContent, /left at 12:00:29, without goodbye: the link was lost.*lost$/);
    screen.getByText(/^3 of 4 here/);
  });

  test('lists who was refused, and why', async () => {
    await withOne('node-1', () => ({}), {
      refused: [{ at: run.at, name: 'lab-5', address: '10.0.0.5:1', key: '', reason: 'not on the list' }] as never,
    });
    const row = screen.getByText('lab-5').closest('tr');
    assert.match(row?.textContent ?? '', /refused at 12:00:30: not on the list.*refused$/);
  });

  test('puts those that are late first when asked, the longest without progress on top', async () => {
    const { user } = await withOne('node-4', () => ({ lastProgressAt: run.at - 40_000 }), { wait: waitingForNode4() });
    assert.equal(names()[0], 'node-1');
    await user.click(screen.getByRole('button', { name: 'Late first' }));
    assert.equal(names()[0], 'node-4');
    assert.equal(screen.getByRole('button', { name: 'Late first' }).getAttribute('aria-pressed'), 'true');
    await user.click(screen.getByRole('button', { name: 'By name' }));
    assert.equal(names()[0], 'node-1');
  });

  test('says that nobody has come yet', async () => {
    await withOne('', () => ({}), { participants: [] });
    screen.getByText('Nobody has registered yet. Participants appear here with their keys as they come in.');
  });
});

describe('the pane of a participant', () => {
  test('is open from the start where there is room, and stays closed once it was closed', async () => {
    const { user } = await participants();
    assert.equal(paneOf(), 'node-1');
    await user.click(screen.getByRole('button', { name: 'Close node-1' }));
    absent(pane());
    await pass(1000);
    absent(pane());
  });

  test('is not open by itself in a narrow window', async () => {
    act(() => setSize({ width: 1024 }));
    const { user } = await participants();
    absent(pane());
    await user.click(rowOf('node-3'));
    assert.equal(paneOf(), 'node-3');
    assert.equal(currentPlace().participant, 'node-3');
  });

  test('begins with whom a verdict names', async () => {
    await participants(playedRun(58, { stallInRound: 4 }));
    assert.equal(paneOf(), 'node-3');
  });

  test('is opened by the name as well, which says that it is open', async () => {
    const { user } = await participants();
    const name = within(table()).getByRole('button', { name: 'node-2' });
    name.focus();
    await user.keyboard('{Enter}');
    assert.equal(paneOf(), 'node-2');
    assert.equal(name.getAttribute('aria-pressed'), 'true');
  });

  test('goes to the next and the one before by J and K, and closes with Escape', async () => {
    const { user } = await participants();
    await user.keyboard('jj');
    assert.equal(paneOf(), 'node-3');
    await user.keyboard('k');
    assert.equal(paneOf(), 'node-2');
    await user.keyboard('jjjjj');
    assert.equal(paneOf(), 'node-4', 'and no further');
    await user.keyboard('{Escape}');
    absent(pane());
  });

  test('has its identity, its session and its rounds', async () => {
    await participants();
    const [first] = recordedView(30).participants;
    assert.ok(first?.data != null);
    assert.match(pane()?.textContent ?? '', new RegExp(first.key.slice(0, 4)));
    assert.match(fact('Came in'), /^12:00:00 from 127\.0\.0\.1:40211$/);
    assert.equal(fact('Trains with'), 'onnxruntime');
    assert.match(fact('Data'), /^[\d,]+ to train, 90 held out$/);
    assert.match(fact('Up'), /payload, .* on the wire$/);
    const bars = within(pane() as HTMLElement).getAllByRole('img', { name: /^round \d/ });
    assert.match(bars[0]?.getAttribute('aria-label') ?? '', /^round 1: compute \d+\.\d s, communicate \d+\.\d s/);
    assert.equal(bars.at(-1)?.getAttribute('aria-label'), 'round 10, not begun');
  });

  test('says what is not known as not known', async () => {
    await withOne('node-1', ({ link }) => ({
      key: '',
      joinedAt: 0,
      data: null,
      trainer: '',
      link: { ...link, rttMs: null },
    }));
    assert.match(pane()?.textContent ?? '', /Identity not known yet/);
    assert.deepEqual([fact('Came in'), fact('Trains with'), fact('Data')], ['not yet', '–', '–']);
    assert.match(pane()?.textContent ?? '', /round trip–/);
    assert.equal(screen.getByRole<HTMLButtonElement>('button', { name: 'Copy key' }).disabled, true);
  });

  test('says why its link is not as it should be', async () => {
    await withOne('node-1', ({ link }) => ({
      link: { ...link, state: 'degraded', reason: 'nothing heard for 2.5 s', fallback: 'UDP blocked; over TCP now' },
    }));
    assert.match(pane()?.textContent ?? '', /Session degraded: nothing heard for 2\.5 s/);
    within(pane() as HTMLElement).getByText('UDP blocked; over TCP now');
  });

  test('gives its key to the clipboard', async () => {
    const { user } = await participants();
    await user.click(screen.getByRole('button', { name: 'Copy key' }));
    await settle();
    assert.equal(await navigator.clipboard.readText(), recordedView(30).participants[0]?.key);
    within(screen.getByRole('log')).getByText('Copied: the key of node-1');
  });

  test('leads to its packets by button and by P', async () => {
    const { user } = await participants();
    await user.click(screen.getByRole('button', { name: /^Its packets/ }));
    assert.deepEqual([currentPlace().view, currentPlace().filter], ['packets', 'participant == node-1']);
  });
});

describe('participants from a participant\u2019s chair', () => {
  test('are this node first, and of the others what was told alone', async () => {
    await participants(playedSeat(489));
    assert.equal(names()[0], 'lab-2');
    assert.match(rowOf('lab-2').textContent, /this node/);
    screen.getByText('Key, transport, phase, link, process and progress: not told to participants');
    absent(screen.queryByRole('button', { name: 'Late first' }), 'lateness is not told');
    screen.getByText(/^4 known here by name/);
  });

  test('that are another one have no figures but those of rounds', async () => {
    const { user } = await participants(playedSeat(489));
    await user.click(within(table()).getByRole('button', { name: 'lab-3' }));
    assert.equal(paneOf(), 'lab-3');
    assert.match(fact('Counted'), /^in 12 of the 12 rounds that this node saw end$/);
    assert.match(fact('Asked'), /^in 13 rounds from 1 to 13$/);
    within(pane() as HTMLElement).getByText(/^Key, address, data, link and the time that it needs: not told/);
    absent(screen.queryByRole('button', { name: 'Copy key' }));
  });
});
