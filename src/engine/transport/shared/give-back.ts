/**
 * Gives the memory of `bytes` back at once, which nobody may look at afterwards. Left to the collector it lies there until tens
 * of MB have gathered, for which all of the heap is marked: at 10 MB that cost more of the processor than to encrypt them.
 * Bytes that share their memory with others keep it. Never for what a socket may still write: that the other end says to have it
 * is its own word, and it would be sent whatever lies there then.
 */
export function giveBack({ byteLength, buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}
