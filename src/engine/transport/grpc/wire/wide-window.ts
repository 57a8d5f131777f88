import { subscribe } from 'node:diagnostics_channel';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { connectionWindowBytes } from '../grpc-options.ts';
import { servicePath } from '../service.ts';

const widened = new WeakSet<ServerHttp2Session>();
let subscribed = false;

/**
 * The library's server leaves the window of a connection at HTTP/2's 64 KB, which is all that participants could send per
 * round trip (1.3 MB/s at 50 ms), and offers no way to its connections. Node tells of every stream that comes in, so the
 * first one of a connection of ours is where it is widened.
 */
export function widenServerWindows(): void {
  if (subscribed) return;
  subscribed = true;
  subscribe('http2.server.stream.created', (message) => {
    const { stream, headers } = message as {
      readonly stream: ServerHttp2Stream;
      readonly headers: { readonly ':path'?: string };
    };
    const { session } = stream;
    if (session === undefined || session.type !== 0 || widened.has(session as ServerHttp2Session)) return;
    if (headers[':path']?.startsWith(servicePath) !== true) return;
    widened.add(session as ServerHttp2Session);
    session.setLocalWindowSize(connectionWindowBytes);
  });
}
