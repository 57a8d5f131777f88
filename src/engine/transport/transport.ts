import type { Protocol, Stack } from '#shared/contract/protocols.ts';
import type { RunStatus } from '#shared/contract/messages.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import type { KnowsPeer } from './waiting-room.ts';

/**
 * A transport carries frames (opaque bytes, at most `limits.frameBytesMax`) both ways over one session between a
 * participant and the coordinator. It knows sockets, sessions, topics, flow control and TLS, and not what a round is.
 *
 * Promises that the contract suite checks on each (`test/contract/transport.ts`):
 * - frames of one lane arrive once, whole and in order while the session lives; lanes do not wait for each other where
 *   the protocol can keep them apart;
 * - `send` resolves when flow control has taken the frame, so a peer that stops reading makes the sender wait, with
 *   bounded memory on both sides; it rejects when the session ends or the signal aborts;
 * - bad bytes close the session with a reason and harm no other session.
 */
export interface Transport {
  readonly protocol: Protocol;
  /** Opens a session; takes the first of `endpoints` that it can load and reach. Rejects within the connect limit. */
  dial(endpoints: readonly Endpoint[], options: DialOptions): Promise<Session>;
  listen(options: ListenOptions): Promise<Listener>;
}

export interface DialOptions {
  readonly signal: AbortSignal;
  /** Who dials: becomes part of client ids and topics. */
  readonly participant: string;
  readonly run: string;
  /** The invitation's secret; transports that can prove who may take part prove it with this. */
  readonly token?: string;
  /** Only the way that is tried first, where the transport has several: for who has a session on another one. */
  readonly noFallback?: boolean;
  /** Told about every attempt, with how it ended. */
  readonly observer?: SessionObserver;
}

export interface ListenOptions {
  readonly signal: AbortSignal;
  readonly run: string;
  /** The invitation's secret; who cannot prove that it has it is refused where the transport can tell. */
  readonly token?: string;
  /** Host and port to bind; port 0 takes a free one. */
  readonly host: string;
  readonly port: number;
  /** Endpoints of a former life of this listener: it takes the same ports again, so that invitations stay good. */
  readonly again?: readonly Endpoint[];
  readonly onSession: (session: Session) => void;
  /** What takes a while before it listens, in a sentence for people. */
  readonly onProgress?: (text: string) => void;
  /** Who of those that knock is let wait when not all can; absent: nobody is known. */
  readonly knows?: KnowsPeer;
  /** A peer that was turned away before it became a session (impostor, garbage, too many). */
  readonly onRefused: (refusal: { readonly address: string; readonly reason: string }) => void;
  /** The listener's own connection to a broker between it and its participants. */
  readonly onBroker?: (news: BrokerNews) => void;
}

export interface BrokerNews {
  readonly protocol: Protocol;
  /** Without user and password. */
  readonly address: string;
  readonly state: 'connected' | 'lost' | 'blocked';
  readonly reason: string;
}

/** One try to open a session, at one address over one stack. */
export interface DialAttempt {
  readonly stack: Stack;
  /** As people write it, without secrets. */
  readonly endpoint: string;
}

export interface SessionObserver {
  readonly onAttempt?: (attempt: DialAttempt) => void;
  /** The same object, once that attempt has ended; null: a session is open. */
  readonly onAttemptEnd?: (attempt: DialAttempt, error: unknown) => void;
  /** Told once the other way has answered: before, nobody knows why the first did not. */
  readonly onFallback?: (fallback: { readonly from: Stack; readonly to: Stack; readonly reason: string }) => void;
  /** The dialer's own connection to a broker, where that is in trouble, and when it is well again. */
  readonly onBroker?: (news: BrokerNews) => void;
}

export interface Listener extends AsyncDisposable {
  /** What goes into the invitation. */
  readonly endpoints: readonly Endpoint[];
  /** Nobody will serve this run any more: where something outlasts the listener, such as a broker, it leaves word there when it closes. */
  leaveWord?(end: LastWord): void;
}

/** What a run came to. */
export interface LastWord {
  readonly status: RunStatus;
  /** In words for people. */
  readonly reason: string;
}

/** `control` shares one ordered lane; each bulk transfer has its own, named by its transfer id. */
export type Lane = 'control' | `bulk:${string}`;

