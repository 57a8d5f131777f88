/** Numbers as people read them: with units, U+2212 as minus, three significant figures at most. */
import { formatBytes } from '#shared/base/bytes.ts';
import { formatCount } from '#shared/base/text/counted.ts';

export { formatBytes };

export function formatRate(bytesPerS: number): string {
  return `${formatBytes(bytesPerS)}/s`;
}

/** A length of time: `0.35 s`, `22.4 s`, `4 min 5 s`, `2 h 3 min`. */
export function formatDuration(ms: number): string {
  const s = Math.max(0, ms) / 1000;
  if (s < 1) return `${s.toFixed(2)} s`;
  if (s < 59.95) return `${s.toFixed(1)} s`;
  const whole = Math.round(s);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** As `formatDuration` but in whole seconds, for times that tick. */
export function formatSeconds(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  return s < 60 ? `${s} s` : formatDuration(s * 1000);
}

/** Words in which no line breaks between a figure and its unit. */
export function unbroken(words: string): string {
  return words.replaceAll(/(\d) (?=(s|ms|min|h|%)(?![\p{L}\p{N}]))/gu, '$1\u{a0}');
}

/** How long nobody was heard: seconds until they are two minutes, which is how people count a silence. */
export function formatSilence(ms: number): string {
  return ms < 120_000 ? `${Math.max(0, Math.round(ms / 1000))} s` : formatSeconds(ms);
}

export function formatMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(2)} ms` : ms < 100 ? `${ms.toFixed(1)} ms` : `${formatCount(ms)} ms`;
}

/** `1.20 to 9.60 ms`. */
export function formatMsRange(low: number, high: number): string {
  return `${formatMs(low).replace(/ ms$/, '')} to ${formatMs(high)}`;
}

export function formatPercent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** With its sign; U+2212 is as wide as plus in tabular figures. */
export function formatSigned(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return `±${text}`;
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** A figure that may be negative, with the minus sign of `formatSigned`; nothing is not below zero. */
export function formatFixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Wall time of day, local: `21:12:09`. */
export function formatClock(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Wall time of day with milliseconds: `21:12:09.024`. */
export function formatClockMs(at: number): string {
  return `${formatClock(at)}.${String(Math.floor(((at % 1000) + 1000) % 1000)).padStart(3, '0')}`;
}

/** First figures of a hash, enough to compare by eye. */
export function shortHash(hash: string): string {
  return hash === '' ? '–' : `${hash.slice(0, 12)}…`;
}

/** `node-1, node-3 and 4 more`. */
export function formatNames(names: readonly string[], shownMax = 4): string {
  if (names.length <= shownMax) return names.join(', ');
  return `${names.slice(0, shownMax - 1).join(', ')} and ${names.length - shownMax + 1} more`;
}
