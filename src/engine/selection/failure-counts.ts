import type { Protocol } from '#shared/contract/protocols.ts';
import type { LinkConditions } from '#shared/contract/run/selection.ts';
import { networkClass, type NetworkClass } from './q-state.ts';

/** Believed before anything was seen: as if one of twenty had failed. */
const priorSuccesses = 1.9;
const priorFailures = 0.1;
/** Kept of the counts with each new one, so that a protocol is forgiven in time. */
const keep = 0.95;

export interface FailureCount {
  readonly protocol: Protocol;
  readonly network: NetworkClass;
  readonly successes: number;
  readonly failures: number;
}

/** How often transfers over a protocol fail, per class of network: a Beta belief each, which fades. */
export class FailureCounts {
  readonly #counts = new Map<string, FailureCount>();

  get state(): readonly FailureCount[] {
    return [...this.#counts.values()];
  }

  restore(counts: readonly FailureCount[]): void {
    for (const count of counts) this.#counts.set(keyOf(count.protocol, count.network), count);
  }

  learn(protocol: Protocol, conditions: LinkConditions, succeeded: boolean): void {
    const network = networkClass(conditions);
    const known = this.#counts.get(keyOf(protocol, network));
    this.#counts.set(keyOf(protocol, network), {
      protocol,
      network,
      successes: (known?.successes ?? 0) * keep + (succeeded ? 1 : 0),
      failures: (known?.failures ?? 0) * keep + (succeeded ? 0 : 1),
    });
  }

  /** Chance that the next transfer fails. */
  chance(protocol: Protocol, conditions: LinkConditions): number {
    const known = this.#counts.get(keyOf(protocol, networkClass(conditions)));
    const failures = priorFailures + (known?.failures ?? 0);
    return failures / (priorSuccesses + failures + (known?.successes ?? 0));
  }
}

function keyOf(protocol: Protocol, network: NetworkClass): string {
  return `${protocol}/${network}`;
}
