import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorReport } from '#shared/base/errors.ts';
import { errorWords } from '#shared/contract/error-words.ts';
import type { LossView } from '#shared/run-view/run-view.ts';
import { recordedStart } from '#test/support/recorded/recorded-view.ts';
import { seatPreview } from '#test/support/kits/seat-answers.ts';
import { absent, screen, show, within } from '#test/support/rendered/rendered.tsx';
import { DataNotes, Thumbs } from './forms/data-notes.tsx';
import { ErrorCard } from './error-card.tsx';
import { FormFoot } from './forms/form-foot.tsx';
import { IncompleteLine } from './incomplete-line.tsx';
import { NotTold } from './not-told.tsx';
import { PlanList } from './forms/plan-list.tsx';
import type { PlanWords } from './forms/plan-list.tsx';

const refused: ErrorReport = {
  code: 'connect_refused',
  layer: 'transport',
  message: 'Nobody listens at 10.0.4.18:4433.',
  retryable: true,
  context: {},
  causes: [],
};

/** What a list of terms says of one. */
function told(term: string): string {
  const dt = screen.getByText(term, { selector: 'dt' });
  return dt.nextElementSibling?.textContent ?? '';
}

describe('an error card', () => {
  test('says what happened, what it means and what to try', () => {
    show(<ErrorCard error={refused} />);
    assert.equal(told('What happened'), 'Nobody listens at 10.0.4.18:4433.');
    assert.equal(told('What it means'), errorWords.connect_refused.meaning);
    assert.equal(told('What to try'), errorWords.connect_refused.tryThis);
  });

  test('adds what caused it, where that is known', () => {
    show(<ErrorCard error={{ ...refused, causes: ['ECONNREFUSED', 'the port is closed'] }} />);
    assert.equal(told('What happened'), 'Nobody listens at 10.0.4.18:4433. (ECONNREFUSED: the port is closed)');
  });

  test('shows what another machine says as text that cannot turn the sentence around', () => {
    show(<ErrorCard error={{ ...refused, message: 'x\u202ey <b>bold</b>' }} />);
    assert.equal(told('What happened'), 'x\\u202ey <b>bold</b>');
    absent(document.querySelector('b'));
  });
});

describe('what participants are not told', () => {
  test('is said to be not told, with what it is', () => {
    const { rerender } = show(<NotTold />);
    screen.getByText('not told to participants');
    rerender(<NotTold what="Weights" />);
    screen.getByText('Weights: not told to participants');
  });
});

function loss(over: Partial<LossView>): LossView {
  return {
    process: 'node-1',
    kind: 'events',
    reason: 'queue_full',
    count: 3,
    afterPacket: 0,
    from: recordedStart,
    to: recordedStart + 5000,
    at: recordedStart + 6000,
    ...over,
  };
}

describe('the line about what may be incomplete', () => {
  test('is not there while nothing is missing, or only what is missing in the file', () => {
    const { rerender } = show(<IncompleteLine losses={[]} />);
    absent(screen.queryByRole('note'));
    rerender(<IncompleteLine losses={[loss({ reason: 'disk_refused' }), loss({ kind: 'packets' })]} />);
    absent(screen.queryByRole('note'));
  });

  test('says how many events of whom are missing, from when to when', () => {
    show(<IncompleteLine losses={[loss({}), loss({ process: 'node-2', count: 1200, from: recordedStart - 1000 })]} />);
    const line = screen.getByRole('note').textContent;
    assert.match(line, /1,203 events of node-1, node-2 were lost/);
    assert.match(line, /may be incomplete \(11:59:59 to 12:00:05\)$/);
  });

  test('names one moment as one', () => {
    show(<IncompleteLine losses={[loss({ count: 1, to: recordedStart })]} />);
    assert.match(screen.getByRole('note').textContent, /^1 event of node-1 was lost.* \(12:00:00\)$/);
  });
});

const foot = {
  name: 'join',
  reasons: [],
  ready: 'Everything is ready.',
  before: 'Before you can join',
  sent: null,
  button: 'Join',
  onSend: () => undefined,
  onBack: () => undefined,
  end: null,
} as const;

