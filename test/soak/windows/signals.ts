import { nothingLeft, processesOf } from '../../cli/command-line.ts';

/** To each process that was started with this data folder. */
export function signalAll(dataFolder: string, signal: NodeJS.Signals): void {
  for (const { pid } of processesOf(dataFolder)) signalOne(pid, signal);
}

export function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Ended by itself just now.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** So that nobody says goodbye; returns when all of them are gone. */
export async function killAll(dataFolder: string): Promise<void> {
  signalAll(dataFolder, 'SIGKILL');
  await nothingLeft(dataFolder, 10_000);
}
