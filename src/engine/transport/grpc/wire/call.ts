import type { Readable, Writable } from 'node:stream';
import type { ClientDuplexStream, ClientReadableStream, ClientWritableStream, StatusObject } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerReadableStream, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import { spawn } from '#shared/base/spawn.ts';
import { callEnd, type CallEnd } from './status-words.ts';

/** `Status.CANCELLED` of the library, which is loaded on first use only. */
const cancelled = 1;
const resourceExhausted = 8;
const internal = 13;

interface CallParts {
  readonly readable?: Readable;
  readonly writable?: Writable;
  readonly ended: Promise<CallEnd>;
  readonly end: () => void;
  readonly cut: () => void;
}

/** One gRPC call, the same for both ends: the library has a class for each of the six kinds. */
export class Call {
  readonly name: string;
  /** Resolves when the call is over, whoever ended it. */
  readonly ended: Promise<CallEnd>;
  readonly #parts: CallParts;
  /** Writes under way: the library forgets their callbacks when the call ends. */
  readonly #writing = new Set<(error: Error) => void>();
  #end: CallEnd | null = null;

  constructor(name: string, parts: CallParts) {
    this.name = name;
    this.#parts = parts;
    this.ended = parts.ended;
    // Told by `ended`; without a listener it would end the process.
    parts.readable?.on('error', () => undefined);
    parts.writable?.on('error', () => undefined);
    spawn(
      'watching a call',
      parts.ended.then((end) => {
        this.#end = end;
        for (const reject of this.#writing) reject(brokenOff(end));
        this.#writing.clear();
      }),
    );
  }

  /**
   * Hands each message to `take`; none while a promise of it is open, so that who does not take them holds the peer back.
   * Resolves when the peer has ended its half. One reader. No iterators: their promises took longer than a small message.
   * @throws Error when the call broke off, or what `take` throws
   */
  read(take: (message: Buffer) => Promise<void> | null): Promise<void> {
    const { readable } = this.#parts;
    if (readable === undefined) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let failure: Error | null = null;
    const stop = (error: unknown): void => {
      readable.off('data', onMessage);
      readable.pause();
      reject(error);
    };
    const onMessage = (message: Buffer): void => {
      try {
        const taken = take(message);
        if (taken === null) return;
        readable.pause();
        taken.then(() => readable.resume(), stop);
      } catch (error) {
        stop(error);
      }
    };
    // What came before a failure is read first, as far as the library still has it.
    readable.on('error', (error) => {
      failure ??= error;
      if (readable.readableLength === 0 || readable.destroyed) stop(error);
    });
    readable.once('end', () => (failure === null ? resolve() : reject(failure)));
    readable.once('close', () => reject(failure ?? brokenOff(this.#end)));
    readable.on('data', onMessage);
    return promise;
  }

  /** Resolves when HTTP/2's flow control has taken the message. */
  write(message: Buffer): Promise<void> {
    const { writable } = this.#parts;
    if (writable === undefined || this.#end !== null) return Promise.reject(brokenOff(this.#end));
    return new Promise((resolve, reject) => {
      this.#writing.add(reject);
      writable.write(message, (error) => {
        this.#writing.delete(reject);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Ends this end's half, after what was written; at the coordinator that is the call's end. Twice is fine. */
  end(): void {
    if (this.#end === null) this.#parts.end();
  }

  /** Ends the call at once. */
  cut(): void {
    if (this.#end === null) this.#parts.cut();
  }
}

/** A call that this end made. */
export function outgoingCall(
  name: string,
  stream: ClientDuplexStream<Buffer, Buffer> | ClientWritableStream<Buffer> | ClientReadableStream<Buffer>,
): Call {
  const { promise, resolve } = Promise.withResolvers<CallEnd>();
  stream.on('status', (status: StatusObject) => resolve(callEnd(status)));
  const writable = 'write' in stream ? stream : undefined;
  return new Call(name, {
    ...('read' in stream ? { readable: stream } : {}),
    ...(writable === undefined ? {} : { writable }),
    ended: promise,
    end: () => void writable?.end(),
    cut: () => stream.cancel(),
  });
}

/** A call to this end whose answer is a stream, or a part of one. */
export function answeredCall(
  name: string,
  stream: ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>,
): Call {
  return new Call(name, {
    ...('read' in stream ? { readable: stream } : {}),
    writable: stream,
    ended: endOf(stream, () => stream.writableFinished),
    end: () => void stream.end(),
    // There is no cancel at this end: a status that is not OK.
    cut: () => void stream.emit('error', { code: cancelled, details: 'cut off by the coordinator' }),
  });
}

/** A call to this end that is answered once. */
export function receivedCall(
  name: string,
  stream: ServerReadableStream<Buffer, Buffer>,
  answer: sendUnaryData<Buffer>,
): Call {
  let answered = false;
  return new Call(name, {
    readable: stream,
    ended: endOf(stream, () => answered),
    end: () => {
      answered = true;
      answer(null, Buffer.alloc(0));
    },
    cut: () => answer({ code: cancelled, details: 'cut off by the coordinator' }),
  });
}

/** `cancelled` comes at every end, also after the last word of an answer. */
function endOf(stream: Readable | Writable, inOrder: () => boolean): Promise<CallEnd> {
  const { promise, resolve } = Promise.withResolvers<CallEnd>();
  const onEnd = (): void =>
    resolve({ ok: inOrder(), code: 'lost', reason: inOrder() ? '' : 'the participant is gone' });
  whenUnreadable(stream, (status) => resolve(callEnd(status)));
  stream.on('cancelled', onEnd);
  stream.on('close', onEnd);
  return promise;
}

interface StatusSender {
  sendStatus?: (status: Pick<StatusObject, 'code' | 'details'>) => void;
}

/**
 * A message that is too large, or no gRPC, ends a call inside the library, which tells the peer why and us nothing. So its
 * answer is listened to; in a version without it only the words would be missing.
 */
function whenUnreadable(stream: object, tell: (status: Pick<StatusObject, 'code' | 'details'>) => void): void {
  const { call } = stream as { readonly call?: StatusSender };
  const send = call?.sendStatus;
  if (call === undefined || send === undefined) return;
  call.sendStatus = (status) => {
    if (status.code === resourceExhausted || status.code === internal) tell(status);
    send.call(call, status);
  };
}

function brokenOff(end: CallEnd | null): Error {
  return new Error(`the call is over: ${end?.reason ?? 'it takes nothing'}`);
}
