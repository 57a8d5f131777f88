import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { currentPlace } from '#renderer/session/navigation.ts';
import { Toasts } from '#renderer/shell/dialogs/toasts-region.tsx';
import { keyWords } from '#shared/base/text/key-words.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { recordedStart, recordedView } from '#test/support/recorded/recorded-view.ts';
import { absent, act, open, pass, screen, settle, within } from '#test/support/rendered/rendered.tsx';
import type { OpenOptions, Opened } from '#test/support/rendered/rendered.tsx';
import { failure } from '#test/support/rendered/service-end.ts';
import { CoordinateView } from './coordinate-view.tsx';

const at = recordedStart + 600;
const invitation = `roundscope://join?i=${'a'.repeat(80)}`;
const key = 'ab'.repeat(32);

/** The run of a coordinator whose participants have just come, before its first round. */
function coordinated(change: Partial<RunView> = {}): RunView {
  const view = recordedView(0.6);
  const ids = view.participants.map(({ id }) => id);
  return {
    ...view,
    name: 'emotion pilot',
    chair: 'coordinator',
    demo: null,
    self: null,
    wait: {
      round: 0,
      phase: 'registering',
      waitingFor: [],
      reported: ids,
      selected: ids,
      quorum: 5,
      deadlineAt: 0,
      nextAction: '',
      why: [],
    } as unknown as RunView['wait'],
    ...change,
  };
}

function started(change: Partial<RunView> = {}, options: OpenOptions = {}): Promise<Opened> {
  return open(
    <>
      <CoordinateView />
      <Toasts />
    </>,
    { at, ...options, snapshot: { view: coordinated(change), invitation, ...options.snapshot } },
  );
}

const button = (name: string | RegExp): HTMLButtonElement => screen.getByRole('button', { name });
const rowOf = (id: string): HTMLElement => screen.getByRole('row', { name: new RegExp(`^${id}`) });
const toast = (): string => screen.getByRole('log', { name: 'Messages' }).textContent;

describe('the invitation of a run', () => {
  test('stands as a line, as a code, and says who may join with it', async () => {
    await started({ admits: 'ask' });
    screen.getByText(invitation);
    screen.getByRole('img', { name: 'QR code of the invitation to emotion pilot' });
    screen.getByText(/Whoever has it can ask to join; you are asked about each, here\.$/);
    screen.getByText('the same for everybody');
  });

  test('comes as soon as the coordinator listens, and is then shown', async () => {
    const { service } = await started({}, { snapshot: { invitation: null } });
    screen.getByText('The invitation comes as soon as the coordinator listens.');
    act(() => service.tell({ type: 'invitation', invitation }));
    screen.getByText(invitation);
  });

  test('is copied, and so is the command, which does not hold it', async () => {
    const { user } = await started();
    await user.click(button('Copy invitation'));
    await settle();
    assert.equal(await navigator.clipboard.readText(), invitation);
    assert.match(toast(), /^The invitation is on the clipboard\./);
    await user.click(button('Copy command'));
    await settle();
    assert.equal(await navigator.clipboard.readText(), 'roundscope join - --data FOLDER');
  });

  test('says what to do where a page may not copy', async (t) => {
    const { user } = await started();
    t.mock.method(console, 'warn', () => undefined);
    t.mock.method(navigator.clipboard, 'writeText', () => Promise.reject(new Error('no')));
    await user.click(button('Copy invitation'));
    await settle();
    assert.match(toast(), /^This browser does not let pages copy: select the line instead\./);
  });

  test('is renewed only after a question, and the question stays when that fails', async () => {
    const { service, user } = await started(
      { invitationsRenewed: 2 },
      { answers: { renew_invitation: failure('not_now', 'The run is being closed.') } },
    );
    screen.getByText('renewed 2 times');
    await user.click(button('Renew…'));
    assert.deepEqual(service.asked('renew_invitation'), []);
    const dialog = within(screen.getByRole('dialog', { name: 'Renew the invitation?' }));
    await user.click(dialog.getByRole('button', { name: 'Renew' }));
    await settle();
    dialog.getByText('The run is being closed.');
    service.willAnswer({ renew_invitation: { invitation: 'roundscope://join?i=new' } });
    await user.click(dialog.getByRole('button', { name: 'Renew' }));
    await settle();
    absent(screen.queryByRole('dialog'));
  });
});

