import type { NativeHttp2Stream, NativeSession, NativeStream } from './webtransport-native.ts';

/**
 * Three things that `@fails-components/webtransport` 1.6.8 leaves undone and a coordinator cannot do without: without
 * them, one hostile or slow peer could end the process or fill its memory.
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
 * It tells flow control that bytes were consumed when it has put them into a queue without limit, unless a read is
 * waiting just then; so a reader that stops would be sent everything. Here it stops as soon as something waits in the
 * queue, and goes on (by itself) with the next read.
 */
export function holdBack(session: NativeSession): void {
  const mended = new WeakSet<NativeStream>();
  const mend = (): void => {
    for (const stream of session.streamObjs) {
      if (mended.has(stream)) continue;
      mended.add(stream);
      const commit = stream.commitReadBuffer.bind(stream);
      stream.commitReadBuffer = (buffer) => {
        const result = commit(buffer);
        if ((stream.readableController?.desiredSize ?? 0) >= 0) return result;
        result.stopReading = true;
        // The read that is served now must end, or the next one would wait for it for ever.
        stream.pendingresRead?.();
        stream.pendingresRead = null;
        stream.pendingoperationRead = null;
        return result;
      };
    }
  };
  const onStream = session.onStream.bind(session);
  session.onStream = (event) => {
    onStream(event);
    mend();
  };
  mend();
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
