import { createHash } from 'node:crypto';

const sumChars = 16;

/** One value as a line that tells by itself whether it is whole: a checksum, a space, JSON, a line feed. */
export function checkedLine(value: unknown): string {
  const json = JSON.stringify(value);
  return `${sumOf(json)} ${json}\n`;
}

/** The value of a line without its line feed; undefined when it is torn or altered. */
export function readCheckedLine(line: string): unknown {
  const json = line.slice(sumChars + 1);
  if (line[sumChars] !== ' ' || line.slice(0, sumChars) !== sumOf(json)) return undefined;
  try {
    return JSON.parse(json) as unknown;
  } catch {
    // The sum is right and the JSON is not: nothing of ours wrote it.
    return undefined;
  }
}

function sumOf(json: string): string {
  return createHash('sha256').update(json).digest('hex').slice(0, sumChars);
}
