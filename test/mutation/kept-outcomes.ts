import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** How tests ended: `missed`, by the name of the first that failed; `broken`, if there was none to fail. */
export interface Outcome {
  readonly kind: 'passed' | 'missed' | 'broken';
  readonly by: string;
  readonly ms: number;
}

/** Ignored by Git. What is in it may be deleted; the next run then begins anew. */
const file = '.cache/mutation/checks.json';

/**
 * What became of each check that was taken out, so that a run that was ended goes on where it was. It holds as long as no
 * file has changed that a test may read.
 */
export class KeptOutcomes {
  readonly #path: string;
  readonly #fingerprint: string;
  readonly #outcomes: Map<string, Outcome>;

  constructor(root: string, folders: readonly string[]) {
    this.#path = join(root, file);
    this.#fingerprint = fingerprintOf(root, folders);
    this.#outcomes = this.#read();
  }

  get(key: string): Outcome | undefined {
    return this.#outcomes.get(key);
  }

  /** At once on disk: whoever ends the run ends it at any moment. */
  set(key: string, outcome: Outcome): void {
    this.#outcomes.set(key, outcome);
    mkdirSync(dirname(this.#path), { recursive: true });
    const outcomes = Object.fromEntries(this.#outcomes);
    writeFileSync(this.#path, JSON.stringify({ fingerprint: this.#fingerprint, outcomes }));
  }

  #read(): Map<string, Outcome> {
    try {
      const { fingerprint, outcomes } = JSON.parse(readFileSync(this.#path, 'utf8')) as {
        readonly fingerprint: string;
        readonly outcomes: Readonly<Record<string, Outcome>>;
      };
      return new Map(fingerprint === this.#fingerprint ? Object.entries(outcomes) : []);
    } catch {
      // There is none, or half of one.
      return new Map();
    }
  }
}

function fingerprintOf(root: string, folders: readonly string[]): string {
  const hash = createHash('sha256');
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
    }
  }
  return hash.digest('hex');
}
