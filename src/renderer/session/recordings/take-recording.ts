import { useSyncExternalStore } from 'react';
import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import { limits } from '#shared/contract/limits.ts';
import { openRecording } from './recordings.ts';
import type { Session } from '../session.ts';
import { createStore } from '../store.ts';
import { showError } from '../toasts.ts';

/** A file on its way into the library. */
export interface Taking {
  readonly name: string;
  readonly sizeBytes: number;
  readonly takenBytes: number;
}

const taking = createStore<Taking | null>(null);
let wanted = false;

export function useTaking(): Taking | null {
  return useSyncExternalStore(taking.subscribe, taking.get);
}

/** The file that comes is wanted no longer. */
export function stopTaking(): void {
  wanted = false;
}

/** Takes a copy of a recording from elsewhere into the library, and opens it; what goes wrong becomes a toast. */
export async function takeRecording(session: Session, file: File): Promise<void> {
  if (taking.get() !== null) return;
  wanted = true;
  try {
    const path = await takePieces(session, file);
    if (path !== null) await openRecording(session, path);
  } catch (error) {
    showError(toErrorReport(error));
  } finally {
    taking.set(null);
  }
}

async function takePieces(session: Session, file: File): Promise<string | null> {
  const { name, size: sizeBytes } = file;
  if (sizeBytes === 0 || sizeBytes > limits.importedBytesMax) throw unfit(file);
  const transfer = crypto.randomUUID();
  for (let offset = 0; offset < sizeBytes; offset += limits.importPieceBytesMax) {
    taking.set({ name, sizeBytes, takenBytes: offset });
    if (!wanted) {
      await session.request('cancel_import', { transfer });
      return null;
    }
    const bytes = new Uint8Array(await file.slice(offset, offset + limits.importPieceBytesMax).arrayBuffer());
    const { path } = await session.request('import_recording', { transfer, name, sizeBytes, offset, bytes });
    if (path !== null) return path;
  }
  throw unfit(file);
}

function unfit({ name, size }: File): RoundscopeError {
  return new RoundscopeError('recording_invalid', {
    layer: 'service',
    message: `${name} has ${size} bytes and is taken in by no library: it is empty, larger than any recording, or changed meanwhile.`,
  });
}
