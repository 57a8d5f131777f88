import { limits } from '#shared/contract/limits.ts';
import { decodePortMessage, encodePortMessage } from '#shared/port/wire.ts';
import type { Port } from '#shared/port/port.ts';

/** Tells of each port in turn: the first one, and another whenever the service came back. */
export type PortSource = (onPort: (port: Port) => void) => Disposable;

/** The preload posts a MessagePort into the page at load, and another each time that main restarts the service. */
export const openElectronPort: PortSource = (onPort) => {
  const listen = (event: MessageEvent): void => {
    if (event.source !== window || event.data !== 'roundscope-port') return;
    const [port] = event.ports;
    if (port !== undefined) onPort(messagePort(port));
  };
  window.addEventListener('message', listen);
  return { [Symbol.dispose]: () => window.removeEventListener('message', listen) };
};

const redialFirstMs = 250;
const redialMaxMs = 5_000;

/** Browser mode: a WebSocket to `/port` of the page's own origin, dialled again with back-off. */
export const openWebSocketPort: PortSource = (onPort) => {
  let closed = false;
  let delayMs = redialFirstMs;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let socket: WebSocket | undefined;
  const dial = (): void => {
    const url = new URL('/port', window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const current = new WebSocket(url);
    socket = current;
    current.binaryType = 'arraybuffer';
    current.addEventListener('open', () => {
      delayMs = redialFirstMs;
      onPort(webSocketPort(current));
    });
    current.addEventListener('close', () => {
      if (closed) return;
      timer = setTimeout(dial, delayMs);
      delayMs = Math.min(redialMaxMs, delayMs * 2);
    });
  };
  dial();
  return {
    [Symbol.dispose]: () => {
      closed = true;
      clearTimeout(timer);
      socket?.close(1000, 'window closes');
    },
  };
};

/** Which of the two this page has: browser mode is plain HTTP on the loopback interface, a window has a scheme of its own. */
export function portSource(): PortSource {
  return window.location.protocol === 'http:' ? openWebSocketPort : openElectronPort;
}

function messagePort(port: MessagePort): Port {
  const closeListeners: ((reason: string) => void)[] = [];
  // The `close` event of ports is in Chromium since 122, so in every Electron that we run on.
  port.addEventListener('close', () => {
    for (const listener of closeListeners) listener('the service process ended');
  });
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => {
      // Assigning onmessage starts the port; what came before is queued by the browser until then.
      port.onmessage = (event) => listener(event.data);
    },
    onClose: (listener) => void closeListeners.push(listener),
    close: () => port.close(),
  };
}

/** A snapshot holds up to `packetRowsMax` rows of a few hundred bytes as text. */
const messageBytesMax = limits.packetRowsMax * 2048;

function webSocketPort(socket: WebSocket): Port {
  let listener: ((message: unknown) => void) | undefined;
  socket.addEventListener('message', (event: MessageEvent<string | ArrayBuffer>) => {
    const data = typeof event.data === 'string' ? event.data : new Uint8Array(event.data);
    const decoded = decodePortMessage(data, messageBytesMax);
    if (!decoded.ok) socket.close(4000, `unreadable message: ${decoded.error}`.slice(0, 120));
    else listener?.(decoded.value);
  });
  return {
    post: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(encodePortMessage(message));
    },
    onMessage: (next) => void (listener = next),
    onClose: (next) =>
      socket.addEventListener('close', (event) => next(event.reason === '' ? 'no answer' : event.reason)),
    close: (reason) => socket.close(1000, reason.slice(0, 120)),
  };
}