describe('an invitation for one', () => {
  async function dialog(options: OpenOptions = {}): Promise<Opened> {
    const page = await started({}, options);
    await page.user.click(button('Invite one…'));
    return page;
  }
  const make = (): HTMLButtonElement => button('Make it');

  test('has a name and a last day, and is made and copied', async () => {
    const { service, user } = await dialog({
      answers: { invite_participant: { invitation: 'roundscope://join?i=one' } },
    });
    assert.equal(make().disabled, true);
    await user.type(screen.getByLabelText('Name'), 'lab-7');
    await user.click(make());
    await settle();
    assert.deepEqual(service.asked('invite_participant'), [{ name: 'lab-7', until: at + 7 * 24 * 3600_000 }]);
    screen.getByText('roundscope://join?i=one');
    await user.click(button('Copy'));
    await settle();
    assert.equal(await navigator.clipboard.readText(), 'roundscope://join?i=one');
  });

  test('lasts as long as the run where no day is given, and is another one when something is changed', async () => {
    const { service, user } = await dialog();
    await user.type(screen.getByLabelText('Name'), 'lab-7');
    await user.clear(screen.getByLabelText('Good until'));
    screen.getByText('As long as the run lasts.');
    await user.click(make());
    await settle();
    assert.deepEqual(service.asked('invite_participant'), [{ name: 'lab-7' }]);
    button('Copy');
    await user.type(screen.getByLabelText('Name'), '0');
    absent(screen.queryByRole('button', { name: 'Copy' }));
    make();
  });

  test('says what is wrong with the name or the day, and is not made', async () => {
    const { service, user } = await dialog();
    const status = (): string => within(screen.getByRole('dialog')).getByRole('status').textContent;
    await user.type(screen.getByLabelText('Name'), 'no/slash');
    assert.notEqual(status(), 'As long as the run lasts.');
    assert.equal(make().disabled, true);
    await user.clear(screen.getByLabelText('Name'));
    await user.type(screen.getByLabelText('Name'), 'lab-7');
    await user.clear(screen.getByLabelText('Good until'));
    await user.type(screen.getByLabelText('Good until'), 'soon');
    assert.doesNotMatch(status(), /^Until /);
    assert.equal(make().disabled, true);
    assert.deepEqual(service.asked('invite_participant'), []);
  });

  test('closes with Escape', async () => {
    const { user } = await dialog();
    await user.keyboard('{Escape}');
    absent(screen.queryByRole('dialog'));
  });
});

describe('who has arrived', () => {
  test('is listed with key, transport and what each has, and counted against what is needed', async () => {
    await started();
    const view = coordinated();
    const [first] = view.participants;
    assert.ok(first?.data != null);
    const cells = within(rowOf('node-1'))
      .getAllByRole('cell')
      .map((cell) => cell.textContent);
    assert.match(cells[0] ?? '', new RegExp(keyWords(first.key)));
    assert.match(cells[2] ?? '', /^quic/);
    assert.equal(cells[3], first.data.examples.toLocaleString('en'));
    assert.match(cells[5] ?? '', /^here/);
    assert.equal(screen.getAllByRole('status')[0]?.textContent, '4 here, 1 missing');
    screen.getByText('Round 1 begins by itself when 5 are here.');
  });

  test('may begin with those who are here', async () => {
    const { service, user } = await started();
    await user.click(button('Start with 4 now'));
    assert.deepEqual(service.asked('start_now'), [{}]);
  });

  test('says how long it has been open, which goes on', async () => {
    await started();
    const open_ = (): string => screen.getByText(/^open for/).textContent;
    assert.equal(open_(), 'open for 1 s');
    await pass(9000);
    assert.equal(open_(), 'open for 10 s');
  });

  test('says that nobody has come yet', async () => {
    await started({ participants: [] });
    screen.getByText('Nobody yet. Send the invitation; who joins is listed here at once.');
    absent(screen.queryByRole('button', { name: /^Start with/ }));
  });

  test('says of each that is not simply here what it is, and why', async () => {
    const [one, two, three, four] = coordinated().participants;
    assert.ok(one && two && three && four);
    const paused = { at, reason: 'paused by its user' };
    await started({
      participants: [
        { ...one, paused } as typeof one,
        { ...two, left: { at, reason: 'stopped in the window' } } as typeof two,
        { ...three, link: { ...three.link, state: 'lost', reason: 'nothing heard for 5 s' } },
        { ...four, joinedAt: 0, data: null },
      ],
    });
    const state = (id: string, text: string): HTMLElement => within(rowOf(id)).getByText(text);
    assert.equal(state('node-1', 'paused').title, 'paused by its user');
    assert.equal(state('node-2', 'left').title, 'stopped in the window');
    assert.equal(state('node-3', 'link lost').title, 'nothing heard for 5 s');
    state('node-4', 'registering');
    absent(within(rowOf('node-2')).queryByRole('button', { name: 'Send away…' }));
  });

  test('leads to the rounds', async () => {
    const { user } = await started({}, { place: { view: 'coordinate' } });
    await user.click(button(/^Go to it/));
    assert.equal(currentPlace().view, 'rounds');
  });
});

