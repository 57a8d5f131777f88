/** Names for a sentence: all of a few, of many the first ones and how many there are. */
export function listNames(names: readonly string[], max = 12): string {
  if (names.length === 0) return 'none';
  if (names.length <= max) return names.join(', ');
  return `${names.slice(0, max).join(', ')} and ${names.length - max} more`;
}
