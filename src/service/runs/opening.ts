import type { ParticipantStart } from '#shared/contract/child-messages.ts';
import type { EventData } from '#shared/contract/events.ts';
import type { RecentRun } from '#shared/contract/app/port-api.ts';

/** What this app knows of a run before its first process runs. */
export interface Opening {
  readonly told: EventData<'run_opened'>;
  /** Of a participant: what joining again takes. Secret. */
  readonly again: RecentRun['again'];
  /** This machine is not put to sleep while the run trains. */
  readonly keepAwake: boolean;
}

/** What joining again takes, of what a participant was started with. */
export function againOf({
  invitation,
  data,
  name,
  mapping,
  exactCounts,
}: Omit<ParticipantStart, 'type'>): NonNullable<Opening['again']> {
  return {
    invitation,
    data,
    name,
    ...(mapping === undefined ? {} : { mapping }),
    ...(exactCounts === undefined ? {} : { exactCounts }),
  };
}

export const demoOpening: Opening = { told: { chair: 'demo', name: 'demo' }, again: null, keepAwake: false };
