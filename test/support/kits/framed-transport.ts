import { encodeFrame, framePrefixBytes } from '#engine/framing/frame.ts';
import { after } from '#engine/framing/parts.ts';
import type { IncomingFrame, Listener, Session, Transport } from '#engine/transport/transport.ts';

/** What the frame around a body adds: prefix and the header `{}`. */
export const framingBytes = framePrefixBytes + 2;

/**
 * Any bytes over a transport that carries frames of `framing/frame.ts` alone (stream transports find a frame's end by its
 * own prefix): each body is put into a frame and taken out again.
 */
export function framed(transport: Transport): Transport {
  return {
    protocol: transport.protocol,
    dial: async (endpoints, options) => framedSession(await transport.dial(endpoints, options)),
    listen: (options): Promise<Listener> =>
      transport.listen({ ...options, onSession: (session) => options.onSession(framedSession(session)) }),
  };
}

function framedSession(session: Session): Session {
  return {
    protocol: session.protocol,
    stack: session.stack,
    remote: session.remote,
    peerIdentity: session.peerIdentity,
    ...(session.channel === undefined ? {} : { channel: session.channel }),
    closed: session.closed,
    frames: () => bodies(session),
    send: (frame, options) => session.send({ ...frame, parts: encodeFrame({}, Buffer.concat(frame.parts)) }, options),
    stats: () => session.stats(),
    close: (code, reason) => session.close(code, reason),
    abort: () => session.abort?.(),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

async function* bodies(session: Session): AsyncIterable<IncomingFrame, undefined> {
  for await (const frame of session.frames()) yield { ...frame, parts: after(frame.parts, framingBytes) };
}
