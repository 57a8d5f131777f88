import { styleText } from 'node:util';
import type { ErrorReport } from '#shared/base/errors.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { terminalWords } from '#shared/contract/error-words.ts';

/** Says on stderr what happened, what it means and what to try; returns the exit status, so that a command can end with it. */
export function complain(error: ErrorReport | string, status: number): number {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const red = (text: string): string => styleText('red', visibleText(text), { stream: process.stderr });
  if (typeof error === 'string') {
    say(red(error));
    return status;
  }
  const words = terminalWords(error);
  say(red(error.message));
  say(words.meaning);
  say(`Try: ${visibleText(words.tryThis)}`);
  if (error.causes.length > 0) say(`Cause: ${visibleText(error.causes.join(': '))}`);
  return status;
}
