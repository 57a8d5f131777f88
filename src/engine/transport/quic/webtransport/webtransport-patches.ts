import { windows } from '../quic-options.ts';
import type {
  NativeBidirectionalStream,
  NativeHttp2Session,
  NativeHttp2Stream,
  NativeSession,
  NativeStream,
} from './webtransport-native.ts';

/**
 * What `@fails-components/webtransport` 1.6.8 leaves undone and a coordinator cannot do without: otherwise
 * one hostile or slow peer could end the process or fill its memory.
 */

/**
 * It parses what a peer sends inside an event listener: an exception in there, for bytes that it did not expect, would
 * end the whole process. Here it ends that peer's connection.
 */
export function guardParser(stream: NativeHttp2Stream): void {
  for (const parse of stream.listeners('readable')) {
    stream.removeListener('readable', parse);
    stream.on('readable', () => {
      try {
        parse();
      } catch {
        stream.destroy();
        stream.session?.destroy();
      }
    });
  }
}

/**
 * HTTP/2 begins with windows of 64 KB, which is all that could be sent per round trip (1.6 MB/s at 40 ms): the session has
 * its own windows inside one stream, so stream and connection only need to be wide enough.
 */
export function widenWindows(connection: NativeHttp2Session): void {
  connection.setLocalWindowSize(windows.http2Bytes);
  connection.settings({ initialWindowSize: windows.http2Bytes });
}

/**
 * Its client and its server ask once a second, in a timer, whether the connection is closed, and ping it if not. Of one
 * whose socket was lost Node says destroyed, not closed, and the ping throws where nobody can catch it: the process would end.
 */
export function endPings(connection: Pick<NativeHttp2Session, 'destroyed'>): void {
  const prototype = Reflect.getPrototypeOf(connection) ?? {};
  Object.defineProperty(connection, 'closed', {
    // The same connection may be patched again, for another session that it carries.
    configurable: true,
    get: () => connection.destroyed || Reflect.get(prototype, 'closed', connection) === true,
  });
}

/**
 * Its client looks at the certificate when the handshake is done, and throws where nobody can catch it when the connection
 * was destroyed before that. Whoever destroys one takes that look away first: of a connection that is gone it says nothing.
 */
export function endHandshake({ socket }: Pick<NativeHttp2Session, 'socket'>): void {
  for (const look of socket?.listeners('secureConnect') ?? []) socket?.removeListener('secureConnect', look);
}

/** Bytes in a reader's queue at which the library is made to leave the rest to flow control. */
const queuedBytesMax = 1024 * 1024;

/** Patches each stream of a session from its beginning on, whichever side opens it. */
export function patchStreams(session: NativeSession): void {
  const patched = new WeakSet<NativeStream>();
  const patch = (): void => {
    for (const stream of session.streamObjs) {
      if (patched.has(stream)) continue;
      patched.add(stream);
      holdBack(stream);
      forget(stream);
    }
  };
  const onStream = session.onStream.bind(session);
  session.onStream = (event) => {
    event.stream.jsobj ??= inertOwner;
    onStream(event);
    patch();
  };
  patch();
}

/**
 * A stream that a peer opens on a session which is closing gets no owner, and is asked for one a moment later, outside of
 * anybody's reach: that would end the process. This one does nothing.
 */
const inertOwner = {
  parentobj: { state: 'closed' },
  onStreamNetworkFinish: (): void => undefined,
  onStreamRecvSignal: (): void => undefined,
  onStreamWrite: (): void => undefined,
  getReadBuffer: ({ byteSize }: { readonly byteSize: number }): object => ({
    buffer: new Uint8Array(byteSize),
    fin: false,
  }),
  commitReadBuffer: (): object => ({ stopReading: true }),
};

/**
 * It tells flow control that bytes were consumed when it has put them into a queue without limit, unless a read is
 * waiting just then; so a reader that stops would be sent everything. Here it stops while much waits in the queue, and
 * goes on (by itself) with the read that finds the queue empty.
 */
function holdBack(stream: NativeStream): void {
  const commit = stream.commitReadBuffer.bind(stream);
  stream.commitReadBuffer = (buffer) => {
    const result = commit(buffer);
    if ((stream.readableController?.desiredSize ?? 0) > -queuedBytesMax) return result;
    result.stopReading = true;
    // The read that is served now must end, or the next one would wait for it for ever.
    stream.pendingresRead?.();
    stream.pendingresRead = null;
    stream.pendingoperationRead = null;
    return result;
  };
}

/** It keeps every stream of a session until that ends; here those that both ends have finished go. */
function forget({ objint }: NativeStream): void {
  const { capsuleParser, streamid } = objint;
  if (capsuleParser === undefined) return;
  const onClose = objint.onClose?.bind(objint);
  objint.onClose = () => {
    onClose?.();
    if (objint.finalmessagesend === true) capsuleParser.wtstreams.delete(streamid);
  };
}

/**
 * It never counts a stream as closed whose sending half ended in good order, so that after the first hundred streams of a
 * side no further one could be opened.
 * @returns what to call when that half has ended
 */
export function countWhenFinished(session: NativeSession, { readable }: NativeBidirectionalStream): () => void {
  const stream = [...session.streamObjs].find((one) => one.readable === readable);
  return () => {
    if (stream?.objint.outgoingClosed_ === false) stream.objint.closeOutgoing?.();
  };
}

/** Datagrams are none of this product's, and it would keep them all. */
export async function discardDatagrams(session: NativeSession): Promise<void> {
  const reader = session.datagrams.readable.getReader();
  try {
    while (!(await reader.read()).done);
  } catch {
    // The session has ended.
  }
}
