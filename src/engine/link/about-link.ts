import type { PassTerms } from '#shared/contract/app/invitation.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';

/** Who has opened a link. */
export type AboutLink = Looking | Coming;

/** Somebody who only looks. */
export interface Looking {
  /** The name of which it wants to know whether it is free. */
  readonly asks: ParticipantId;
  /** Somebody has that name in the run, here or away: whether that is whoever looks is not known, since it shows no key. */
  readonly kept: boolean;
}

/** Somebody who wants to take part. */
export interface Coming {
  readonly asks?: undefined;
  readonly terms: PassTerms;
  /** It was let into the run before, under this name, and has not left. */
  readonly owns: boolean;
  /** It is in the run: from now on the name is its own. */
  readonly admit: () => void;
  /** Nothing in bulk is taken of it any more, and what is on its way is let go. */
  readonly cut: (reason: string) => void;
}
