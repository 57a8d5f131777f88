import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import type { PeerKind } from './ways.ts';

/** The process at the other end of a measurement. */
export interface Peer {
  readonly endpoint: Endpoint;
  /** What it has taken of the processor since it began. */
  cpuMs(): Promise<number>;
  end(): void;
}

/** What `peer.ts` sends: where it serves first, then answers to `cpu`. */
type PeerMessage = { readonly endpoint: Endpoint } | { readonly cpuMs: number };

export function startPeer(kind: PeerKind): Promise<Peer> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./peer.ts', import.meta.url)), [kind], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const asked: ((cpuMs: number) => void)[] = [];
    child.once('error', reject);
    child.on('message', (message: PeerMessage) => {
      if ('cpuMs' in message) return asked.shift()?.(message.cpuMs);
      resolve({
        endpoint: message.endpoint,
        cpuMs: () =>
          new Promise((answered) => {
            asked.push(answered);
            child.send('cpu');
          }),
        end: () => child.disconnect(),
      });
    });
  });
}
