import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { JSX } from 'react';
import { toErrorReport } from '#shared/base/errors.ts';
import { changeCoordinate } from '#renderer/session/run/drafts.ts';
import { currentPlace } from '#renderer/session/navigation.ts';
import { useKeyboard } from '#renderer/shell/keyboard.ts';
import { playedRun } from '#test/support/rendered/played.ts';
import { absent, act, fireEvent, open, pass, screen, settle, within } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { failure } from '#test/support/rendered/service-end.ts';
import { CoordinateView } from './coordinate-view.tsx';

function Window(): JSX.Element {
  useKeyboard();
  return <CoordinateView />;
}

async function form(options: OpenOptions = {}): Promise<Opened> {
  const page = await open(<Window />, options);
  await pass(350);
  return page;
}

function filled(options: OpenOptions = {}): Promise<Opened> {
  act(() => changeCoordinate({ name: 'emotion pilot', data: 'digits' }));
  return form(options);
}

beforeEach(() => {
  changeCoordinate({
    name: '',
    data: '',
    model: '',
    startFrom: '',
    participants: 2,
    enough: 2,
    deadlineS: 60,
    rounds: 10,
    weightCap: 3,
    normClip: 3,
    admits: 'anyone',
    admitted: '',
    transports: null,
    host: '',
    port: 0,
  });
});

const field = (name: string): HTMLInputElement => screen.getByLabelText(name);
const start = (): HTMLButtonElement => screen.getByRole('button', { name: 'Start and invite' });
const footWords = (): string => document.querySelector('#coordinate-reason')?.textContent ?? '';
const under = (name: string): string =>
  document.getElementById(field(name).getAttribute('aria-describedby') ?? '')?.textContent ?? '';
const plan = (): string => screen.getByRole('group', { name: 'The plan' }).textContent;
const transport = (name: string): HTMLInputElement => screen.getByRole('checkbox', { name });

