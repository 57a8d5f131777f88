/** Longest piece of foreign text that a line shows. */
const textMax = 1000;

/**
 * Control characters (a terminal would obey them), line ends (they would begin a line of their own) and what turns the
 * direction of writing around (it would show other words than are there).
 */
// eslint-disable-next-line no-control-regex
const hidden = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Text from outside as a terminal may show it: what cannot be seen is shown as an escape, `\x1b` or `\u202e`, and long text
 * is cut. Decision 0061.
 */
export function visibleText(text: string): string {
  const shown = text.replace(hidden, escapeOf);
  return shown.length > textMax ? `${shown.slice(0, textMax - 1)}…` : shown;
}

/** The same for all text within a value of plain objects and lists, such as an event. */
export function visibleWithin<T>(value: T): T {
  return within(value) as T;
}

function within(value: unknown): unknown {
  if (typeof value === 'string') return visibleText(value);
  if (Array.isArray(value)) return value.map(within);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, within(inner)]));
}

/** What a window cannot show as what it is; line ends and tabs are harmless there. */
export const turning =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;
const turningAll = new RegExp(turning, 'g');

/**
 * A value as a window may show it: foreign text stands within sentences of ours there, and what would turn the rest of a
 * sentence around is shown as an escape. What has none of that stays the same object.
 */
export function shownWithin<T>(value: T): T {
  return shown(value) as T;
}

function shown(value: unknown): unknown {
  if (typeof value === 'string') return turning.test(value) ? value.replace(turningAll, escapeOf) : value;
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    const items = value.map(shown);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const entries = Object.entries(value);
  const members = entries.map(([key, inner]) => [key, shown(inner)] as const);
  return members.some(([, inner], index) => inner !== entries[index]?.[1]) ? Object.fromEntries(members) : value;
}

function escapeOf(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return ' ';
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