describe('the foot of a form', () => {
  const send = (): HTMLButtonElement => screen.getByRole('button', { name: 'Join' });

  test('sends when nothing is in the way, and goes back', async () => {
    const done: string[] = [];
    const { user } = show(<FormFoot {...foot} onSend={() => done.push('sent')} onBack={() => done.push('back')} />);
    assert.equal(screen.getByRole('status').textContent, 'Everything is ready.');
    await user.click(send());
    await user.click(screen.getByRole('button', { name: 'Back' }));
    assert.deepEqual(done, ['sent', 'back']);
  });

  test('says the first thing that is in the way and how many more there are, and is not sent', () => {
    const { rerender } = show(<FormFoot {...foot} reasons={['Paste the invitation.', 'no data', 'no name']} />);
    assert.equal(send().disabled, true);
    assert.equal(screen.getByRole('status').textContent, 'Before you can join: Paste the invitation (and 2 more).');
    assert.equal(send().getAttribute('aria-describedby'), screen.getByRole('status').id);
    rerender(<FormFoot {...foot} reasons={['no name']} />);
    assert.equal(screen.getByRole('status').textContent, 'Before you can join: no name.');
  });

  test('is sent once: while the answer is awaited it says so', () => {
    show(<FormFoot {...foot} sent="Joining" />);
    assert.equal(screen.getByRole('status').textContent, 'Joining');
    assert.equal(send().disabled, true);
  });

  test('ends what is in the way, where that is a run of this window', async () => {
    let ended = 0;
    const { user } = show(<FormFoot {...foot} end={{ word: 'Leave', act: () => ended++ }} />);
    await user.click(screen.getByRole('button', { name: 'Leave…' }));
    assert.equal(ended, 1);
  });
});

const plan: PlanWords = {
  network: null,
  name: 'emotion pilot',
  shape: [1, 48, 48],
  classes: ['angry', 'happy'],
  rounds: 20,
  deadlineMs: 45_000,
  participants: 4,
  quorum: 0.75,
  localEpochs: 2,
  weightRule: { weightCap: 3, normClip: null },
  training: 'batch 32, SGD 0.01',
  parameters: 2_345_607,
};

describe('the plan of a run', () => {
  test('says what everybody is asked for', () => {
    show(<PlanList plan={plan} />);
    assert.equal(told('Run'), 'emotion pilot');
    assert.equal(told('Network'), '2,345,607 parameters');
    assert.equal(told('Pictures'), '48 × 48 grey');
    assert.equal(told('Rounds'), '20, updates within 45 s; 3 of 4 are enough');
    assert.equal(told('Training'), '2 epochs a round, batch 32, SGD 0.01');
    assert.match(
      told('Counting'),
      /at most 3 times the equal share, and of three or more never more than .*The size of an update has no limit/,
    );
    const classes = within(screen.getByRole('list', { name: 'Classes of the run' })).getAllByRole('listitem');
    assert.deepEqual(
      classes.map((one) => one.textContent),
      ['angry', 'happy'],
    );
  });

  test('says where all are needed, and minutes as minutes', () => {
    show(<PlanList plan={{ ...plan, quorum: 1, deadlineMs: 120_000, localEpochs: 1, training: '' }} />);
    assert.equal(told('Rounds'), '20, updates within 2 min; all 4 are needed');
    assert.equal(told('Training'), '1 epoch a round');
  });

  test('shows what is not known as not known', () => {
    show(<PlanList plan={{ ...plan, shape: null, classes: [], weightRule: null, parameters: null }} />);
    assert.equal(told('Pictures'), 'as the data has them');
    assert.equal(told('Classes'), 'as the data has them');
    assert.equal(told('Counting'), 'not told');
    absent(screen.queryByText('Network'));
  });
});

describe('what was read of the data', () => {
  const preview = seatPreview({ data: '~/data/faces' });

  test('shows some pictures with the class that each is of', () => {
    show(<Thumbs preview={preview} />);
    assert.equal(screen.getAllByRole('img').length, 12, 'a row or two of them');
    assert.equal(screen.getAllByRole('img', { name: 'one of angry' }).length, 2);
    screen.getByText(/^12 of 1,666, as 48 × 48 grey$/);
  });

  test('says of faces that were drawn that they are synthetic', () => {
    show(<Thumbs preview={{ ...preview, source: 'faces (synthetic)' }} />);
    screen.getByText(/as 48 × 48 grey, synthetic: drawn by a program$/);
  });

  test('shows nothing where there are no pictures', () => {
    show(<Thumbs preview={{ ...preview, pictures: [] }} />);
    absent(document.querySelector('figure'));
  });

  test('says what was left out with an example, and what was changed on reading', () => {
    show(<DataNotes preview={preview} />);
    screen.getByRole('heading', { name: 'Left out 14 in all' });
    screen.getByRole('row', { name: '6 not pictures Thumbs.db' });
    screen.getByRole('heading', { name: 'Changed on reading your files stay as they are' });
    screen.getByRole('row', { name: '1,412 scaled 96 × 96 to 48 × 48' });
  });

  test('warns of what is worth a look, and says nothing where there is nothing', () => {
    const { rerender, container } = show(
      <DataNotes preview={{ ...preview, warnings: ['One class has 3 pictures.'] }} />,
    );
    screen.getByText('One class has 3 pictures.');
    rerender(<DataNotes preview={{ ...preview, leftOut: [], changed: [] }} />);
    assert.equal(container.textContent, '');
  });
});
