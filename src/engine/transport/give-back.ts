/**
 * Gives the memory of `bytes` back at once, which nobody may look at afterwards. Left to the collector it lies there until 64 MB
 * of such have gathered, each time on pages that were not touched yet: at 10 MB a transfer that costs more than to encrypt it.
 * Bytes that share their memory with others keep it.
 */
export function giveBack({ byteLength, buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}
