import type { Endpoint } from '#shared/contract/app/invitation.ts';
import type { Stack } from '#shared/contract/protocols.ts';
import type { CloseReason, ListenOptions, SessionStats } from '../transport.ts';

/**
 * What this transport needs of a QUIC implementation, and no more: sessions of bidirectional streams. Each provider has
 * one file; `test/contract/quic-session.ts` says what they must do alike. Decision 0010.
 */
export interface QuicProvider {
  /** As endpoints of an invitation name it. */
  readonly name: 'quinn' | 'webtransport';
  /**
   * Loads what is native about it; a second call costs nothing.
   * @throws RoundscopeError `transport_unavailable` where this machine has no build of it
   */
  load(): Promise<Stack>;
  /**
   * Opens a session and checks the peer's identity against `endpoint.identity`.
   * @throws RoundscopeError `identity_mismatch`, `connect_refused`, `connect_failed`; the signal's reason on abort
   */
  dial(endpoint: Endpoint, options: { readonly signal: AbortSignal }): Promise<QuicSession>;
  /** @throws RoundscopeError `port_in_use`, `connect_failed` */
  listen(options: QuicListenOptions): Promise<QuicListener>;
}

export interface QuicListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly onSession: (session: QuicSession) => void;
  /** As in `ListenOptions`, for those of whom no session comes. */
  readonly knows?: ListenOptions['knows'] | undefined;
  readonly onRefused?: ListenOptions['onRefused'] | undefined;
}

export interface QuicListener extends AsyncDisposable {
  readonly stack: Stack;
  readonly port: number;
  /** What a dialer must find: the peer id. */
  readonly identity: string;
}

export interface QuicSession {
  readonly stack: Stack;
  /** `127.0.0.1:52114`. */
  readonly remote: string;
  /** Proved by the handshake; null where the peer shows none. */
  readonly peerIdentity: string | null;
  /** The peer sees the stream with its first byte. Waits while the peer's limit of streams is reached. */
  openStream(): Promise<QuicStream>;
  /** The peer's next stream; null when the session has ended. */
  acceptStream(): Promise<QuicStream | null>;
  stats(): Pick<SessionStats, 'rttMs' | 'counters'>;
  /** Ends it at once, unsent data included. Twice is fine. Code and reason reach the peer where the provider can. */
  abort(code: string, reason: string): void;
  /** Resolves once, whoever ended it; never rejects. */
  readonly closed: Promise<CloseReason>;
}

export interface QuicStream {
  /** As the packet log shows it. */
  readonly id: string;
  /** Next bytes, at most about `maxBytes`; null after the peer's last, or when the session has ended. Rejects on reset. */
  read(maxBytes: number): Promise<Uint8Array | null>;
  /** Resolves when flow control has taken the bytes; one at a time. Rejects when the stream or session has ended. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends our half; the peer reads null after the last byte. */
  finish(): Promise<void>;
  /** What is written here goes out before what other streams have waiting, where the provider can do that. */
  prefer?(): void;
  /** Lets go of both halves at once. Never throws. */
  reset(): void;
}
