import type { Endpoint } from '#shared/contract/app/invitation.ts';
import type { SecurityClaims } from './security-claims.ts';
import type { Session, Transport } from '#engine/transport/transport.ts';

/**
 * What a transport's own test builds: both ends' transport (one object where one process can be both) and what this
 * transport cannot do, declared instead of left out in silence.
 */
export interface TransportHarness extends AsyncDisposable {
  readonly dialer: Transport;
  readonly listener: Transport;
  /** Bound with port 0; default 127.0.0.1. */
  readonly host?: string;
  /** Largest body that fits; default `limits.frameBytesMax`. Less where the test itself has to put a frame around it. */
  readonly bodyBytesMax?: number;
  /** Endpoints at which nobody answers; the dialer must give up on them within 3 s. Absent: not applicable. */
  readonly nobody?: () => Promise<readonly Endpoint[]>;
  /** What it proves about who is at either end; see `transport-security.ts`. */
  readonly security?: SecurityClaims;
  /** Reasons why a test cannot apply, by its key; shown as skipped. */
  readonly skip?: {
    readonly [K in 'takenPort' | 'vanish' | 'nobody' | 'handles' | 'backPressure' | 'links' | 'memory']?: string;
  };
  /** Makes the other end vanish without a word; default `session.abort`. */
  readonly vanish?: (session: Session) => void | Promise<void>;
}
