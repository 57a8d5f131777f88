import type { ParticipantId } from '#shared/contract/ids.ts';
import type { Link } from '#engine/link/link.ts';
import type { AboutLink } from '#engine/link/about-link.ts';
import type { Admission } from './admission.ts';

/** Where links of participants come from. */
export interface LinkSource {
  /** Told about each new link once; also about those that were there before. */
  onLink(listener: (accepted: AcceptedLink) => void): Disposable;
  /** What the door is to go by from now on; what it has to begin with was in the memory of the run. */
  follow?(admission: Admission): void;
}

/** Told about each once; also about those that were before. */
export interface Departures {
  onGone(listener: (participant: ParticipantId, reason: string) => void): Disposable;
}

export type AcceptedLink = AboutLink & {
  readonly link: Link;
  /** The peer's address as people write it. */
  readonly address: string;
};