describe('the form to coordinate a run', () => {
  test('says first what is missing, and cannot be sent', async () => {
    await form();
    assert.equal(start().disabled, true);
    assert.match(footWords(), /^Before it can start: Give the run a name; everybody sees it \(and 1 more\)\.$/);
    assert.equal(under('Name'), 'Give the run a name; everybody sees it.');
  });

  test('says what the data is that the model is checked with, and that it stays here', async () => {
    const { user } = await form();
    await user.click(screen.getByRole('button', { name: 'use the bundled digits' }));
    await pass(350);
    screen.getByText(/1,666 pictures, 48 × 48 grey, 7 classes; it stays here/);
    assert.match(plan(), /Classesangrydisgust/);
  });

  test('says under the data why it could not be read', async () => {
    await filled({ answers: { preview_data: failure('data_missing', 'There is no such folder.', 'data') } });
    assert.match(under('Data to check with'), /There is no such folder\./);
    assert.equal(field('Data to check with').getAttribute('aria-invalid'), 'true');
  });

  test('takes a network from a file, completed like a folder, and says in the plan that it is one', async () => {
    const { service, user } = await filled();
    assert.doesNotMatch(plan(), /Network/);
    await user.click(field('Network'));
    await user.paste('~/nets/face');
    await pass(350);
    const asked = service.asked('complete_path').at(-1);
    assert.deepEqual([asked?.path, asked?.files], ['~/nets/face', 'networks']);
    assert.doesNotMatch(under('Network'), /not a folder yet/);
    assert.deepEqual(service.asked('preview_network').at(-1), { model: '~/nets/face' });
    await pass(350);
    screen.getByText(/301,255 parameters, pictures 64 × 64 grey, 7 classes\. Each participant gets it once/);
    assert.match(plan(), /Network301,255 parameters, its coordinator’s own, checked on each machine before it trains/);
    assert.match(plan(), /Pictures64 × 64 grey/);
    assert.deepEqual(service.asked('preview_data').at(-1)?.shape, [1, 64, 64], 'the pictures are scaled to it');
    await user.click(start());
    assert.equal(service.asked('coordinate_run')[0]?.model, '~/nets/face');
  });

  test('says before the start what is wrong with the network, and with its classes beside those of the data', async () => {
    const answer = { path: '/net.onnx', shape: [1, 64, 64], numClasses: 5, parameters: 10, fault: null } as const;
    const { service, user } = await filled({ answers: { preview_network: answer } });
    await user.click(field('Network'));
    await user.paste('/net.onnx');
    await pass(350);
    await pass(350);
    assert.match(footWords(), /The network tells 5 classes apart, and the data has 7\./);
    assert.equal(start().disabled, true);
    const fault = toErrorReport(failure('model_invalid', 'Hardmax "odd": this operator is not known here.', 'trainer'));
    service.willAnswer({ preview_network: { ...answer, shape: null, numClasses: null, parameters: null, fault } });
    await user.paste('x');
    await pass(350);
    assert.match(under('Network'), /Hardmax "odd": this operator is not known here\./);
    assert.equal(field('Network').getAttribute('aria-invalid'), 'true');
    assert.equal(start().disabled, true);
  });

  test('shows the plan as each will read it, as it is filled in', async () => {
    const { user } = await filled();
    assert.match(plan(), /Runemotion pilot.*Rounds10, updates within 60 s|Rounds10, updates within 1 min/);
    await user.type(field('Name'), ' 2');
    fireEvent.change(field('Rounds'), { target: { value: '25' } });
    assert.match(plan(), /Runemotion pilot 2/);
    assert.match(plan(), /Rounds25/);
  });

  test('needs as many updates as it has participants, until fewer are chosen', async () => {
    await filled();
    fireEvent.change(field('Participants'), { target: { value: '4' } });
    assert.equal(field('Counts with').value, '4');
    assert.match(under('Counts with'), /^A round needs the updates of all/);
    fireEvent.change(field('Counts with'), { target: { value: '3' } });
    assert.equal(under('Counts with'), 'A round ends when all 4 updates are in, or at the deadline with 3.');
    assert.match(plan(), /3 of 4 are enough/);
    fireEvent.change(field('Participants'), { target: { value: '2' } });
    assert.equal(field('Counts with').value, '2', 'never more than there are');
  });

  test('says in words what the limits of weight do, also where they are off', async () => {
    const { user } = await filled();
    assert.match(under('Weight cap'), /at most 3 times the equal share/);
    for (let i = 0; i < 3; i++) await user.click(screen.getByRole('button', { name: 'Weight cap: less' }));
    assert.match(under('Weight cap'), /has no limit \(weight cap off\)/);
    assert.match(plan(), /weight cap off/);
  });

  test('asks for a list only where one is used, and says what is wrong with it', async () => {
    const { user } = await filled();
    absent(screen.queryByLabelText('List'));
    await user.click(screen.getByRole('radio', { name: 'My list' }));
    assert.equal(field('List').getAttribute('aria-invalid'), 'true');
    assert.match(footWords(), /^Before it can start: Who may join: /);
    await user.type(field('List'), 'lab-1, lab-2');
    assert.equal(field('List').getAttribute('aria-invalid'), 'false');
    assert.equal(start().disabled, false);
    await user.click(screen.getByRole('radio', { name: 'Ask me' }));
    assert.equal(field('Not asked about').value, 'lab-1, lab-2', 'what was typed is kept');
  });

  test('has the first transport that works here, and those that do not cannot be chosen', async () => {
    const { user } = await filled();
    assert.deepEqual([transport('quic').checked, transport('mqtt').checked], [true, false]);
    assert.equal(transport('amqp').disabled, true);
    assert.equal(transport('amqp').closest('label')?.title, 'no RabbitMQ on this machine');
    screen.getByText(/Not here: amqp, dds; Home says what is missing\./);
    await user.click(transport('mqtt'));
    screen.getByText(/take them in turn, in the order in which you chose them/);
    await user.click(transport('quic'));
    await user.click(transport('mqtt'));
    assert.deepEqual([transport('quic').checked, transport('mqtt').checked], [false, false], 'none is chosen again');
    screen.getByText(/^Choose at least one transport that works here\./);
    assert.match(footWords(), /transport/);
    assert.equal(start().disabled, true);
  });

  test('tells in the invitation the likeliest address of this machine, or one that is typed', async () => {
    const { user } = await filled();
    assert.equal(under('Address'), 'Told in the invitation: 10.0.4.18 (eth0)');
    await user.type(field('Address'), 'lab.example.org');
    assert.match(under('Address'), /lab\.example\.org/);
    await user.clear(field('Address'));
    await user.type(field('Address'), '127.0.0.1');
    assert.match(
      under('Address'),
      /Only programs on this machine reach 127\.0\.0\.1; choose another address for others\./,
    );
    assert.equal(start().disabled, false, 'which is a warning, no fault');
  });

  test('says while this machine is looked at that it is', async () => {
    const { service } = await filled({ answers: { own_addresses: 'later' } });
    assert.match(footWords(), /this machine is being looked at/);
    act(() => service.answer('own_addresses', { addresses: [], transports: [] }));
    await settle();
    assert.match(footWords(), /Choose at least one transport that works here/);
  });
});

