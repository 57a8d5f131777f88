import { RoundscopeError } from '#shared/base/errors.ts';
import type { FromChild } from '#shared/contract/child-messages.ts';
import { limits, timing } from '#shared/contract/limits.ts';

/**
 * The pipe from a child process to its parent, whichever way it was launched: Electron's utility process has
 * `process.parentPort`, a forked Node process has `process.send`. When the parent is gone so is the child's purpose:
 * `onGone` is called, and the process must end.
 */
export interface ParentChannel {
  /** False: it could not be kept, and is lost. */
  post(message: FromChild): boolean;
  /** All that the parent says but acknowledgements. */
  onMessage(listener: (message: unknown) => void): void;
  onAck(listener: (batch: number) => void): void;
  onGone(listener: () => void): void;
  /** Resolves when all posted messages were handed over, or the parent is gone. */
  flushed(): Promise<void>;
  /** Lets the process end by itself once nothing else holds it, after `flushed`. */
  close(): Promise<void>;
}

interface ElectronPort {
  postMessage(message: unknown): void;
  on(
    event: 'message',
    listener: (event: { readonly data: unknown; readonly ports?: readonly ElectronPort[] }) => void,
  ): void;
  on(event: 'close', listener: () => void): void;
  start(): void;
}

/**
 * Messages kept until the port to the service has come, which is within milliseconds of the start: the batches that may
 * be on their way, and the few other words of a process. What does not fit its sender counts as lost.
 */
const earlyMax = limits.reportBatchesMax + 16;

/** A process that ends looks this often whether its last rows were taken. */
const closeLookMs = 50;

export function openParentChannel(): ParentChannel {
  const electron = (process as unknown as { readonly parentPort?: ElectronPort }).parentPort;
  if (electron !== undefined) return electronChannel(electron);
  if (process.send === undefined) {
    throw new RoundscopeError('internal', {
      layer: 'application',
      message: 'This file is one of the processes of Roundscope and is started by it, not by hand. Try: npm start',
    });
  }
  return forkChannel();
}

/** Main hands the port to the service over as its first message and is out of the data path from then on. */
function electronChannel(parent: ElectronPort): ParentChannel {
  let port: ElectronPort | undefined;
  let onMessage: ((message: unknown) => void) | undefined;
  let onAck: ((batch: number) => void) | undefined;
  let onGone: (() => void) | undefined;
  const early: FromChild[] = [];
  /** The newest batch that was posted, and that was acknowledged. */
  let [posted, acknowledged] = [0, 0];
  let gone = false;
  parent.on('message', ({ ports }) => {
    const [handed] = ports ?? [];
    if (port !== undefined || handed === undefined) return;
    port = handed;
    port.on('message', ({ data }) => {
      const batch = ackOf(data);
      if (batch === null) onMessage?.(data);
      else {
        acknowledged = batch;
        onAck?.(batch);
      }
    });
    port.on('close', () => {
      gone = true;
      onGone?.();
    });
    for (const message of early.splice(0)) port.postMessage(message);
    if (onMessage !== undefined) port.start();
  });
  /** Messages leave with the turn of the loop; the last rows have arrived when their batch is acknowledged. */
  const taken = async (): Promise<void> => {
    for (let waitedMs = 0; waitedMs < timing.closeTimeoutMs; waitedMs += closeLookMs) {
      await new Promise((resolve) => setTimeout(resolve, closeLookMs));
      if (gone || acknowledged >= posted) return;
    }
  };
  return {
    post(message) {
      if (port !== undefined) port.postMessage(message);
      else if (early.length < earlyMax) early.push(message);
      else return false;
      if (message.type === 'batch') posted = message.batch;
      return true;
    },
    onMessage(listener) {
      onMessage = listener;
      port?.start();
    },
    onAck(listener) {
      onAck = listener;
    },
    onGone(listener) {
      onGone = listener;
    },
    flushed: taken,
    async close() {
      await taken();
      // A utility process ends only when it says so.
      process.exit(0);
    },
  };
}

function forkChannel(): ParentChannel {
  let pending = 0;
  let onIdle: (() => void)[] = [];
  const flushed = (): Promise<void> =>
    new Promise((resolve) => {
      if (pending === 0 || !process.connected) resolve();
      else onIdle.push(resolve);
    });
  return {
    post(message) {
      if (!process.connected || process.send === undefined) return false;
      pending++;
      process.send(message, undefined, undefined, () => {
        pending--;
        if (pending > 0) return;
        for (const resolve of onIdle) resolve();
        onIdle = [];
      });
      return true;
    },
    onMessage: (listener) =>
      void process.on('message', (message) => {
        if (ackOf(message) === null) listener(message);
      }),
    onAck: (listener) =>
      void process.on('message', (message) => {
        const batch = ackOf(message);
        if (batch !== null) listener(batch);
      }),
    onGone: (listener) => void process.on('disconnect', listener),
    flushed,
    async close() {
      await flushed();
      if (process.connected) process.disconnect();
    },
  };
}

/** The batch that a message acknowledges; null: it is another message. */
function ackOf(message: unknown): number | null {
  if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'ack') return null;
  return 'batch' in message && typeof message.batch === 'number' ? message.batch : null;
}
