import { assert } from '#shared/base/assert.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import type {
  Choice,
  LinkConditions,
  Outcome,
  SelectionSettings,
  SelectionTable,
  StrategyName,
} from '#shared/contract/run/selection.ts';
import { BanditStrategy } from './bandit.ts';
import { expectedSeconds } from './expected-time.ts';
import { FixedStrategy } from './fixed.ts';
import { QLearningStrategy } from './q-learning.ts';
import { RulesStrategy } from './rules.ts';
import type { Option, SelectorParts, Strategy } from './strategy.ts';
import { reasonOf } from './words.ts';

/**
 * Chooses the protocol of a link, and learns from how transfers over it went. It opens nothing itself: who asks dials what
 * was chosen, and tells the outcome of each transfer of a model, or of a dial that failed.
 */
export interface Selector {
  readonly strategy: StrategyName;
  /** `offered` in the order in which the run offers them, one at least. */
  choose(conditions: LinkConditions, offered: readonly Protocol[]): Choice;
  learn(outcome: Outcome): void;
  /** This protocol carries the link now, chosen or not. */
  opened(protocol: Protocol): void;
  /** What to keep for the next run; null for strategies that learn nothing. */
  save(): SelectionTable | null;
}

export function createSelector(settings: SelectionSettings, parts: SelectorParts): Selector {
  return new StrategySelector(settings.strategy, strategyOf(settings, parts));
}

function strategyOf(settings: SelectionSettings, parts: SelectorParts): Strategy {
  switch (settings.strategy) {
    case 'fixed':
      return new FixedStrategy(settings.fixed);
    case 'rules':
      return new RulesStrategy();
    case 'q-learning':
      return new QLearningStrategy(settings, parts);
    case 'bandit':
      return new BanditStrategy(settings, parts);
  }
}

/** A link is chosen for some rounds, so that several transfers share the time of opening it. */
const transfersPerLink = 3;

class StrategySelector implements Selector {
  readonly strategy: StrategyName;
  readonly #strategy: Strategy;
  /** What is believed to be open: staying there costs no new connection. */
  #inUse: Protocol | null = null;

  constructor(name: StrategyName, strategy: Strategy) {
    this.strategy = name;
    this.#strategy = strategy;
  }

  choose(conditions: LinkConditions, offered: readonly Protocol[]): Choice {
    assert(offered.length > 0, 'a run offers one protocol at least');
    const options = [...new Set(offered)].map((protocol) => this.#optionOf(protocol, conditions));
    const possible = options.filter((option) => option.transferSeconds !== null);
    // Where nothing is known to work, trying is better than giving up: what is known may be wrong.
    const pick = this.#strategy.pick(possible.length > 0 ? possible : options, conditions);
    const expected = options.map(({ protocol, transferSeconds, connectSeconds }) => {
      const transfer = transferSeconds === null ? null : (pick.learned?.get(protocol) ?? transferSeconds);
      return { protocol, seconds: transfer === null ? null : transfer + connectSeconds };
    });
    this.#inUse = pick.protocol;
    return {
      protocol: pick.protocol,
      strategy: this.strategy,
      reason: reasonOf(pick.protocol, pick.why, expected),
      expected,
      explored: pick.explored,
    };
  }

  learn(outcome: Outcome): void {
    if (!outcome.succeeded && outcome.choice.protocol === this.#inUse) this.#inUse = null;
    this.#strategy.learn(outcome);
  }

  opened(protocol: Protocol): void {
    this.#inUse = protocol;
  }

  save(): SelectionTable | null {
    return this.#strategy.save();
  }

  #optionOf(protocol: Protocol, conditions: LinkConditions): Option {
    const transferSeconds = expectedSeconds(protocol, conditions, { connected: true });
    const whole = expectedSeconds(protocol, conditions, { connected: false });
    const connectSeconds =
      protocol === this.#inUse || whole === null || transferSeconds === null
        ? 0
        : (whole - transferSeconds) / transfersPerLink;
    return { protocol, transferSeconds, connectSeconds };
  }
}
