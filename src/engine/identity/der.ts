/** The few words of DER (X.690) that a self-signed certificate is written in. */

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(0x30, ...parts);
}

export function set(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(0x31, ...parts);
}

/** Context-specific, constructed: `[number] EXPLICIT`. */
export function explicit(number: number, part: Uint8Array): Uint8Array {
  return tagged(0xa0 | number, part);
}

/** Positive integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Uint8Array {
  const first = bytes[0] ?? 0;
  return tagged(0x02, first >= 0x80 ? Uint8Array.of(0) : new Uint8Array(0), bytes);
}

/** Object identifier in dotted form, its first two numbers below 40. */
export function oid(dotted: string): Uint8Array {
  const [a = 0, b = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Uint8Array.of(a * 40 + b, ...rest.flatMap(base128)));
}

export function utf8String(text: string): Uint8Array {
  return tagged(0x0c, new TextEncoder().encode(text));
}

export function octetString(bytes: Uint8Array): Uint8Array {
  return tagged(0x04, bytes);
}

export function bitString(bytes: Uint8Array): Uint8Array {
  return tagged(0x03, Uint8Array.of(0), bytes);
}

/** UTCTime, as RFC 5280 4.1.2.5 asks for dates before 2050. */
export function utcTime(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14);
  return tagged(0x17, new TextEncoder().encode(`${digits}Z`));
}

export function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.byteLength, 0);
  return Buffer.concat([Uint8Array.of(tag, ...lengthBytes(length)), ...parts]);
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

function base128(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) | 0x80);
  return bytes;
}
