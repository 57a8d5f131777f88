import {
  emptyRunObservation,
  participantOf,
  type EvidenceRef,
  type ParticipantObservation,
  type RunObservation,
} from '#engine/diagnosis/observation.ts';

/** A made-up moment; its reference says when it was. */
export function moment(at: number, text = `at ${at}`): EvidenceRef {
  return { ref: `event:${at}`, at, text };
}

export interface Seen {
  readonly node: ParticipantObservation;
  readonly run: RunObservation;
}

/** What `node-1` is known to have done, in a run that is seen from the coordinator's chair at 100 s. */
export function seen(over: Partial<ParticipantObservation>, run: Partial<RunObservation> = {}): Seen {
  const all = Object.assign(emptyRunObservation(2), { chair: 'coordinator', running: true, now: 100_000 }, run);
  return { node: joined(all, 'node-1', over), run: all };
}

export function joined(
  run: RunObservation,
  id: string,
  over: Partial<ParticipantObservation> = {},
): ParticipantObservation {
  return Object.assign(participantOf(run, id), { joined: true, protocol: 'quic', connections: 1 }, over);
}
