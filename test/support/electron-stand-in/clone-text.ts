/**
 * Structured-clonable values as text, since the DevTools protocol carries nothing else. Both functions stand on their
 * own: their source also runs in the page.
 */
export function encode(value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)) return value;
  if (typeof value === 'number') return { $: 'number', value: Object.is(value, -0) ? '-0' : String(value) };
  if (value === undefined) return { $: 'undefined' };
  if (typeof value === 'bigint') return { $: 'bigint', value: String(value) };
  if (typeof value !== 'object') throw new DOMException(`a ${typeof value} cannot be cloned`, 'DataCloneError');
  if (Array.isArray(value)) return value.map(encode);
  if (value instanceof Date) return { $: 'Date', value: value.getTime() };
  if (value instanceof Map) return { $: 'Map', value: [...value].map(encode) };
  if (value instanceof Set) return { $: 'Set', value: [...value].map(encode) };
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    const bytes =
      value instanceof ArrayBuffer
        ? new Uint8Array(value)
        : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    let text = '';
    // In parts: a call takes only so many arguments.
    for (let start = 0; start < bytes.length; start += 8192) {
      text += String.fromCharCode(...bytes.subarray(start, start + 8192));
    }
    // Node's Buffer is a Uint8Array to everybody else.
    const name = Object.prototype.toString.call(value).slice(8, -1);
    return { $: 'bytes', name, value: btoa(text) };
  }
  const entries = Object.entries(value).map(([key, member]) => [key, encode(member)] as const);
  return Object.hasOwn(value, '$') ? { $: 'object', value: entries } : Object.fromEntries(entries);
}

export function decode(given: unknown): unknown {
  if (given === null || typeof given !== 'object') return given;
  if (Array.isArray(given)) return given.map(decode);
  if (!Object.hasOwn(given, '$')) {
    return Object.fromEntries(Object.entries(given).map(([key, member]) => [key, decode(member)]));
  }
  const { $: kind, name, value } = given as { $: string; name: string; value: never };
  if (kind === 'undefined') return undefined;
  if (kind === 'number') return Number(value);
  if (kind === 'bigint') return BigInt(value);
  if (kind === 'Date') return new Date(value);
  if (kind === 'Map') return new Map(decode(value) as [unknown, unknown][]);
  if (kind === 'Set') return new Set(decode(value) as unknown[]);
  if (kind === 'object')
    return Object.fromEntries((value as [string, unknown][]).map(([key, member]) => [key, decode(member)]));
  const text = atob(value);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  if (name === 'ArrayBuffer') return bytes.buffer;
  if (name === 'Uint8Array') return bytes;
  const View = (globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => unknown>)[name];
  if (View === undefined) throw new TypeError(`no such view: ${name}`);
  return new View(bytes.buffer);
}
