import type { Protocol } from '#shared/contract/protocols.ts';
import type { LinkConditions, Outcome, SelectionSettings, SelectionTable } from '#shared/contract/run/selection.ts';
import { rewardOf } from './q-reward.ts';
import { stateOf } from './q-state.ts';
import type { Option, Pick, SelectorParts, Strategy } from './strategy.ts';
import { percentText } from './words.ts';

interface Cell {
  value: number;
  visits: number;
}

/** Below this the reference takes its exploration for finished, if the choice has settled as well. */
const settledEpsilon = 0.1;

/**
 * Q-learning as the reference framework has it: a value for each state and protocol, epsilon-greedy with decay. Each
 * choice ends its episode, so the discount never acts and the update is a moving average of the reward.
 */
export class QLearningStrategy implements Strategy {
  readonly #settings: SelectionSettings;
  readonly #parts: SelectorParts;
  readonly #cells = new Map<string, Map<Protocol, Cell>>();
  #epsilon: number;
  #choices = 0;
  #last: Protocol | null = null;
  #sameInARow = 0;

  constructor(settings: SelectionSettings, parts: SelectorParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#epsilon = settings.qLearning.epsilon;
    const { table } = parts;
    if (table?.strategy !== 'q-learning') return;
    for (const { state, protocol, value, visits } of table.rows) this.#row(state).set(protocol, { value, visits });
    this.#choices = table.choices;
    if (!settings.qLearning.resetEpsilon) this.#epsilon = table.epsilon;
  }

  pick(options: readonly Option[], conditions: LinkConditions): Pick {
    const state = stateOf(conditions);
    const row = this.#row(state);
    const { random } = this.#parts;
    const explores = this.#settings.explore && !this.#settled() && random.next() < this.#epsilon;
    // Untried ones stand at 0 as in the reference; among equals the run's own order decides.
    const value = (option: Option): number => row.get(option.protocol)?.value ?? 0;
    const best = options.toSorted((a, b) => value(b) - value(a))[0] as Option;
    const taken = explores ? (options[random.int(options.length)] as Option) : best;
    const why = explores
      ? `tried to learn (epsilon ${percentText(this.#epsilon)}, state ${state})`
      : `value ${value(taken).toFixed(1)} after ${row.get(taken.protocol)?.visits ?? 0} transfers in state ${state}`;
    this.#after(taken.protocol);
    return { protocol: taken.protocol, why, explored: explores };
  }

  learn(outcome: Outcome): void {
    const row = this.#row(stateOf(outcome.conditions));
    const cell = row.get(outcome.choice.protocol) ?? { value: 0, visits: 0 };
    const reward = rewardOf(outcome, this.#settings.qLearning.expectedTimeInReward);
    cell.value += this.#settings.qLearning.learningRate * (reward - cell.value);
    cell.visits++;
    row.set(outcome.choice.protocol, cell);
  }

  save(): SelectionTable {
    return {
      version: 1,
      strategy: 'q-learning',
      savedAt: this.#parts.clock.wallMs(),
      epsilon: this.#epsilon,
      choices: this.#choices,
      rows: [...this.#cells].flatMap(([state, row]) =>
        [...row].map(([protocol, { value, visits }]) => ({ state, protocol, value, visits })),
      ),
    };
  }

  #after(protocol: Protocol): void {
    const { epsilonDecay, epsilonMin } = this.#settings.qLearning;
    this.#choices++;
    if (this.#settings.explore) this.#epsilon = Math.max(epsilonMin, this.#epsilon * epsilonDecay);
    this.#sameInARow = protocol === this.#last ? this.#sameInARow + 1 : 1;
    this.#last = protocol;
  }

  #settled(): boolean {
    const { patience } = this.#settings.qLearning;
    return patience !== null && this.#epsilon < settledEpsilon && this.#sameInARow >= patience;
  }

  #row(state: string): Map<Protocol, Cell> {
    const known = this.#cells.get(state);
    if (known !== undefined) return known;
    const fresh = new Map<Protocol, Cell>();
    this.#cells.set(state, fresh);
    return fresh;
  }
}