/** Bytes of one frame, possibly in several pieces so that bodies need not be copied to be prefixed by a header. */
export interface OutgoingFrame {
  readonly lane: Lane;
  readonly parts: readonly Uint8Array[];
  /** Last frame of a bulk lane: its stream or topic can be let go. */
  readonly last?: boolean;
}

export interface IncomingFrame {
  readonly lane: Lane;
  /** Bytes of one frame, possibly in the pieces in which they came, so that bodies need not be copied together. */
  readonly parts: readonly Uint8Array[];
  /** QUIC stream id, topic or queue as people know it; for the packet log. */
  readonly stream: string;
  /** Protocol that carried this frame where a session has two; absent: the session's own. */
  readonly protocol?: Protocol;
  readonly stack?: Stack;
}

/** What the packet log is told of a frame that flow control has taken. */
export interface SentFrame {
  readonly stream: string;
  /** As in `IncomingFrame`. */
  readonly protocol?: Protocol;
  readonly stack?: Stack;
}

/** Code of a session that is closed in order because another one takes its place. */
export const migratedCode = 'changed';

/** Whether who closed a session with this code did so with nothing wrong. */
export function isOrderly(code: string): boolean {
  return code === 'clean' || code === migratedCode;
}

export interface CloseReason {
  /** Stable short code: `clean`, `changed`, `lost`, `idle`, `refused`, `garbage`, `aborted`, … */
  readonly code: string;
  readonly reason: string;
  /** Whether this end closed it. */
  readonly local: boolean;
}

export interface SessionStats {
  readonly rttMs: number | null;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly counters: readonly { readonly name: string; readonly value: number }[];
}

export interface Session extends AsyncDisposable {
  readonly protocol: Protocol;
  readonly stack: Stack;
  /** The peer's address as people write it, `127.0.0.1:52114`. */
  readonly remote: string;
  /** Peer id that the transport itself has proved, or null where it proves none. The hello is signed by the same one. */
  readonly peerIdentity: string | null;
  /**
   * Value of this session alone that both ends have and nobody between can have with both, hex: what is signed together
   * with it cannot be passed on over another session. Absent: this transport has none, or proves identities itself.
   */
  readonly channel?: string;
  /** Why this is not the way that was tried first ("No answer over UDP: …"), in words for people; absent when it is. */
  readonly fallback?: string;
  /** Why the broker in between takes nothing from this end for now, in its words; absent or empty: it does. */
  readonly blocked?: string;
  /** Largest chunk body that suits this protocol, where that is below `limits.chunkBytes`. */
  readonly chunkBytes?: number;
  /** What keeps frames of either end from passing while the session stands ("the broker takes no packet of 4 KiB"), for people. */
  readonly obstacle?: string | null;
  /** Frames of all lanes; waits when nothing is there; done when the session is closed. One reader. */
  frames(): AsyncIterable<IncomingFrame, undefined>;
  /** Resolves with the stream's name for the packet log once flow control has taken the frame. */
  send(frame: OutgoingFrame, options: { readonly signal: AbortSignal }): Promise<SentFrame>;
  stats(): SessionStats;
  /** Sends what is queued, tells the peer code and reason where the protocol can, and ends. Twice is fine. */
  close(code: string, reason: string): Promise<void>;
  /** Ends the session at once and without a word to the peer, as a pulled cable would; for faults and tests. */
  abort?(): void;
  /** Resolves when the session has ended, whoever ended it; never rejects. */
  readonly closed: Promise<CloseReason>;
}

/** Faults of a transport that was wrapped to have them; they act on its sessions at once and on those that follow. */
export interface TransportFaults {
  /** Kills the sessions that are open, as a network would: nobody is told. */
  dropLink(): void;
  /** Seeded weather for all that is sent from now on. */
  setWire(behaviour: {
    readonly delayMs?: number;
    readonly jitterMs?: number;
    readonly breakProbability?: number;
  }): void;
  /** Nothing passes either way, and nobody is told. */
  partition(state: 'on' | 'off'): void;
}

/** The port that a listener has to take: its former one where it had one. */
export function portFor(options: Pick<ListenOptions, 'port' | 'again'>, provider: Endpoint['provider']): number {
  return options.again?.find((endpoint) => endpoint.provider === provider)?.port ?? options.port;
}
