import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';

/**
 * Port messages as text for a WebSocket. JSON, plus what structured clone has and JSON has not: bytes become
 * `{"$bytes": base64}`, numbers that are not finite `{"$number": "NaN"}`; own keys that begin with `$` get one more `$`.
 */
export function encodePortMessage(message: unknown): string {
  return JSON.stringify(pack(message));
}

/** Nesting beyond this is an attack, not a message; the deepest of ours (a run's view with its events) has about 12. */
const depthMax = 40;

/** Inverse of `encodePortMessage`, checking the text first. Never throws. */
export function decodePortMessage(data: string | Uint8Array, maxBytes: number): Result<unknown, string> {
  if (data.length > maxBytes) return err(`message of ${data.length} bytes; at most ${maxBytes}`);
  try {
    const text = typeof data === 'string' ? data : new TextDecoder('utf-8', { fatal: true }).decode(data);
    if (isDeeperThan(text, depthMax)) return err(`nested deeper than ${depthMax}`);
    return ok(unpack(JSON.parse(text)));
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

function pack(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: String(value) };
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Uint8Array) return { $bytes: toBase64(value) };
  if (Array.isArray(value)) return value.map(pack);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.startsWith('$') ? `$${key}` : key, pack(item)]),
  );
}

function unpack(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(unpack);
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined) {
    const [key, item] = first;
    if (key === '$bytes' && typeof item === 'string') return fromBase64(item);
    if (key === '$number' && typeof item === 'string') return Number(item);
  }
  return Object.fromEntries(entries.map(([key, item]) => [key.startsWith('$$') ? key.slice(1) : key, unpack(item)]));
}

/** Counts brackets outside strings before parsing, so that hostile nesting never reaches a recursive walk. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 92) i++;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 91 || code === 123) {
      if (++depth > limit) return true;
    } else if (code === 93 || code === 125) depth--;
  }
  return false;
}

/** `fromCharCode` takes its bytes as arguments; engines limit how many. */
const sliceBytes = 8192;

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += sliceBytes) {
    text += String.fromCharCode(...bytes.subarray(at, at + sliceBytes));
  }
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
