import { readFileSync } from 'node:fs';

/**
 * When a process began, in ticks since boot, where the system tells; '' elsewhere. One that has ended and whose parent has
 * not asked for its status yet (a zombie) is as good as gone: in a container nobody may ever ask.
 */
export function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; what follows it begins with the third field.
    const [state = '', ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? '' : (fields[18] ?? '');
  } catch {
    // Gone, or no such file system.
    return '';
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether the process that had this number and this beginning still runs: numbers are given again, beginnings are not. */
export function stillRuns(pid: number, start: string): boolean {
  return isAlive(pid) && startOf(pid) === start;
}
