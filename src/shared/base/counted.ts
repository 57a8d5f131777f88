/** The word for so many: `update` of one, `updates` of any other number. */
export function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}

/** `1 update`, `3 updates`. */
export function counted(count: number, noun: string): string {
  return `${count} ${plural(count, noun)}`;
}
