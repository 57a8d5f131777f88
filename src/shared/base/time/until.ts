import { parseDuration } from '../text/duration.ts';
import { err, ok, type Result } from '../result.ts';

const dayMs = 24 * 3_600_000;
/** Longer than any run. */
const longestMs = 10 * 366 * dayMs;

/**
 * What people write for a last moment: a length of time from now (`90m`, `3d`), a day (`2026-12-24`, the whole of it) or a
 * moment of it (`2026-12-24T18:00`), as the clock of this machine shows it. Wall ms.
 */
export function parseUntil(text: string, nowMs: number): Result<number, string> {
  const typed = text.trim();
  const days = /^(\d{1,4}) ?(?:d|days?)$/.exec(typed);
  const lengthMs = days === null ? parseDuration(typed) : Number(days[1]) * dayMs;
  const until = lengthMs === null ? momentOf(typed) : nowMs + lengthMs;
  if (until === null) return err(`${text} is no moment: write 3d, 12h, 2026-12-24 or 2026-12-24T18:00`);
  if (until <= nowMs) return err(`${text} is over already`);
  return until - nowMs > longestMs ? err(`${text} is further off than any run goes`) : ok(Math.floor(until));
}

function momentOf(text: string): number | null {
  const [, day, time] = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}))?$/.exec(text) ?? [];
  if (day === undefined) return null;
  // Without a zone, a moment is one of this machine's clock.
  const at = new Date(`${day}T${time ?? '23:59:59.999'}`).getTime();
  return Number.isNaN(at) ? null : at;
}
