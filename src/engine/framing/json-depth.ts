const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Whether JSON text nests at most `depthMax` deep, seen without parsing it: a header of 64 KiB can open 65,000 brackets,
 * and what walks the parsed value recursively would pay for each. Text that is no JSON may pass; the parser refuses it.
 */
export function checkJsonDepth(bytes: Uint8Array, depthMax: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === backslash) i++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) {
      inString = true;
    } else if (byte === openBracket || byte === openBrace) {
      if (++depth > depthMax) return false;
    } else if (byte === closeBracket || byte === closeBrace) {
      depth--;
    }
  }
  return true;
}
