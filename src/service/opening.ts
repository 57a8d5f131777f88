import type { EventData } from '#shared/contract/events.ts';
import type { RecentRun } from '#shared/contract/port-api.ts';

/** What this app knows of a run before its first process runs. */
export interface Opening {
  readonly told: EventData<'run_opened'>;
  /** Of a participant: what joining again takes. Secret. */
  readonly again: RecentRun['again'];
  /** This machine is not put to sleep while the run trains. */
  readonly keepAwake: boolean;
}

export const demoOpening: Opening = { told: { chair: 'demo', name: 'demo' }, again: null, keepAwake: false };
