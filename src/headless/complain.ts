import { styleText } from 'node:util';
import type { ErrorReport } from '#shared/base/errors.ts';
import { errorWords } from '#shared/contract/error-words.ts';

/** Says on stderr what happened, what it means and what to try; returns the exit status, so that a command can end with it. */
export function complain(error: ErrorReport | string, status: number): number {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  if (typeof error === 'string') {
    say(styleText('red', error, { stream: process.stderr }));
    return status;
  }
  const words = errorWords[error.code];
  say(styleText('red', error.message, { stream: process.stderr }));
  say(words.meaning);
  say(`Try: ${words.tryThis}`);
  if (error.causes.length > 0) say(`Cause: ${error.causes.join(': ')}`);
  return status;
}
