const unitsMs = { ms: 1, s: 1_000, min: 60_000, m: 60_000, h: 3_600_000 } as const;

/** `90 s`, `10 min`, `2 h`: the largest unit that leaves a whole number, or a tenth of a second. */
export function durationText(ms: number): string {
  if (ms >= unitsMs.h && ms % unitsMs.h === 0) return `${ms / unitsMs.h} h`;
  if (ms > unitsMs.min && ms % unitsMs.min === 0) return `${ms / unitsMs.min} min`;
  return `${Math.round(ms / 100) / 10} s`;
}

/** For a length of time that was measured, in the unit in which people would say it: `12 s`, `2 min`, `3 h 5 min`. */
export function roughDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return ms < 10_000 ? `${Math.round(ms / 100) / 10} s` : `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What people write for a length of time: `90s`, `10m`, `10 min`, `2h`, `500ms`. Ms, or null for anything else. */
export function parseDuration(text: string): number | null {
  const found = /^(\d{1,6}(?:\.\d{1,3})?) ?(ms|s|m|min|h)$/.exec(text.trim());
  if (found === null) return null;
  return Math.round(Number(found[1]) * unitsMs[found[2] as keyof typeof unitsMs]);
}
