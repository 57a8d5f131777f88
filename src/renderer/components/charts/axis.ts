/** Round steps between the lines of an axis: 1, 2, 2.5 or 5 times a power of ten. */
export function niceStep(span: number, linesMax: number): number {
  if (!(span > 0)) return 1;
  const raw = span / linesMax;
  const power = 10 ** Math.floor(Math.log10(raw));
  for (const factor of [1, 2, 2.5, 5, 10]) if (factor * power >= raw * 0.999_999) return factor * power;
  return 10 * power;
}

/** As `niceStep`, for things that are counted: 1, 2, 5, 10, 20 … */
export function countStep(span: number, linesMax: number): number {
  for (let power = 1; ; power *= 10)
    for (const factor of [1, 2, 5]) if (factor * power * linesMax >= span) return factor * power;
}

/** The smallest round number not under `value` that two or three equal steps divide: the top of an axis from 0. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const factor of [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10])
    if (factor * power >= value) return tidy(factor * power);
  return tidy(10 * power);
}

/** Multiples of `step` from `from` to `to`. */
export function ticksOf(from: number, to: number, step: number): readonly number[] {
  const ticks: number[] = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9 && ticks.length < 1000; i++)
    ticks.push(tidy(i * step));
  return ticks;
}

/** Steps of a time axis in ms that people read without arithmetic. */
const timeSteps = [
  100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3, 1800e3, 3600e3, 7200e3, 14_400e3,
  43_200e3, 86_400e3,
];

export function timeStep(spanMs: number, linesMax: number): number {
  return timeSteps.find((step) => spanMs / step <= linesMax) ?? 86_400e3 * Math.ceil(spanMs / 86_400e3 / linesMax);
}

function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
