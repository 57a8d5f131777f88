/**
 * Gives the memory of `bytes` back at once, which nobody may look at afterwards. Left to the collector it lies there until tens
 * of MB have gathered, for which all of the heap is marked: at 10 MB that cost more of the processor than to encrypt them.
 * Bytes that share their memory with others keep it. Never for what a socket may still write: that the other end says to have it
 * is its own word, and it would be sent whatever lies there then.
 */
export function giveBack({ byteLength, buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}

/** Memory of one message that came, in which nothing else lies. */
const own = new WeakSet<ArrayBufferLike>();

/** Nothing but one message lies in the memory of `bytes`: who has read the message may give it back, through any view. */
export function ownMemory<T extends Uint8Array>(bytes: T): T {
  own.add(bytes.buffer);
  return bytes;
}

/** Gives back what `parts` of a message lie in, where that is known to be its own; nobody may look at it afterwards. Decision 0116. */
export function giveBackMessage(parts: readonly Uint8Array[]): void {
  for (const { buffer } of parts) if (buffer instanceof ArrayBuffer && own.delete(buffer)) buffer.transfer(0);
}
