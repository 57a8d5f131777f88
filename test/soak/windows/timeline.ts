import { appendFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join as joinPath } from 'node:path';
import type { Lab } from './blame.ts';
import type { Mark } from './oracle.ts';
import type { Said } from './read-window.ts';

/** What each window said, in JSON lines: only where its words changed, other figures alone are no change. */
export class Timeline {
  readonly #file: string;
  readonly #last = new Map<Lab, string>();

  constructor(folder: string) {
    this.#file = joinPath(folder, 'timeline.jsonl');
  }

  mark({ act, step, at }: Mark): void {
    this.#write({ at: new Date(at).toISOString(), act, step, load: loadavg()[0] });
  }

  see(window: Lab, said: Said): void {
    const { at, ...words } = said;
    const key = JSON.stringify(words).replaceAll(/[\d.]+/g, '#');
    if (this.#last.get(window) === key) return;
    this.#last.set(window, key);
    this.#write({ at: new Date(at).toISOString(), window, ...words });
  }

  #write(line: object): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}