describe('starting a run for others', () => {
  test('asks for what was filled in, once', async () => {
    const { service, user } = await filled({ answers: { coordinate_run: 'later' } });
    fireEvent.change(field('Participants'), { target: { value: '4' } });
    fireEvent.change(field('Counts with'), { target: { value: '3' } });
    fireEvent.change(field('Port'), { target: { value: '4433' } });
    await user.click(start());
    const [asked, ...more] = service.asked('coordinate_run');
    assert.deepEqual(more, []);
    assert.deepEqual(
      [asked?.name, asked?.data, asked?.participants, asked?.quorum, asked?.host, asked?.port, asked?.transport],
      ['emotion pilot', 'digits', 4, 0.75, '10.0.4.18', 4433, 'quic'],
    );
    assert.equal(screen.getByRole<HTMLButtonElement>('button', { name: 'Starting' }).disabled, true);
  });

  test('goes by Ctrl+Enter from a field', async () => {
    const { service, user } = await filled();
    await user.click(field('Name'));
    await user.keyboard('{Control>}{Enter}{/Control}');
    assert.equal(service.asked('coordinate_run').length, 1);
  });

  test('that fails says why at the field that it is about', async () => {
    const { service, user } = await filled({
      answers: { coordinate_run: failure('port_in_use', 'Port 4433 is taken.', 'transport') },
    });
    const startAgain = async (code: Parameters<typeof failure>[0], message: string): Promise<void> => {
      service.willAnswer({ coordinate_run: failure(code, message, 'service') });
      await user.click(start());
      await settle();
    };
    await startAgain('port_in_use', 'Port 4433 is taken.');
    assert.equal(field('Address').getAttribute('aria-invalid'), 'true');
    screen.getByText('Port 4433 is taken.');
    await startAgain('model_unfit', 'Its last layer has 10 units.');
    assert.equal(field('Start from').getAttribute('aria-invalid'), 'true');
    assert.equal(field('Address').getAttribute('aria-invalid'), 'false');
    await startAgain('model_invalid', 'Hardmax "odd": this operator is not known here.');
    assert.equal(field('Network').getAttribute('aria-invalid'), 'true');
    assert.match(under('Network'), /Hardmax "odd": this operator is not known here\./);
    await startAgain('transport_unavailable', 'libddsc is not there.');
    within(screen.getByRole('group', { name: 'Transports' })).getByText('libddsc is not there.');
  });

  test('that fails for another reason says so beside its button, and the fields are kept', async () => {
    const { user } = await filled({ answers: { coordinate_run: failure('internal', 'The key could not be read.') } });
    await user.click(start());
    await settle();
    within(screen.getByRole('region', { name: 'What each will be asked' })).getByText('The key could not be read.');
    assert.equal(field('Name').value, 'emotion pilot');
    await user.type(field('Name'), '!');
    absent(screen.queryByText('The key could not be read.'));
  });

  test('waits for the run that goes on', async () => {
    await filled(playedRun(30));
    assert.match(footWords(), /The demo is running; one run at a time\./);
    assert.equal(start().disabled, true);
  });

  test('goes back Home', async () => {
    const { user } = await filled({ place: { view: 'coordinate' } });
    await user.click(screen.getByRole('button', { name: 'Back' }));
    assert.equal(currentPlace().view, 'home');
  });
});
