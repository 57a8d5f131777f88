import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { JSX } from 'react';
import { changeJoin, joinDraft } from '#renderer/session/run/drafts.ts';
import { currentPlace } from '#renderer/session/navigation.ts';
import { useKeyboard } from '#renderer/shell/keyboard.ts';
import { seatChecks, seatPlan, seatPreview } from '#test/support/kits/seat-answers.ts';
import { playedRun } from '#test/support/rendered/played.ts';
import { absent, act, fireEvent, open, pass, screen, settle, within } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { failure } from '#test/support/rendered/service-end.ts';
import { JoinView } from './join-view.tsx';

const invitation = `roundscope://join?i=${'a'.repeat(60)}`;

function Window(): JSX.Element {
  useKeyboard();
  return <JoinView />;
}

/** Long enough for the check, for reading the data with its plan, and for reading it again with what was guessed. */
async function rest(): Promise<void> {
  for (const ms of [500, 350, 350]) await pass(ms);
}

/** The form, once nothing more is asked for. */
async function form(options: OpenOptions = {}): Promise<Opened> {
  const page = await open(<Window />, options);
  await rest();
  return page;
}

/** The form filled in so that nothing is in the way but what a test puts there. */
function filled(options: OpenOptions = {}): Promise<Opened> {
  act(() => changeJoin({ invitation, data: 'digits' }));
  return form(options);
}

beforeEach(() => {
  changeJoin({
    invitation: '',
    data: '',
    name: '',
    named: false,
    chosen: {},
    exactCounts: false,
    keepAwake: true,
    givesUp: true,
    attempt: null,
  });
});

const field = (name: string): HTMLInputElement => screen.getByLabelText(name);
const join = (): HTMLButtonElement => screen.getByRole('button', { name: /^(Approve and join|Join)$/ });
const footWords = (): string => document.querySelector('#join-reason')?.textContent ?? '';
/** What is said under a field, which its input names as its description. */
const under = (name: string): string =>
  document.getElementById(field(name).getAttribute('aria-describedby') ?? '')?.textContent ?? '';

describe('the form to join a run', () => {
  test('begins with a name made for this machine, and says what is missing first', async () => {
    const { service } = await form();
    assert.equal(field('Your name').value, 'lab-2');
    assert.equal(join().disabled, true);
    assert.match(footWords(), /^Before you can join: Paste the line that the coordinator sent you \(and 1 more\)\.$/);
    assert.deepEqual(
      service.requests.filter((name) => name === 'check_invitation' || name === 'preview_data'),
      [],
      'nobody is greeted and nothing is read',
    );
  });

  test('says under the invitation what is wrong with it', async () => {
    const { user } = await form();
    await user.type(field('Invitation'), 'http://elsewhere');
    assert.match(under('Invitation'), /An invitation begins with roundscope:\/\/join\?/);
    assert.equal(field('Invitation').getAttribute('aria-invalid'), 'true');
    await user.clear(field('Invitation'));
    await user.type(field('Invitation'), 'roundscope://join?i=short');
    assert.match(under('Invitation'), /ends too early/);
  });

  test('finds the invitation in a mail that is pasted', async () => {
    const { user } = await form();
    await user.click(field('Invitation'));
    await user.paste(`Dear all,\nplease join with\n${invitation}\nYours, Ada`);
    assert.equal(field('Invitation').value, invitation);
  });

  test('takes an invitation from the clipboard by its button', async () => {
    const { user } = await form();
    await navigator.clipboard.writeText(invitation);
    await user.click(screen.getByRole('button', { name: 'Paste' }));
    await settle();
    assert.equal(field('Invitation').value, invitation);
  });

  test('takes an invitation that is dropped', async () => {
    const { container } = await form();
    fireEvent.drop(container.querySelector('.iv') as Element, {
      dataTransfer: { files: [], getData: (type: string) => (type === 'text' ? invitation : '') },
    });
    await settle();
    assert.equal(field('Invitation').value, invitation);
  });

  test('says under the name what is wrong with it, and asks nobody about it', async () => {
    const { service, user } = await filled();
    const before = service.asked('check_invitation').length;
    await user.clear(field('Your name'));
    await user.type(field('Your name'), 'no/slash');
    await pass(500);
    assert.equal(field('Your name').getAttribute('aria-invalid'), 'true');
    assert.match(under('Your name'), /^[A-Z].*\.$/);
    assert.equal(service.asked('check_invitation').length, before);
  });

  test('greets the coordinator only once typing rests, and shows each thing that was checked', async () => {
    const { service, user } = await form();
    await user.click(field('Invitation'));
    await user.paste(invitation.slice(0, -3));
    await user.type(field('Invitation'), 'aaa');
    assert.deepEqual(service.asked('check_invitation'), []);
    screen.getByText('Asking the coordinator…');
    await pass(500);
    assert.deepEqual(service.asked('check_invitation'), [{ invitation, name: 'lab-2' }]);
    assert.match(under('Invitation'), /fine: Address10\.0\.4\.18 answers over quic18 ms/);
    screen.getByRole('button', { name: 'Check again' });
  });

  test('does not wait for a coordinator that takes its time, when that is cancelled', async () => {
    const { user } = await filled({ answers: { check_invitation: 'later' } });
    assert.match(footWords(), /the invitation is being checked/);
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    assert.equal(join().disabled, false);
    screen.getByText('Not checked.');
  });

  test('says what the run wants as its coordinator told it, and nothing of it before', async () => {
    const { user } = await form();
    screen.getByText('Known once the coordinator has answered.');
    await user.click(field('Invitation'));
    await user.paste(invitation);
    await pass(500);
    screen.getByText('as its coordinator told it');
    const plan = within(screen.getByRole('group', { name: 'Invitation and plan' }));
    plan.getByText('emotion pilot');
    plan.getByText('not begun, 1 of 4 here');
    plan.getByText('2,345,607 parameters');
  });

  test('stops at an invitation that is no good, with what it means and what to try', async () => {
    act(() => changeJoin({ invitation: `roundscope://join?x=${'a'.repeat(60)}`, data: 'digits' }));
    await form();
    assert.match(under('Invitation'), /stops you: InvitationIt was written by an older Roundscope/);
    assert.match(under('Invitation'), /What to tryAsk the coordinator for a new invitation\./);
    assert.match(footWords(), /^Before you can join: invitation: It was written by an older Roundscope/);
    assert.equal(join().disabled, true);
  });

  test('lets somebody join whose check could not be made', async () => {
    await filled({ answers: { check_invitation: failure('timeout', 'No answer in 10 s.') } });
    assert.match(under('Invitation'), /It could not be checked: No answer in 10 s\. You can join all the same\./);
    assert.equal(join().disabled, false);
  });

  test('says under the name that somebody has it already, with one that is free', async () => {
    const taken = { ...seatChecks(invitation), plan: { ...seatPlan, nameTaken: true } };
    await filled({ answers: { check_invitation: taken } });
    assert.match(
      under('Your name'),
      /Somebody of that name takes part already\. Choose another name, such as lab-2-2\./,
    );
  });
});

