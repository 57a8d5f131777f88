import type { ErrorReport } from '#shared/base/errors.ts';
import type { SessionKeys } from '#engine/transport/sealed/handshake.ts';

/** Control and bulk have topics of their own, so that neither waits for the other. */
export type SampleClass = 'control' | 'bulk';

/** `up`: a participant's end, which writes the topics that end in `_up` and reads the others. */
export type Side = 'up' | 'down';

/** `roundscope::Announce` of the IDL. */
export interface Announcement {
  readonly participant: string;
  readonly session: string;
  readonly run: string;
  readonly kind: string;
  readonly version: number;
  readonly agreement: string;
  readonly proof: string;
  readonly reason: string;
}

/** What a sample says beside whom it is from, which is its session's; `bytes` are sealed on the way alone. */
export interface SampleBody {
  readonly lane: string;
  readonly laneNumber: number;
  readonly number: number;
  readonly flags: number;
  readonly frameBytes: number;
  readonly bytes: Uint8Array;
}

/** Asked of the thread that owns Cyclone DDS; ids are the asker's. */
export type Command =
  /** A domain of its own, with the topics on which sessions are asked for; answered by `node`. */
  | {
      readonly type: 'open_node';
      readonly node: number;
      readonly config: string;
      readonly side: Side;
      readonly run: string;
    }
  | { readonly type: 'announce'; readonly node: number; readonly announcement: Announcement }
  /** What was announced under its participant and session is over; late joiners are not told of it any more. */
  | { readonly type: 'retract'; readonly node: number; readonly announcement: Announcement }
  | {
      readonly type: 'open_session';
      readonly session: number;
      readonly node: number;
      readonly participant: string;
      readonly id: string;
      readonly keys: Omit<SessionKeys, 'channel'>;
    }
  | { readonly type: 'send'; readonly session: number; readonly to: SampleClass; readonly sample: SampleBody }
  /** Its topics are given up once the peer has what was written, or when the time for that is over; answered. */
  | { readonly type: 'close_session'; readonly session: number; readonly drainMs: number }
  /** `cut`: without a word to anybody, as a pulled cable would. */
  | { readonly type: 'close_node'; readonly node: number; readonly manner: 'clean' | 'cut' }
  | { readonly type: 'stop' };

export type Report =
  | { readonly type: 'node'; readonly node: number; readonly error: string | null }
  /** `writer`: tells who announced it from others, and nothing else of it. */
  | { readonly type: 'announced'; readonly node: number; readonly announcement: Announcement; readonly writer: bigint }
  /** Somebody there uses our topics in another way; told once for each. */
  | { readonly type: 'incompatible'; readonly node: number; readonly reason: string }
  /** Whether the peer's readers and writers of this session are all there. */
  | { readonly type: 'matched'; readonly session: number; readonly all: boolean }
  | {
      readonly type: 'samples';
      readonly session: number;
      readonly from: SampleClass;
      readonly samples: readonly SampleBody[];
      /** Samples that were not of this session's peer: their tag was wrong. */
      readonly forged: number;
    }
  | { readonly type: 'session_failed'; readonly session: number; readonly reason: string }
  | { readonly type: 'session_closed'; readonly session: number }
  | { readonly type: 'node_closed'; readonly node: number };

/** First message of the thread. */
export type Ready =
  | { readonly type: 'ready'; readonly path: string; readonly guard: number }
  | { readonly type: 'absent'; readonly error: ErrorReport };

export interface WorkerStart {
  readonly library: string | undefined;
  /** Set to 1 to end the thread's loop whatever it does. */
  readonly stop: SharedArrayBuffer;
}

/** Topics of a run, each in the partition of its run or session; the direction is appended. */
export const topicNames = {
  session: 'roundscope_session',
  control: 'roundscope_control',
  bulk: 'roundscope_bulk',
} as const;
