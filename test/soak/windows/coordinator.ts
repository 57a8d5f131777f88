import { mkdirSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { slowTraining } from '#test/support/hostile/besieged.ts';
import type { Line } from '../../cli/command-line.ts';
import { coordinate, type Coordinator } from '../../cli/federation.ts';
import { killAll, signalAll } from './signals.ts';

const kept: ReadonlySet<string> = new Set(['invitation', 'round_started', 'round_ended', 'participant_joined']);

/** A coordinator by command line that can be killed and goes on from its state. */
export class LastingCoordinator implements AsyncDisposable {
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  #now: Coordinator;
  /** What those before the present one have told. */
  readonly #earlier: Line[] = [];

  private constructor(folder: string, env: Readonly<Record<string, string>>, now: Coordinator) {
    this.#folder = folder;
    this.#env = env;
    this.#now = now;
  }

  static async start(folder: string, args: readonly string[]): Promise<LastingCoordinator> {
    mkdirSync(folder, { recursive: true });
    const env = slowTraining(0);
    const state = ['--state', joinPath(folder, 'state')];
    const now = await coordinate([...args, ...state], { dataFolder: folder, keep, env });
    return new LastingCoordinator(folder, env, now);
  }

  get invitation(): string {
    return this.#now.invitation;
  }

  /** All that was told so far, of `kept`. */
  get lines(): readonly Line[] {
    return [...this.#earlier, ...this.#now.command.lines];
  }

  signal(signal: NodeJS.Signals): void {
    signalAll(this.#folder, signal);
  }

  async kill(): Promise<void> {
    await killAll(this.#folder);
    this.#earlier.push(...this.#now.command.lines);
    await this.#now[Symbol.asyncDispose]();
  }

  async restart(): Promise<void> {
    this.#now = await coordinate(['--state', joinPath(this.#folder, 'state')], {
      ...{ dataFolder: this.#folder, keep, env: this.#env },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await killAll(this.#folder);
    await this.#now[Symbol.asyncDispose]();
  }
}

function keep({ event }: Line): boolean {
  return kept.has(event);
}
