/** Lines that say where in the source something happened. */
const stackLine = /^\s+at /;

/** What a process wrote to stderr last, as one line that explains its end; '' when it wrote nothing. */
export function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !stackLine.test(line));
  return lines.slice(-3).join(' | ').slice(-500);
}
