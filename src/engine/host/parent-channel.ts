import { RoundscopeError } from '#shared/base/errors.ts';
import type { FromChild } from '#shared/contract/child-messages.ts';

/**
 * The pipe from a child process to its parent, whichever way it was launched: Electron's utility process has
 * `process.parentPort`, a forked Node process has `process.send`. When the parent is gone so is the child's purpose:
 * `onGone` is called, and the process must end.
 */
export interface ParentChannel {
  post(message: FromChild): void;
  onMessage(listener: (message: unknown) => void): void;
  onGone(listener: () => void): void;
  /** Lets the process end by itself once nothing else holds it. Resolves when all posted messages were handed over. */
  close(): Promise<void>;
}

interface ElectronParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

export function openParentChannel(): ParentChannel {
  const electron = (process as { parentPort?: ElectronParentPort }).parentPort;
  if (electron !== undefined && electron !== null) return electronChannel(electron);
  if (process.send === undefined) {
    throw new RoundscopeError('internal', {
      layer: 'application',
      message: 'This file is one of the processes of Roundscope and is started by it, not by hand. Try: npm start',
    });
  }
  return forkChannel();
}

function electronChannel(port: ElectronParentPort): ParentChannel {
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => port.on('message', (event) => listener(event.data)),
    // Main ends its utility processes itself when their service is gone, and Chromium ends them when main is.
    onGone: () => undefined,
    close: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

function forkChannel(): ParentChannel {
  let pending = 0;
  let onIdle: (() => void) | undefined;
  return {
    post(message) {
      if (!process.connected || process.send === undefined) return;
      pending++;
      process.send(message, undefined, undefined, () => {
        pending--;
        if (pending === 0) onIdle?.();
      });
    },
    onMessage: (listener) => void process.on('message', listener),
    onGone: (listener) => void process.on('disconnect', listener),
    close: () =>
      new Promise((resolve) => {
        const finish = (): void => {
          if (process.connected) process.disconnect();
          resolve();
        };
        if (pending === 0 || !process.connected) finish();
        else onIdle = finish;
      }),
  };
}
