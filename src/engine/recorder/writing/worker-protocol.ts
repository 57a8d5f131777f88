import type { ErrorReport } from '#shared/base/errors.ts';
import type { Batch, WriterOptions } from './writer.ts';
import type { Removed } from './size-bound.ts';
import type { RecordingReader } from '../reading/reader.ts';

/** What a thread of the recorder is started with: one writes, another reads, a file at a time and at first perhaps none. */
export type WorkerStart =
  | { readonly role: 'write'; readonly options: WriterOptions }
  | {
      readonly role: 'read';
      readonly path: string | null;
      readonly stateKey?: Uint8Array | undefined;
      /** Its one number is the question that is to be left. */
      readonly left: Int32Array<SharedArrayBuffer>;
    };

/** Questions that a reader answers, by the name of its method. */
export type QueryName =
  | 'queryPackets'
  | 'countPackets'
  | 'packetsUntil'
  | 'packetSetBack'
  | 'packetDetail'
  | 'tallyPackets'
  | 'sent'
  | 'events'
  | 'keptState'
  | 'brief'
  | 'info'
  | 'saveCopy';
export type QueryParameters<N extends QueryName> = Parameters<RecordingReader[N]>;
export type QueryAnswer<N extends QueryName> = ReturnType<RecordingReader[N]>;

export type ToWriter =
  | { readonly type: 'batch'; readonly id: number; readonly batch: Batch }
  | { readonly type: 'close' };
export type ToReader =
  | { readonly type: 'query'; readonly id: number; readonly name: QueryName; readonly parameters: readonly unknown[] }
  /** The file that is open is closed, and this one opened. */
  | { readonly type: 'turn_to'; readonly id: number; readonly path: string }
  | { readonly type: 'close' };

export type FromWriter =
  | { readonly type: 'ready'; readonly sizeBytes: number }
  | { readonly type: 'failed_to_open'; readonly error: ErrorReport }
  | { readonly type: 'written'; readonly id: number; readonly sizeBytes: number; readonly removed: Removed }
  | { readonly type: 'lost'; readonly id: number; readonly error: ErrorReport };

export type FromReader =
  | { readonly type: 'ready' }
  | { readonly type: 'failed_to_open'; readonly error: ErrorReport }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: ErrorReport };
