import type { Loss } from '#shared/contract/losses.ts';

/** The same kind of loss is told this often at most; what comes between is told together, at the place of its first. */
const tellEveryMs = 1000;

/** What was lost of a run, by process, kind and reason: told soon, and not more often than people can read. */
export class LossLog {
  readonly #pending = new Map<string, Loss>();
  readonly #toldMs = new Map<string, number>();

  /** Returns what is to be told now; null: it is told later, with what else is lost until then. */
  note(loss: Loss, nowMs: number): Loss | null {
    const key = keyOf(loss);
    const isNew = !this.#pending.has(key) && nowMs - (this.#toldMs.get(key) ?? -Infinity) >= tellEveryMs;
    if (!isNew) {
      this.add(loss);
      return null;
    }
    this.#toldMs.set(key, nowMs);
    return loss;
  }

  /** It is told later. */
  add(loss: Loss): void {
    const key = keyOf(loss);
    const before = this.#pending.get(key);
    this.#pending.set(key, before === undefined ? loss : joined(before, loss));
  }

  /** All that was not told yet. */
  take(nowMs: number): Loss[] {
    const losses = [...this.#pending.entries()];
    this.#pending.clear();
    for (const [key] of losses) this.#toldMs.set(key, nowMs);
    return losses.map(([, loss]) => loss);
  }
}

function keyOf({ process, kind, reason }: Loss): string {
  return `${process}\n${kind}\n${reason}`;
}

function joined(first: Loss, next: Loss): Loss {
  return {
    ...first,
    count: first.count + next.count,
    from: Math.min(first.from, next.from),
    to: Math.max(first.to, next.to),
  };
}
