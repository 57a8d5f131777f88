import type { Clock } from '#shared/base/time/clock.ts';
import type { Random } from '#shared/base/random.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import type { LinkConditions, Outcome, SelectionTable } from '#shared/contract/run/selection.ts';

export interface SelectorParts {
  readonly random: Random;
  readonly clock: Clock;
  /** What an earlier run saved; one of another strategy is left aside. */
  readonly table?: SelectionTable;
}

/** A protocol that may be taken now, with what the model of the network says about it. */
export interface Option {
  readonly protocol: Protocol;
  /** Expected seconds of the next transfer over an open link; null: it cannot work as things are. */
  readonly transferSeconds: number | null;
  /** This transfer's share of opening a link first; 0 for the protocol that is in use. */
  readonly connectSeconds: number;
}

export interface Pick {
  readonly protocol: Protocol;
  /** What speaks for it, in a few words with figures. */
  readonly why: string;
  readonly explored: boolean;
  /** Seconds that the strategy has learned to expect of a transfer, where it knows better than the model. */
  readonly learned?: ReadonlyMap<Protocol, number>;
}

/** What tells the strategies apart; the frame around them (`selector.ts`) is the same for all. */
export interface Strategy {
  /** `options` has one entry at least. */
  pick(options: readonly Option[], conditions: LinkConditions): Pick;
  learn(outcome: Outcome): void;
  /** What is worth keeping for the next run; null: nothing. */
  save(): SelectionTable | null;
}
