import type { ActName, Lab } from './blame.ts';
import type { Federation } from './federation.ts';
import type { ServedWindow } from './served-window.ts';
import { signalOne } from './signals.ts';
import { within } from './within.ts';

export interface Act {
  readonly name: ActName;
  readonly holdS: number;
  /** In a short run; null: it is left out there. */
  readonly briefS: number | null;
  readonly begin: (federation: Federation) => void | Promise<void>;
  /** Makes it as it was. */
  readonly undo: (federation: Federation) => void | Promise<void>;
  /** Nobody can be looked at meanwhile. */
  readonly unseen?: true;
}

const none = (): void => undefined;

/** Runs in the page: training is neither just begun, by a picture that may be of the round before, nor nearly done. */
function midway(): boolean {
  const [, done, all] = /batch (\d+) \/ (\d+)/.exec(document.querySelector('.lh.own')?.textContent ?? '') ?? [];
  const share = Number(done) / Number(all);
  return share > 0.2 && share < 0.6;
}

/** Runs in the page: the coordinator is heard. */
function heard(): boolean {
  return /heard \d/.test(document.querySelector('[data-lane="coordinator"] .lh')?.textContent ?? '');
}

/** Acts in the order in which they follow each other. */
export const acts: readonly Act[] = [
  {
    name: 'UDP of lab-1 is lost',
    ...{ holdS: 30, briefS: null },
    begin: ({ path }) => void (path.udp.swallows = true),
    undo: ({ path }) => void (path.udp.swallows = false),
  },
  {
    name: 'the whole path of lab-1 is cut',
    ...{ holdS: 25, briefS: 15 },
    begin: ({ path }) => {
      path.udp.swallows = true;
      path.tcp.refuses = true;
      path.tcp.cut();
    },
    undo: ({ path }) => {
      path.udp.swallows = false;
      path.tcp.refuses = false;
    },
  },
  {
    name: 'participant of lab-2 is stopped',
    ...{ holdS: 25, briefS: 12 },
    begin: async ({ windows }) => {
      const { page } = windows['lab-2'];
      await page.waitForFunction(midway);
      await toParticipant(windows['lab-2'], 'SIGSTOP');
    },
    undo: ({ windows }) => toParticipant(windows['lab-2'], 'SIGCONT'),
  },
  {
    name: 'participant of lab-3 is stopped as soon as it has joined',
    ...{ holdS: 20, briefS: null },
    begin: async ({ windows }) => {
      const window = windows['lab-3'];
      await window.leave();
      await window.untilNoParticipant();
      await window.joinAgain();
      const pid = await window.participant();
      // It tells of itself once a second: most often this is before its first word.
      await window.page.waitForFunction(heard);
      signalOne(pid, 'SIGSTOP');
    },
    undo: ({ windows }) => toParticipant(windows['lab-3'], 'SIGCONT'),
  },
  {
    name: 'participant of lab-2 is killed',
    ...{ holdS: 12, briefS: 12 },
    begin: ({ windows }) => toParticipant(windows['lab-2'], 'SIGKILL'),
    // Its service starts it again.
    undo: none,
  },
  {
    name: 'service of lab-3 is stopped',
    ...{ holdS: 20, briefS: 8 },
    begin: ({ windows }) => windows['lab-3'].signalService('SIGSTOP'),
    undo: ({ windows }) => windows['lab-3'].signalService('SIGCONT'),
  },
  {
    name: 'service of lab-1 is killed',
    ...{ holdS: 10, briefS: null },
    begin: ({ windows }) => windows['lab-1'].signalService('SIGKILL'),
    undo: async (federation) => {
      const window = federation.windows['lab-1'];
      const before = federation.joins('lab-1');
      await window.restartService();
      await window.joinAgain();
      await untilJoined(federation, 'lab-1', before);
    },
  },
  {
    name: 'the coordinator is stopped',
    ...{ holdS: 20, briefS: null },
    begin: ({ coordinator }) => coordinator.signal('SIGSTOP'),
    undo: ({ coordinator }) => coordinator.signal('SIGCONT'),
  },
  {
    name: 'the coordinator is killed',
    ...{ holdS: 8, briefS: 8 },
    begin: ({ coordinator }) => coordinator.kill(),
    undo: ({ coordinator }) => coordinator.restart(),
  },
  {
    name: 'the broker is killed',
    ...{ holdS: 15, briefS: 12 },
    begin: ({ broker }) => broker.kill(),
    undo: (federation) => federation.restartBroker(),
  },
  {
    name: 'the broker is frozen',
    ...{ holdS: 25, briefS: null },
    begin: ({ broker }) => broker.freeze(),
    undo: ({ broker }) => broker.thaw(),
  },
  {
    name: 'lab-2 pauses',
    ...{ holdS: 15, briefS: null },
    begin: ({ windows }) => windows['lab-2'].press('Pause'),
    undo: ({ windows }) => windows['lab-2'].press('Resume'),
  },
  {
    name: 'lab-2 leaves and joins again',
    ...{ holdS: 12, briefS: 12 },
    begin: ({ windows }) => windows['lab-2'].leave(),
    undo: async (federation) => {
      const before = federation.joins('lab-2');
      await federation.windows['lab-2'].joinAgain();
      await untilJoined(federation, 'lab-2', before);
    },
  },
  {
    name: 'the coordinator is dead for 40 s',
    ...{ holdS: 40, briefS: null },
    begin: ({ coordinator }) => coordinator.kill(),
    undo: ({ coordinator }) => coordinator.restart(),
  },
  {
    name: 'all sleep',
    ...{ holdS: 30, briefS: 15 },
    unseen: true,
    begin: (federation) => toAll(federation, 'SIGSTOP'),
    undo: (federation) => toAll(federation, 'SIGCONT'),
  },
];

async function toParticipant(window: ServedWindow, signal: NodeJS.Signals): Promise<void> {
  signalOne(await window.participant(), signal);
}

/** Only the broker stays awake, as a server elsewhere does. */
function toAll({ coordinator, windows }: Federation, signal: NodeJS.Signals): void {
  coordinator.signal(signal);
  for (const window of Object.values(windows)) window.signal(signal);
}

async function untilJoined(federation: Federation, lab: Lab, before: number): Promise<void> {
  await within(() => federation.joins(lab) > before, `${lab} was not let in again`);
}