describe('the data of who joins', () => {
  test('is offered from what comes along, so that it can be tried out', async () => {
    const { user } = await form();
    await user.click(screen.getByRole('button', { name: 'use the bundled digits' }));
    assert.equal(field('Folder or file').value, 'digits');
    await user.clear(field('Folder or file'));
    await user.click(screen.getByRole('button', { name: 'use synthetic faces' }));
    assert.equal(field('Folder or file').value, 'faces');
    screen.getByText(/^synthetic faces of seven emotions, drawn by a program/);
  });

  test('is read once typing rests, and shown as the model will see it', async () => {
    const { service } = await filled();
    assert.deepEqual(service.asked('preview_data').at(-1)?.classes, seatPlan.classes);
    screen.getByRole('heading', { name: /^What the model will see/ });
    const row = screen.getByRole('row', { name: /^Happy/ });
    assert.equal(within(row).getByRole<HTMLSelectElement>('combobox').value, 'happy');
    assert.match(row.textContent, /same but for its capital letter/);
  });

  test('asks about a class with a name that is almost one of the run, and takes the guess until another is chosen', async () => {
    const { user } = await filled();
    const pick = (): HTMLSelectElement => screen.getByRole('combobox', { name: 'Class of the run for suprise' });
    assert.equal(pick().value, 'surprise');
    assert.match(pick().closest('tr')?.textContent ?? '', /did you mean surprise\?/);
    await user.selectOptions(pick(), 'fear');
    assert.equal(pick().value, 'fear');
    assert.match(pick().closest('tr')?.textContent ?? '', /chosen by you/);
  });

  test('is stopped at a class that the run does not know, and leaves it out when that is wanted', async () => {
    act(() => changeJoin({ invitation, data: '~/data/faces-contempt' }));
    const { service, user } = await form();
    const fault = screen.getByRole('alert');
    assert.match(fault.textContent, /“contempt” \(96 pictures\) is not a class of this run/);
    assert.match(footWords(), /^Before you can join: the class contempt/);
    await user.click(within(fault).getByRole('button', { name: 'Leave contempt out' }));
    await rest();
    absent(screen.queryByRole('alert'));
    assert.deepEqual(
      service
        .asked('preview_data')
        .at(-1)
        ?.mapping?.find(({ from }) => from === 'contempt'),
      { from: 'contempt', to: null },
    );
    assert.match(screen.getByRole('row', { name: /^contempt/ }).textContent, /left out/);
    assert.equal(join().disabled, false);
  });

  test('says under the folder why it could not be read', async () => {
    act(() => changeJoin({ invitation, data: '/nowhere' }));
    await form({ answers: { preview_data: failure('data_missing', 'There is no folder /nowhere.', 'data') } });
    assert.match(under('Folder or file'), /There is no folder \/nowhere\./);
    assert.equal(field('Folder or file').getAttribute('aria-invalid'), 'true');
  });

  test('is read again when asked', async () => {
    const { service, user } = await filled();
    const before = service.asked('preview_data').length;
    await user.click(screen.getByRole('button', { name: 'Read again' }));
    await pass(500);
    assert.equal(service.asked('preview_data').length, before + 1);
  });

  test('is counted roughly in what is sent, unless exact counts are wanted', async () => {
    const { user } = await filled({ answers: { preview_data: seatPreview({ data: 'digits' }) } });
    const sent = (): string => screen.getByText(/to train, .* to validate$/, { selector: 'b' }).textContent;
    assert.notEqual(sent(), ': 1,333 to train, 333 to validate');
    await user.click(screen.getByRole('checkbox', { name: 'Tell the coordinator exact counts' }));
    assert.equal(sent(), ': 1,333 to train, 333 to validate');
    screen.getByText('Pictures, labels, names of folders and files');
  });
});

