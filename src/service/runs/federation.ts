import type { ChildEnd } from '#demo/supervised-child.ts';
import type { ToChild } from '#shared/contract/child-messages.ts';
import type { RunEvent } from '#shared/contract/events.ts';
import type { NetworkSpec } from '#shared/contract/run/network.ts';
import type { FaultSpec } from '#shared/contract/run/settings.ts';
import type { RunHost } from './run-host.ts';

/** What takes part in the run from this machine: a whole demo, a coordinator that serves others, or one participant. */
export interface Federation extends AsyncDisposable {
  /** @throws RoundscopeError when it cannot start; nothing is left running then */
  start(): Promise<void>;
  stop(reason: string): Promise<void>;
  /** Never rejects. */
  readonly ended: Promise<ChildEnd>;
  observe(event: RunEvent): void;
  /** Where this machine has one part: a word to its process. */
  readonly tell?: (message: ToChild) => void;
  /** Where this machine coordinates: an invitation from its process. */
  readonly ask?: (message: (ask: number) => ToChild) => Promise<string>;
  /** Only a demo has faults. */
  readonly inject?: (fault: FaultSpec) => void;
  readonly clear?: (fault: FaultSpec) => void;
  readonly setNetwork?: (network: NetworkSpec) => Promise<void>;
}

/** A federation that has been started, with all that is known of its run. */
export interface RunningFederation {
  readonly host: RunHost;
  readonly invitation: string;
  readonly ended: Promise<ChildEnd>;
}
