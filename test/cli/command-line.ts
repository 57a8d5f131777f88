import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/roundscope.mjs', import.meta.url));

/** A whole demo takes under ten seconds; a loaded machine gets a lot more before a test gives up. */
export const patienceMs = 90_000;

export interface Exit {
  /** Null after a signal. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Stdout as JSON lines, for runs with `--json`. */
  readonly lines: readonly Line[];
  /** The last of them. */
  readonly summary: Summary;
}

/** One event of `--json`, in wire names. */
export interface Line extends Readonly<Record<string, unknown>> {
  readonly event: string;
}

/** The last line of `--json`, in wire names, as scripts of users rely on it: where all is told, as in a demo. */
export interface Summary {
  readonly event: 'summary';
  readonly status: string;
  readonly reason: string;
  readonly rounds_planned: number;
  readonly rounds_completed: number;
  readonly duration_s: number;
  readonly rounds_duration_s: number;
  readonly rounds_told: number;
  readonly own: Readonly<Record<string, number>> | null;
  readonly accuracy: number | null;
  readonly loss: number | null;
  readonly baseline_accuracy: number;
  readonly participants: readonly {
    readonly id: string;
    readonly transport: string;
    readonly stack: string;
    readonly connections: number;
    readonly reconnects: number;
    readonly contributions: number;
  }[];
  readonly packets: { readonly recorded: number; readonly dropped: number };
  readonly events: { readonly recorded: number; readonly dropped: number };
  readonly malformed: number;
  readonly cut_bodies: number;
  readonly bytes: { readonly payload: number; readonly wire: number };
  readonly verdicts: readonly {
    readonly rule: string;
    readonly layer: string;
    readonly subject: string;
    readonly since: string;
    readonly detected_after_s: number;
    readonly evidence: readonly string[];
  }[];
}

export interface CommandOptions {
  /** Default: a new one that is removed with the command. */
  readonly dataFolder?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A shell's words in front: `ulimit -f 8; exec`. */
  readonly before?: string;
  /** What reads its stdout, such as `head -n 3`. */
  readonly pipeTo?: string;
  /** Somebody types; else it has no stdin. */
  readonly typed?: true;
  /** Of a run of hours: only these events are kept, and nothing else of its stdout. */
  readonly keep?: (line: Line) => boolean;
}

/** `roundscope ...` as a user starts it, in a process group of its own as in a terminal. */
export class Command implements AsyncDisposable {
  readonly dataFolder: string;
  readonly #child: ChildProcess;
  readonly #ownsFolder: boolean;
  readonly #name: string;
  readonly #exit: Promise<Exit>;
  #stdout = '';
  #stderr = '';
  #gone = false;
  readonly #keep: CommandOptions['keep'];
  #kept: Line[] = [];

