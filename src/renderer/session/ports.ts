import { spawn } from '#shared/base/spawn.ts';
import { limits } from '#shared/contract/limits.ts';
import { keyRefusedCode, offeredProtocols } from '#shared/contract/app/page-access.ts';
import { decodePortMessage, encodePortMessage } from '#shared/port/wire.ts';
import type { Port } from '#shared/port/port.ts';
import { browserPlaces } from './browser-places.ts';
import { expectKey, haveKey } from './key-missing.ts';
import { PageKeys } from './page-key.ts';

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
/** The service has as many windows as it takes (RFC 6455, section 7.4.1 and IANA: try again later). */
const tooManyCode = 1013;

/** Browser mode: a WebSocket to `/port` of the page's own origin, dialed again with back-off once there is a key. */
export const openWebSocketPort: PortSource = (onPort) => {
  const keys = new PageKeys(browserPlaces());
  let closed = false;
  let delayMs = redialFirstMs;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let socket: WebSocket | undefined;
  const dial = (key: string): void => {
    const url = new URL('/port', window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const current = new WebSocket(url, offeredProtocols(key));
    socket = current;
    current.binaryType = 'arraybuffer';
    let isHanded = false;
    const handOver = (): void => {
      if (!isHanded) onPort(port);
      isHanded = true;
    };
    // Before the port's own listener, which then has somebody to tell. Not at once: a key may be refused.
    current.addEventListener('message', () => {
      delayMs = redialFirstMs;
      handOver();
    });
    const port = webSocketPort(current);
    current.addEventListener('close', ({ code }) => {
      if (closed) return;
      if (code === keyRefusedCode) return refuse(key);
      // Why it may not stay is shown.
      if (code === tooManyCode) handOver();
      timer = setTimeout(() => dial(key), delayMs);
      delayMs = Math.min(redialMaxMs, delayMs * 2);
    });
  };
  const refuse = (key: string): void => {
    expectKey();
    keys.refuse(key);
  };
  expectKey();
  spawn(
    'opening the port',
    keys.begin((key) => {
      haveKey();
      clearTimeout(timer);
      dial(key);
    }),
  );
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
  let onClose: ((reason: string) => void) | undefined;
  let closedBy: string | undefined;
  socket.addEventListener('message', (event: MessageEvent<string | ArrayBuffer>) => {
    const data = typeof event.data === 'string' ? event.data : new Uint8Array(event.data);
    const decoded = decodePortMessage(data, messageBytesMax);
    if (!decoded.ok) socket.close(4000, `unreadable message: ${decoded.error}`.slice(0, 120));
    else listener?.(decoded.value);
  });
  socket.addEventListener('close', ({ reason }) => {
    closedBy = reason === '' ? 'no answer' : reason;
    onClose?.(closedBy);
  });
  return {
    post: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(encodePortMessage(message));
    },
    onMessage: (next) => void (listener = next),
    onClose: (next) => {
      onClose = next;
      if (closedBy !== undefined) next(closedBy);
    },
    close: (reason) => socket.close(1000, reason.slice(0, 120)),
  };
}
