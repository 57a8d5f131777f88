import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The last of what a program says that says too much. */
const outputCharsMax = 64 * 1024 * 1024;
/** What is killed may have started something a moment before. */
const sweepsMax = 20;

export interface Within {
  /** Also where it is started. Everything that runs in it, or was told of it, belongs to the program and ends with it. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export interface Ended {
  /** Null: it was killed, because its time was over or it was given up. */
  readonly status: number | null;
  readonly stdout: string;
  readonly ms: number;
  /** Processes that it had left running and that were killed. */
  readonly left: number;
}

/**
 * Runs Node to its end, or to the end of its time. It leads a process group of its own, and nothing that it has started
 * outlives it: not what is in that group, nor what has made itself a group, as brokers do (found on Linux only).
 */
export async function runWithin(args: readonly string[], { folder, env, limitMs, signal }: Within): Promise<Ended> {
  signal.throwIfAborted();
  const startMs = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${process.execPath} does not start`);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout = (stdout + text).slice(-outputCharsMax)));
  // Its pipe may be held open by what it has left: that it has exited is what counts.
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => resolve(status));
  });
  const end = (): void => killGroup(pid);
  const late = setTimeout(end, limitMs);
  signal.addEventListener('abort', end, { once: true });
  try {
    const status = await exited;
    killGroup(pid);
    const left = await sweep(folder);
    child.stdout.destroy();
    signal.throwIfAborted();
    return { status, stdout, ms: performance.now() - startMs, left };
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', end);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

async function sweep(folder: string): Promise<number> {
  const killed = new Set<number>();
  for (let i = 0; i < sweepsMax; i++) {
    const found = processesOf(folder);
    if (found.length === 0) break;
    for (const pid of found) {
      killed.add(pid);
      killOne(pid);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return killed.size;
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** Processes that run in this folder or below, or have it in their environment or arguments. Linux only. */
export function processesOf(folder: string): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => belongsTo(folder, pid))
    .map(Number);
}

function belongsTo(folder: string, pid: string): boolean {
  try {
    const told = ['environ', 'cmdline'].map((what) => readFileSync(`/proc/${pid}/${what}`, 'utf8')).join('\0');
    // One that has ended and was not waited for yet has neither.
    return told.length > 1 && (told.includes(folder) || readlinkSync(`/proc/${pid}/cwd`).startsWith(folder));
  } catch {
    // Somebody else's, or gone meanwhile.
    return false;
  }
}