  constructor(args: readonly string[], options: CommandOptions = {}) {
    this.#name = `roundscope ${args.join(' ').slice(0, 60)}`;
    this.#ownsFolder = options.dataFolder === undefined;
    this.dataFolder = options.dataFolder ?? temporaryFolder();
    this.#keep = options.keep;
    const { npm_lifecycle_event: _npm, NODE_TEST_CONTEXT: _test, ...outer } = process.env;
    const env = { ...outer, ROUNDSCOPE_DATA: this.dataFolder, NO_COLOR: '1', ...options.env };
    const whole = [process.execPath, script, ...args];
    const { before = '', pipeTo } = options;
    const line = `${before} "$@"${pipeTo === undefined ? '' : ` | ${pipeTo}`}`;
    const inShell = before !== '' || pipeTo !== undefined;
    const [file, ...rest] = inShell ? ['/bin/sh', '-c', line, 'sh', ...whole] : whole;
    this.#child = spawn(file as string, rest, {
      env,
      detached: true,
      stdio: [options.typed === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => void (this.#stderr += text));
    this.#exit = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (status) => {
        this.#gone = true;
        resolve({
          status,
          stdout: this.#stdout,
          stderr: this.#stderr,
          lines: this.lines,
          summary: this.lines.at(-1) as unknown as Summary,
        });
      });
    });
    this.#exit.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Events so far. */
  get lines(): readonly Line[] {
    return this.#keep === undefined ? jsonLines(this.#stdout) : this.#kept;
  }

  /** Its end; fails when that does not come in time. */
  async exit(limitMs = patienceMs): Promise<Exit> {
    const late = new AbortController();
    const timeout = delay(limitMs, null, { signal: late.signal });
    timeout.catch(() => undefined);
    const exit = await Promise.race([this.#exit, timeout]);
    late.abort();
    if (exit === null) assert.fail(`${this.#name} still runs after ${limitMs / 1000} s\n${this.#tail()}`);
    return exit;
  }

  /** Waits until stdout or stderr has it; fails when the command ends before. */
  async until(what: RegExp | ((command: this) => boolean), limitMs = patienceMs): Promise<void> {
    const seen = (): boolean =>
      typeof what === 'function' ? what(this) : what.test(this.#stdout) || what.test(this.#stderr);
    for (const untilMs = performance.now() + limitMs; !seen();) {
      if (this.#gone) assert.fail(`${this.#name} ended before ${String(what)}\n${this.#tail()}`);
      if (performance.now() > untilMs) assert.fail(`${this.#name} did not come to ${String(what)}\n${this.#tail()}`);
      await delay(20);
    }
  }

  /** A line on its stdin. */
  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Ctrl+C: a terminal sends it to every process of the group. */
  interrupt(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  /** A signal to the command alone, as a service manager or a script sends it. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#gone) {
      try {
        process.kill(-this.pid, 'SIGKILL');
      } catch {
        // It went by itself just now.
      }
      await this.#exit.catch(() => undefined);
    }
    if (this.#ownsFolder) rmSync(this.dataFolder, { recursive: true, force: true });
  }

  #take(text: string): void {
    this.#stdout += text;
    if (this.#keep === undefined) return;
    this.#kept.push(...jsonLines(this.#stdout).filter(this.#keep));
    this.#stdout = this.#stdout.slice(this.#stdout.lastIndexOf('\n') + 1);
  }

  #tail(): string {
    return `stdout: …${this.#stdout.slice(-1500)}\nstderr: …${this.#stderr.slice(-3000)}`;
  }
}

/** Runs a command to its end. */
export async function roundscope(args: readonly string[], options: CommandOptions = {}): Promise<Exit> {
  await using command = new Command(args, options);
  return await command.exit();
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'roundscope-cli-'));
}

/** Processes that were started with this data folder and still run: what a command has left behind. Linux only. */
export function processesOf(dataFolder: string): readonly { readonly pid: number; readonly command: string }[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const isOurs = readFileSync(`/proc/${pid}/environ`, 'utf8')
          .split('\0')
          .includes(`ROUNDSCOPE_DATA=${dataFolder}`);
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return isOurs && command !== '' ? [{ pid: Number(pid), command }] : [];
      } catch {
        // Somebody else's, or gone meanwhile.
        return [];
      }
    });
}

/** Fails when a command that has ended left a process behind; what ends by itself gets so long. */
export async function nothingLeft(dataFolder: string, withinMs = 1000): Promise<void> {
  const untilMs = performance.now() + withinMs;
  while (processesOf(dataFolder).length > 0 && performance.now() < untilMs) await delay(50);
  assert.deepEqual(processesOf(dataFolder), [], 'processes left running');
}

/** Says on stderr what happened and what to try, without a stack trace. */
export function assertComplaint(exit: Exit, status: number, ...patterns: readonly RegExp[]): void {
  for (const pattern of patterns) assert.match(exit.stderr, pattern);
  assert.doesNotMatch(exit.stderr, /^\s+at .*:\d+:\d+\)?$/m, 'a stack trace is no message for people');
  assert.equal(exit.status, status, exit.stderr);
}

/** Every participant had one connection to the end, and nothing was lost. */
export function assertFlawless(
  summary: Summary,
  expected: { readonly participants: number; readonly rounds: number },
): void {
  assert.equal(summary.status, 'completed', summary.reason);
  assert.equal(summary.rounds_planned, expected.rounds);
  assert.equal(summary.rounds_completed, expected.rounds);
  assert.equal(summary.participants.length, expected.participants);
  for (const { id, connections, reconnects, contributions } of summary.participants)
    assert.deepEqual(
      { id, connections, reconnects, contributions },
      { id, connections: 1, reconnects: 0, contributions: expected.rounds },
    );
  assert.deepEqual([summary.packets.dropped, summary.events.dropped, summary.malformed], [0, 0, 0]);
  assert.deepEqual(summary.verdicts, []);
}

function jsonLines(text: string): readonly Line[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
}
