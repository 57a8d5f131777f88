import { assert } from '#shared/base/assert.ts';
import type { Lane, OutgoingFrame } from '../transport.ts';
import { PartsReader } from './piece.ts';

/** Longest id of a lane, in UTF-8. */
const idBytesMax = 200;
/** What a name adds to its frame at most. */
export const frameNameBytesMax = 1 + idBytesMax;

/**
 * What somebody else carries tells nothing of what it is: on the way a bulk lane is known by its number, and which one it is
 * stands sealed before each of its frames, one byte of length and the id. So brokers see no names of transfers. Decision 0118.
 */
export function frameName(lane: Exclude<Lane, 'control'>): Uint8Array {
  const id = new TextEncoder().encode(lane.slice('bulk:'.length));
  assert(id.byteLength > 0 && id.byteLength <= idBytesMax, `a lane with an id of ${id.byteLength} bytes`);
  const name = new Uint8Array(1 + id.byteLength);
  name[0] = id.byteLength;
  name.set(id, 1);
  return name;
}

/** A frame without its name; null: there is none before it. */
export function withoutName(
  parts: readonly Uint8Array[],
): { readonly lane: Lane; readonly parts: readonly Uint8Array[] } | null {
  const wanted = 1 + (parts.find(({ byteLength }) => byteLength > 0)?.[0] ?? 0);
  if (wanted === 1 || wanted > frameNameBytesMax) return null;
  const name = new Uint8Array(wanted);
  const rest: Uint8Array[] = [];
  let taken = 0;
  for (const part of parts) {
    const own = part.subarray(0, wanted - taken);
    name.set(own, taken);
    taken += own.byteLength;
    if (own.byteLength < part.byteLength) rest.push(part.subarray(own.byteLength));
  }
  if (taken < wanted) return null;
  try {
    return { lane: `bulk:${new TextDecoder('utf-8', { fatal: true }).decode(name.subarray(1))}`, parts: rest };
  } catch {
    // Not UTF-8: no name of ours.
    return null;
  }
}

/** What lanes of a session are called on the way, and how their frames say which lane it is. */
export class LaneNames {
  readonly #sealed: boolean;

  constructor(sealed: boolean) {
    this.#sealed = sealed;
  }

  onTheWay(lane: Lane, number: number): Lane {
    return this.#isNamed(lane) ? `bulk:${number}` : lane;
  }

  named({ lane, parts }: OutgoingFrame, reader: PartsReader): PartsReader {
    return this.#isNamed(lane) ? new PartsReader([frameName(lane), ...parts]) : reader;
  }

  /** Null: the frame does not say which lane it is of, and has to. */
  read(lane: Lane, parts: readonly Uint8Array[]): ReturnType<typeof withoutName> {
    return this.#isNamed(lane) ? withoutName(parts) : { lane, parts };
  }

  #isNamed(lane: Lane): lane is Exclude<Lane, 'control'> {
    return this.#sealed && lane !== 'control';
  }
}
