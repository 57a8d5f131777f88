/** The word for so many: `update` of one, `updates` of any other number. */
export function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}

const counts = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A count as people read it: `1,406`. What is a name, such as the number of a round, stays as it is. */
export function formatCount(value: number): string {
  return counts.format(value);
}

/** `1 update`, `3 updates`, `1,406 updates`. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${plural(count, noun)}`;
}
