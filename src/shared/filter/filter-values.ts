/** Units of a filter's numbers: what each is in bytes or ms. Decimal and binary sizes as IEC 80000-13 names them. */
export const sizeUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};
export const durationUnits: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  m: 60_000,
  h: 3_600_000,
};
/** As errors name them. */
export const durationUnitNames = ['us', 'ms', 's', 'min', 'h'] as const;

export type ReadNumber =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'not_a_number' }
  | { readonly kind: 'no_unit'; readonly digits: string }
  | { readonly kind: 'unknown_unit'; readonly digits: string; readonly unit: string };

export function readQuantity(
  text: string,
  units: Readonly<Record<string, number>>,
  unitless: number | null,
): ReadNumber {
  const match = /^(\d+(?:\.\d*)?|\.\d+)([a-z]*)$/i.exec(text);
  if (match === null) return { kind: 'not_a_number' };
  const digits = match[1] as string;
  const unit = (match[2] as string).toLowerCase();
  if (unit === '')
    return unitless === null ? { kind: 'no_unit', digits } : { kind: 'number', value: Number(digits) * unitless };
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return factor === undefined
    ? { kind: 'unknown_unit', digits, unit: match[2] as string }
    : { kind: 'number', value: Number(digits) * factor };
}

/** A time of day as ms since midnight, and how long the stretch is that it names (a minute, a second, 1 ms …). */
export function readTimeOfDay(text: string): { readonly ms: number; readonly spanMs: number } | null {
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?$/.exec(text);
  if (match === null) return null;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const fraction = match[4] ?? '';
  const ms = ((hours * 60 + minutes) * 60 + seconds) * 1000 + Number(fraction.padEnd(3, '0'));
  return { ms, spanMs: match[3] === undefined ? 60_000 : 10 ** (3 - fraction.length) };
}

/** A moment with its date, on this machine's clock or, with Z, in UTC; and how long the stretch is that it names. */
export function readMoment(text: string): { readonly ms: number; readonly spanMs: number } | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](.+?)(Z)?)?$/i.exec(text);
  if (match === null) return null;
  const time = match[4] === undefined ? { ms: 0, spanMs: 86_400_000 } : readTimeOfDay(match[4]);
  const [year, month, day] = [Number(match[1]), Number(match[2]) - 1, Number(match[3])];
  if (time === null || month > 11) return null;
  const utc = match[5] !== undefined;
  const date = utc ? new Date(Date.UTC(year, month, day) + time.ms) : new Date(year, month, day, 0, 0, 0, time.ms);
  // 31 February would be some day of March.
  const isThatDay = (utc ? date.getUTCDate() : new Date(year, month, day).getDate()) === day;
  return Number.isNaN(date.getTime()) || !isThatDay ? null : { ms: date.getTime(), spanMs: time.spanMs };
}

/** Ms since local midnight of a moment, with fraction. */
export function timeOfDayMs(at: number): number {
  const date = new Date(at);
  return (
    ((date.getHours() * 60 + date.getMinutes()) * 60 + date.getSeconds()) * 1000 +
    date.getMilliseconds() +
    (at - Math.floor(at))
  );
}

/** Letters A to Z only, as SQLite's `lower` does, so that a filter means the same in both places. */
export function lowerAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase()) : text;
}
