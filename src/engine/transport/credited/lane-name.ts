import type { Lane } from '../transport.ts';

/** A lane as brokers are told of it, a subtopic in MQTT. An id is percent-encoded: there `+`, `#` and `/` mean something. */
export function laneName(lane: Lane): string {
  return lane === 'control' ? 'control' : `bulk/${encodeURIComponent(lane.slice('bulk:'.length))}`;
}

/** Null: not a lane of ours. */
export function parseLane(name: string): Lane | null {
  if (name === 'control') return 'control';
  if (!name.startsWith('bulk/')) return null;
  const id = name.slice('bulk/'.length);
  if (id.length === 0 || id.length > 200) return null;
  try {
    return `bulk:${decodeURIComponent(id)}`;
  } catch {
    // Malformed percent-encoding: not ours.
    return null;
  }
}
