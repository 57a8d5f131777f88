import type { SealedLane } from '#engine/transport/sealed/piece-cover.ts';
import type { Session } from '#engine/transport/transport.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import type { TcpPath } from '#test/support/network-path.ts';

/** What a transport proves by itself; a reason in words where it does not, which its tests are skipped with. */
export interface SecurityClaims {
  /** Who has not the invitation's token is refused before it has a session. */
  readonly token: 'proved' | { readonly missing: string };
  /** The listener is who the endpoint names. */
  readonly identity: 'proved' | { readonly missing: string };
  /** The dialer is whom `Session.peerIdentity` names at the listener. */
  readonly dialer: 'proved' | { readonly missing: string };
  /**
   * Puts bytes into the session of `participant` from another connection, with the token of the run and all that its
   * owner does not keep to itself. Resolves when it has been turned away.
   */
  readonly foreign: ((at: Foreign) => Promise<void>) | { readonly missing: string };
  /** Somebody at the place that carries the pieces, with all its rights; absent: nobody carries them but the two ends. */
  readonly tap?: (at: Omit<Foreign, 'token' | 'far'>) => Promise<Tap>;
  /** The network between the two ends and whoever carries the pieces, where all bytes can be had; absent: the tap has them. */
  readonly wire?: TcpPath;
}

/** A sealed message of a session as it is carried: header, body, tag. */
export interface Carried {
  readonly direction: 'up' | 'down';
  readonly lane: SealedLane;
  readonly content: Buffer;
}

export interface Tap extends AsyncDisposable {
  /** Directions that it hears, and into which it can put something. */
  readonly hears: readonly Carried['direction'][];
  readonly puts: readonly Carried['direction'][];
  /** All that has passed since it is there. */
  heard(): readonly Carried[];
  put(message: Carried): Promise<void>;
  /** Says in the ways that there are that each end is gone, to the other. */
  readonly sayGone: (() => Promise<void>) | { readonly missing: string };
}

export interface Foreign {
  readonly endpoints: readonly Endpoint[];
  readonly participant: string;
  readonly run: string;
  readonly token: string;
  /** Name of a stream of the victim's, as the packet log shows it. */
  readonly stream: string;
  /** The listener's end of the victim's session: its counters may show what was turned away. */
  readonly far: Session;
}
