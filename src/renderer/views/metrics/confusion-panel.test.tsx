import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RunView } from '#shared/run-view/run-view.ts';
import { applyEvents } from '#shared/run-view/apply/apply-event.ts';
import { playedRun, type Played } from '#test/support/rendered/played.ts';
import { absent, screen, show, within } from '#test/support/rendered/rendered.tsx';
import { ConfusionPanel } from './confusion-panel.tsx';

function viewOf({ items, at }: Played): RunView {
  const events = items.flatMap((item) => ('event' in item && item.at <= at ? [item.event] : []));
  const view = applyEvents(null, events);
  assert.ok(view !== null);
  return view;
}

const panel = (): string => screen.getByRole('region', { name: 'What it gets wrong' }).textContent ?? '';
const last = (name: RegExp): string[] =>
  within(screen.getByRole('row', { name }))
    .getAllByRole('cell')
    .map((cell) => cell.textContent ?? '');

describe('what the model gets wrong', () => {
  const view = viewOf(playedRun(200));

  test('is the matrix of the newest round, with recall, F1 and of how many it is', () => {
    show(<ConfusionPanel view={view} round={null} />);
    const round = view.rounds.findLast(({ confusion }) => confusion !== null);
    assert.match(panel(), new RegExp(`round ${round?.round}, about \\d+ held-out examples; 1 of 4 sent no matrix`));
    const foot = last(/^precision/);
    assert.equal(foot.length, 13);
    assert.match(foot[11] ?? '', /^\d+\.\d %$/);
    assert.match(foot[12] ?? '', /^0\.\d{3}$/);
    assert.match(panel(), /is recognised least: \d+\.\d %/);
  });

  test('is of one participant where that is asked, and of whom there is none nothing is offered', async () => {
    const { user } = show(<ConfusionPanel view={view} round={null} />);
    const whose = screen.getByLabelText('Measured by');
    const offered = within(whose)
      .getAllByRole('option')
      .map((one) => one.textContent);
    assert.equal(offered.length, 4, offered.join(', '));
    await user.selectOptions(whose, offered[1] ?? '');
    assert.match(panel(), new RegExp(`by ${offered[1]}`));
  });

  test('is of the round under the crosshair while its matrix is kept, else of the newest', () => {
    const rounds = view.rounds.filter(({ confusion }) => confusion !== null);
    show(<ConfusionPanel view={view} round={rounds[0]?.round ?? 0} />);
    assert.match(panel(), new RegExp(`round ${rounds[0]?.round},`));
  });

  test('is unknown where nobody sent one, and so is macro F1', () => {
    const older = {
      ...view,
      rounds: view.rounds.map((round) => ({ ...round, confusion: null, macroF1: null, evaluations: [] })),
    };
    show(<ConfusionPanel view={older} round={null} />);
    assert.match(panel(), /Not known: nobody sent a matrix/);
    absent(screen.queryByRole('table'));
  });
});
