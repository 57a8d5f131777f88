import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PortAnswers } from '#shared/contract/app/port-api.ts';
import { currentPlace } from '#renderer/session/navigation.ts';
import { seatApprovals, seatSent } from '#test/support/kits/seat-answers.ts';
import { playedRun, playedSeat } from '#test/support/rendered/played.ts';
import { absent, open, pass, screen, within } from '#test/support/rendered/rendered.tsx';
import type { Opened, OpenOptions } from '#test/support/rendered/rendered.tsx';
import { failure } from '#test/support/rendered/service-end.ts';
import { LeavesView } from './leaves-view.tsx';

async function leaves(answers: OpenOptions['answers'] = {}): Promise<Opened> {
  const page = await open(<LeavesView />, { ...playedSeat(300), answers });
  await pass(1);
  return page;
}

const sent = (): HTMLElement => screen.getByRole('region', { name: 'What leaves this machine' });
const row = (kind: string): HTMLElement => screen.getByRole('row', { name: new RegExp(`^${kind}`) });
const cells = (kind: string): string[] =>
  within(row(kind))
    .getAllByRole('cell')
    .map((cell) => cell.textContent ?? '');

describe('what leaves this machine', () => {
  test('is a row for each kind with how often and how much, those without pictures and all', async () => {
    await leaves();
    assert.match(sent().textContent ?? '', /all of it is on the list/);
    assert.deepEqual(cells('model_update').slice(1, 2), ['12']);
    assert.match(cells('model_update')[0] ?? '', /^The model update; Loss, accuracy/);
    assert.match(cells('register')[0] ?? '', /texts:.*“lab-2”.*“own pictures”/);
    assert.match(cells('pictures, labels').join(' '), /in none of these.*0 never/);
    const list = screen.getByRole('region', { name: 'The list of what may be sent' }).textContent ?? '';
    assert.match(list, /The model update.*sent/);
    assert.match(list, /That you pause.*not sent/);
  });

  test('names a field that is on no list, and says no more that all is', async () => {
    const { tally, ...rest } = seatSent();
    const kinds = tally.kinds.map((one) => (one.kind === 'register' ? { ...one, unlisted: ['register.folder'] } : one));
    await leaves({ what_left: { ...rest, tally: { ...tally, kinds } } });
    assert.match(sent().textContent ?? '', /1 field not on the list/);
    assert.match(cells('register')[0] ?? '', /not on the list: register\.folder/);
    assert.match(cells('pictures, labels')[0] ?? '', /^no field of the list holds one$/);
  });

  test('is counted on until nothing more is there, and says where it could not be', async () => {
    const whole = seatSent();
    let asked = 0;
    const inParts = ({ afterId }: { readonly afterId: number }): PortAnswers['what_left'] => {
      asked++;
      return afterId === 0 ? { ...whole, upTo: 10, more: true } : { ...whole, from: afterId, more: false };
    };
    await leaves({ what_left: inParts });
    assert.equal(asked, 2);
    assert.equal(cells('model_update')[1], '24');
    screen.getByText('all of it is on the list');
    const { unmount } = await leaves({ what_left: failure('not_running', 'This run is not recorded.') });
    screen.getAllByText(/This run is not recorded/);
    unmount();
  });

  test('opens to the values of the last message, and to its packets', async () => {
    const { user } = await leaves();
    await user.click(screen.getByRole('button', { name: 'heartbeat' }));
    const pane = screen.getByRole('complementary', { name: 'Sent: heartbeat' });
    await pass(1);
    assert.match(
      pane.textContent ?? '',
      /What was in it is not recorded any more/,
      'it is told, where the row is gone',
    );
    await user.click(within(pane).getByRole('button', { name: 'Its packets' }));
    assert.deepEqual([currentPlace().view, currentPlace().filter], ['packets', 'kind == heartbeat && direction == up']);
    await user.click(within(pane).getByRole('button', { name: 'Close heartbeat' }));
    absent(screen.queryByRole('complementary'));
  });

  test('has the signed answers beside it, and says when somebody has changed them', async () => {
    const { unmount } = await leaves();
    const panel = screen.getByRole('region', { name: 'Approvals' });
    assert.match(panel.textContent ?? '', /the chain of 2 answers is whole/);
    assert.match(panel.textContent ?? '', /refused.*scan study.*20 epochs/);
    unmount();
    await leaves({ approvals: { ...seatApprovals(), fault: 'line 2 was changed after it was signed' } });
    screen.getByText('the log was changed: line 2 was changed after it was signed');
  });

  test('is of a participant alone', async () => {
    await open(<LeavesView />, playedRun(20));
    screen.getByText(/^All parts of this run are on one machine/);
  });
});
