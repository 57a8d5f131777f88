/**
 * Names are snake_case on every wire and in every file, camelCase in TypeScript: keys are converted at the border,
 * deeply, values never. Data is not used as keys anywhere in the contract, so this loses nothing.
 */
export function toWireNames(value: unknown): unknown {
  return mapKeys(value, (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

/** Inverse of `toWireNames`, for JSON that has already passed the depth check. */
export function fromWireNames(value: unknown): unknown {
  return mapKeys(value, (key) => key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()));
}

function mapKeys(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => mapKeys(item, rename));
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [rename(key), mapKeys(item, rename)]));
}
