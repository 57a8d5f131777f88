import { userPath } from '#engine/host/user-path.ts';
import { bundledName } from '#engine/trainer/data/digits.ts';

/** Data as people name it, for a process that runs elsewhere: the bundled set by its name, all else an absolute path. */
export function dataOf(typed: string, from: string): string {
  const text = typed.trim();
  return text === '' || text === bundledName ? bundledName : userPath(text, from);
}

export function fileOf(typed: string, from: string): string {
  return userPath(typed, from);
}
