import type { ChildEnd } from '#demo/supervised-child.ts';
import type { RunEvent } from '#shared/contract/events.ts';
import type { FaultSpec } from '#shared/contract/settings.ts';

/** What takes part in the run from this machine: a whole demo, a coordinator that serves others, or one participant. */
export interface Federation extends AsyncDisposable {
  /** @throws RoundscopeError when it cannot start; nothing is left running then */
  start(): Promise<void>;
  stop(reason: string): Promise<void>;
  /** Never rejects. */
  readonly ended: Promise<ChildEnd>;
  observe(event: RunEvent): void;
  /** Only a demo has faults. */
  readonly inject?: (fault: FaultSpec) => void;
  readonly clear?: (fault: FaultSpec) => void;
}