describe('somebody who asks to be let in', () => {
  const asking = [{ participant: 'lab-9', key, address: '10.0.4.77:4000', at: at - 12_000 }];

  test('is named with its key in words, its address, and how long it has waited', async () => {
    await started({ asking });
    const question = screen.getByRole('list', { name: 'Waiting to be let in' });
    assert.match(question.textContent, /lab-9 asks to be let in/);
    assert.match(question.textContent, new RegExp(`key ${keyWords(key)} · from 10\\.0\\.4\\.77:4000 · 12 s`));
  });

  for (const [name, decision] of [
    ['Let in', 'admit'],
    ['Always', 'always'],
    ['Refuse', 'refuse'],
  ] as const) {
    test(`is answered with ${decision}, once`, async () => {
      const { service, user } = await started({ asking }, { answers: { decide_admission: 'later' } });
      await user.click(button(name));
      assert.deepEqual(service.asked('decide_admission'), [{ participant: 'lab-9', key, decision }]);
      for (const other of ['Let in', 'Always', 'Refuse']) assert.equal(button(other).disabled, true, other);
    });
  }

  test('can be answered again when the answer was not heard', async () => {
    const { user } = await started({ asking });
    await user.click(button('Let in'));
    await settle();
    assert.equal(button('Let in').disabled, true);
    await pass(5000);
    await pass(1000);
    assert.equal(button('Let in').disabled, false);
  });

  test('is asked about again at once when the answer failed, and why is said', async () => {
    const { user } = await started(
      { asking },
      { answers: { decide_admission: failure('not_running', 'The run is over.') } },
    );
    await user.click(button('Refuse'));
    await settle();
    assert.equal(button('Refuse').disabled, false);
    assert.match(toast(), /The run is over\./);
  });

  test('is absent while nobody asks', async () => {
    await started();
    absent(screen.queryByRole('list', { name: 'Waiting to be let in' }));
  });
});

describe('sending somebody away', () => {
  async function dialog(options: OpenOptions = {}): Promise<Opened> {
    const page = await started({}, options);
    await page.user.click(within(rowOf('node-2')).getByRole('button', { name: 'Send away…' }));
    screen.getByRole('dialog', { name: 'Send node-2 away?' });
    return page;
  }

  test('renews the invitation first, or it could come again in between', async () => {
    const { service, user } = await dialog();
    await user.type(screen.getByLabelText('Reason'), ' wrong data ');
    await user.click(button('Send away'));
    await settle();
    assert.deepEqual(
      service.requests.filter((name) => name === 'renew_invitation' || name === 'expel_participant'),
      ['renew_invitation', 'expel_participant'],
    );
    const key_ = coordinated().participants[1]?.key;
    assert.deepEqual(service.asked('expel_participant'), [{ participant: 'node-2', key: key_, reason: 'wrong data' }]);
    absent(screen.queryByRole('dialog'));
  });

  test('does not send it away when the invitation could not be renewed, and does not renew twice', async () => {
    const { service, user } = await dialog({ answers: { renew_invitation: failure('not_now', 'Not now.') } });
    await user.click(button('Send away'));
    await settle();
    screen.getByText('Not now.');
    assert.deepEqual(service.asked('expel_participant'), []);
    service.willAnswer({
      renew_invitation: { invitation },
      expel_participant: failure('not_now', 'It is being averaged.'),
    });
    await user.click(button('Send away'));
    await settle();
    screen.getByText('It is being averaged.');
    service.willAnswer({ expel_participant: { nameStays: false } });
    await user.click(button('Send away'));
    await settle();
    assert.equal(service.asked('renew_invitation').length, 2);
    absent(screen.queryByRole('dialog'));
  });

  test('leaves the invitation as it is when that is wanted', async () => {
    const { service, user } = await dialog();
    await user.click(screen.getByRole('checkbox', { name: /^Renew the invitation/ }));
    await user.click(button('Send away'));
    assert.deepEqual(service.asked('renew_invitation'), []);
    assert.equal(service.asked('expel_participant').length, 1);
  });

  test('says when another one has the name by now', async () => {
    const { user } = await dialog({ answers: { expel_participant: { nameStays: true } } });
    await user.click(button('Send away'));
    await settle();
    assert.match(toast(), /node-2 had left\. Its key stays out; who has the name now is another one and stays\./);
  });

  test('does nothing when it is kept', async () => {
    const { service, user } = await dialog();
    await user.click(button('Keep it'));
    absent(screen.queryByRole('dialog'));
    assert.deepEqual(service.asked('expel_participant'), []);
  });
});

describe('who was refused', () => {
  test('is listed, the latest first, with what it called itself and why', async () => {
    const refused = [
      { at: at - 9000, name: 'lab-5', address: '10.0.4.5:1', reason: 'its invitation has expired' },
      { at: at - 1000, name: 'lab-6', address: '10.0.4.6:1', reason: 'not on the list' },
    ] as unknown as RunView['refused'];
    await started({ refused, unrecorded: { ...coordinated().unrecorded, refusals: 1200 } });
    const table = within(screen.getByRole('region', { name: 'Refused' }));
    assert.equal(table.getByRole('status').textContent, '2, each was told the reason; 1,200 more are only counted');
    const [, first, second] = table.getAllByRole('row').map((row) => row.textContent);
    assert.match(first ?? '', /lab-6.*not on the list/);
    assert.match(second ?? '', /lab-5.*expired/);
  });

  test('is not there while nobody was', async () => {
    await started();
    absent(screen.queryByRole('region', { name: 'Refused' }));
  });
});
