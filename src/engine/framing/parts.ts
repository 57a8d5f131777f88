/** Bytes that lie in several pieces of memory, in order: what would have to be copied to lie in one. */
export type Parts = readonly Uint8Array[];

const nothing = new Uint8Array(0);

export function bytesIn(parts: Parts): number {
  let bytes = 0;
  for (const part of parts) bytes += part.byteLength;
  return bytes;
}

/** The same bytes in one piece: a copy, unless they are in one already. */
export function joined(parts: Parts): Uint8Array {
  return parts.length > 1 ? Buffer.concat(parts) : (parts[0] ?? nothing);
}

/** What comes after the first `count` bytes, as views. */
export function after(parts: Parts, count: number): Parts {
  const rest: Uint8Array[] = [];
  let skip = count;
  for (const part of parts) {
    if (skip < part.byteLength) rest.push(skip === 0 ? part : part.subarray(skip));
    skip = Math.max(0, skip - part.byteLength);
  }
  return rest;
}

/** A copy of the first `count` bytes, or of all where there are fewer. */
export function start(parts: Parts, count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.min(count, bytesIn(parts)));
  let filled = 0;
  for (const part of parts) {
    bytes.set(part.subarray(0, bytes.byteLength - filled), filled);
    filled += Math.min(part.byteLength, bytes.byteLength - filled);
  }
  return bytes;
}
