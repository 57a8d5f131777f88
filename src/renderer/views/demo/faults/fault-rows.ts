import type { FaultName } from '#shared/contract/run/settings.ts';
import type { FaultView } from '#shared/run-view/run-view.ts';

export interface FaultRow {
  readonly name: FaultName;
  /** Injects; with Shift it arms for the next round. */
  readonly letter: string;
  readonly does: string;
  readonly youWillSee: string;
  readonly lasts: string;
  /** Can be taken back while it is active. */
  readonly stoppable: boolean;
  /** Acts on everybody when no participant is chosen; the others then take the first one. */
  readonly onAll: boolean;
}

/** The faults on cue of this version, in the order of the table. */
export const faultRows: readonly FaultRow[] = [
  {
    name: 'connection-per-message',
    letter: 'm',
    does: 'Hangs up after each message',
    youWillSee: 'what the coordinator sends finds no open session: the participant is named within seconds',
    lasts: 'until off',
    stoppable: true,
    onAll: true,
  },
  {
    name: 'drop-link',
    letter: 'd',
    does: 'Closes one session',
    youWillSee: 'link down, re-dialed in about a second, the upload goes on where it was',
    lasts: 'once',
    stoppable: false,
    onAll: false,
  },
  {
    name: 'freeze-trainer',
    letter: 'z',
    does: 'Stops gradient steps only',
    youWillSee: 'connection and process stay alive, training stops: the participant is named within 5 s',
    lasts: 'until off',
    stoppable: true,
    onAll: false,
  },
  {
    name: 'kill-participant',
    letter: 'p',
    does: 'SIGKILL, not restarted',
    youWillSee: 'its lane ends; the round closes at its deadline with those that are left',
    lasts: 'once',
    stoppable: false,
    onAll: false,
  },
  {
    name: 'crash-participant',
    letter: 'r',
    does: 'SIGKILL, started again',
    youWillSee: 'its process is back in seconds; what it had computed is sent and not trained again',
    lasts: 'once',
    stoppable: false,
    onAll: false,
  },
  {
    name: 'kill-coordinator',
    letter: 'k',
    does: 'SIGKILL, started again',
    youWillSee: 'all links are lost and resumed; the round goes on, each contribution counted once',
    lasts: 'once',
    stoppable: false,
    onAll: true,
  },
  {
    name: 'delay',
    letter: 'l',
    does: 'Half a second more each way',
    youWillSee: 'the round trip grows by a second; transfers take longer, nothing is lost',
    lasts: 'until off',
    stoppable: true,
    onAll: false,
  },
  {
    name: 'loss',
    letter: 'o',
    does: 'Loses one packet in ten more',
    youWillSee: 'packets are sent again, transfers slow down, the session holds',
    lasts: 'until off',
    stoppable: true,
    onAll: false,
  },
  {
    name: 'blackhole',
    letter: 'b',
    does: 'Swallows everything both ways',
    youWillSee: 'silence: the link is lost after 5 s and dialed in vain until it is off',
    lasts: 'until off',
    stoppable: true,
    onAll: false,
  },
  {
    name: 'disconnect',
    letter: 'x',
    does: 'Resets connections, refuses new ones',
    youWillSee: 'link down at once (UDP: after 5 s), re-dialed when it is off',
    lasts: 'until off',
    stoppable: true,
    onAll: false,
  },
  {
    name: 'rebind',
    letter: 'n',
    does: 'UDP comes from a new port',
    youWillSee: 'QUIC: silence, then a new session from the new port; TCP is not touched',
    lasts: 'once',
    stoppable: false,
    onAll: false,
  },
];

export interface FaultState {
  readonly active: readonly FaultView[];
  readonly armed: readonly FaultView[];
}

/** Where a fault stands in the run: on whom it acts, and what is armed. */
export function faultState(faults: readonly FaultView[], name: FaultName): FaultState {
  const own = faults.filter((fault) => fault.fault === name);
  return {
    active: own.filter((fault) => fault.state === 'active'),
    armed: own.filter((fault) => fault.state === 'armed'),
  };
}