describe('joining', () => {
  test('sends what was filled in, once, and goes to the rounds', async () => {
    const { service, user } = await filled({ answers: { join_run: 'later' }, place: { view: 'join' } });
    await user.click(join());
    const button = screen.getByRole<HTMLButtonElement>('button', { name: 'Joining' });
    assert.equal(button.disabled, true);
    assert.equal(footWords(), 'Joining…');
    const [asked, ...more] = service.asked('join_run');
    assert.deepEqual(more, []);
    assert.deepEqual([asked?.invitation, asked?.name, asked?.keepAwake], [invitation, 'lab-2', true]);
    assert.deepEqual(asked?.mapping, [{ from: 'suprise', to: 'surprise' }]);
    assert.equal(asked?.exactCounts, undefined);
    act(() => service.answer('join_run', { run: 'r-7f3a2c' }));
    await settle();
    assert.equal(currentPlace().view, 'rounds');
    assert.equal(joinDraft().attempt, 'r-7f3a2c');
  });

  test('goes by Ctrl+Enter from any field, and not while something is in the way', async () => {
    const { service, user } = await filled();
    await user.click(field('Your name'));
    await user.keyboard('{Control>}{Enter}{/Control}');
    assert.equal(service.asked('join_run').length, 1);
    await settle();
    await user.clear(field('Your name'));
    await user.keyboard('{Control>}{Enter}{/Control}');
    assert.equal(service.asked('join_run').length, 1);
  });

  test('does not give a coordinator up, and lets the machine sleep, when that is chosen', async () => {
    const { service, user } = await filled();
    await user.click(screen.getByRole('radio', { name: 'never' }));
    await user.click(screen.getByRole('checkbox', { name: 'Keep awake until the run is over' }));
    await user.click(join());
    const [asked] = service.asked('join_run');
    assert.deepEqual([asked?.giveUpAfterMs, asked?.keepAwake], [null, false]);
  });

  test('that fails says why at the field that it is about, and the fields are kept', async () => {
    const wrong = failure('participant_name_taken', 'lab-2 takes part already.', 'round');
    const { user } = await filled({ answers: { join_run: wrong }, place: { view: 'join' } });
    await user.click(join());
    await settle();
    assert.match(under('Your name'), /lab-2 takes part already\./);
    assert.match(under('Your name'), /Join under another name\./);
    assert.equal(field('Invitation').value, invitation);
    assert.equal(field('Folder or file').value, 'digits');
    assert.equal(currentPlace().view, 'join');
    await user.type(field('Your name'), 'b');
    assert.doesNotMatch(under('Your name'), /takes part already/, 'old news once something was changed');
  });

  test('that fails at the data or at the invitation says so there', async () => {
    const { service, user } = await filled({
      answers: { join_run: failure('data_too_large', 'A picture has 90 megapixels.', 'data') },
    });
    await user.click(join());
    await settle();
    assert.match(under('Folder or file'), /A picture has 90 megapixels\./);
    service.willAnswer({ join_run: failure('connect_refused', 'Nobody listens there.', 'transport') });
    await user.click(join());
    await settle();
    assert.match(under('Invitation'), /Nobody listens there\./);
    assert.doesNotMatch(under('Folder or file'), /megapixels/);
  });

  test('that was given up by its user is no failure', async () => {
    const { user } = await filled({ answers: { join_run: failure('aborted', 'stopped by the user') } });
    await user.click(join());
    await settle();
    absent(screen.queryByText('stopped by the user'));
    assert.equal(join().disabled, false);
  });

  test('waits for the run that goes on, which can be ended from here; the fields can be filled in meanwhile', async () => {
    const { user } = await filled(playedRun(30));
    assert.equal(join().disabled, true);
    assert.match(footWords(), /The demo is running; one run at a time\./);
    screen.getByRole('button', { name: 'Stop…' });
    await user.type(field('Your name'), '-b');
    assert.equal(field('Your name').value, 'lab-2-b');
  });

  test('keeps what was filled in when the page is left and come back to', async () => {
    const { user, unmount } = await filled();
    await user.type(field('Your name'), '-c');
    await user.click(screen.getByRole('button', { name: 'Back' }));
    assert.equal(currentPlace().view, 'home');
    unmount();
    await form();
    assert.equal(field('Your name').value, 'lab-2-c');
    assert.equal(field('Invitation').value, invitation);
  });
});
