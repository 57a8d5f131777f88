import type { Session } from '#engine/transport/transport.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';

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
