import { protocols, type Protocol } from '#shared/contract/protocols.ts';
import type { LinkConditions, Outcome, SelectionSettings, SelectionTable } from '#shared/contract/run/selection.ts';
import { expectedSeconds, protocolTraits } from './expected-time.ts';
import { FailureCounts } from './failure-counts.ts';
import { dot, LinearBelief, type Weight } from './linear-belief.ts';
import type { Option, Pick, SelectorParts, Strategy } from './strategy.ts';
import { conditionsText } from './words.ts';

/** Of `features` below; a saved table of another number does not fit. */
const featuresVersion = 1;
/**
 * How wrong the closed form is believed to be, in logarithms. The path is wrong for all protocols alike (its bandwidth is a
 * guess), by a factor of two, and again when the network changes; a protocol beside the others by 1.4, for long.
 */
const pathWeights: readonly Weight[] = [
  { deviation: 0.7, keep: 0.95 },
  ...Array.from({ length: 4 }, () => ({ deviation: 0.2, keep: 0.99 })),
  { deviation: 0.3, keep: 0.99 },
  { deviation: 0.3, keep: 0.99 },
];
const protocolWeights: readonly Weight[] = [
  { deviation: 0.35, keep: 0.995 },
  { deviation: 0.12, keep: 0.995 },
  { deviation: 0.12, keep: 0.995 },
];
/** How much transfers under the same conditions differ, in logarithms. */
const noiseDeviation = 0.25;
/** Beyond this factor, in logarithms, one transfer tells no more. */
const surpriseMax = 5;
/** Steps of drift in a day that passed between two runs. */
const driftsPerDay = 10;
const dayMs = 24 * 3600 * 1000;
/** On a low battery one second of the processor weighs as much as ten of waiting. */
const batteryWeight = 10;

/**
 * A contextual bandit: a linear model of how far the closed form of `expected-time.ts` is off, in logarithms of time, with
 * weights that all protocols share and some of each its own: the hybrid model of Li et al. 2010 (arXiv:1003.0146). What one
 * protocol shows of the path counts for the others, and the closed form is the informed prior, so the first choice is
 * reasonable and a few transfers correct it. Exploration is Thompson sampling (Agrawal & Goyal 2013, arXiv:1209.3352):
 * one draw from what is believed, and the best by it. Decision 0054.
 */
export class BanditStrategy implements Strategy {
  readonly #explore: boolean;
  readonly #parts: SelectorParts;
  readonly #belief = new LinearBelief([...pathWeights, ...protocols.flatMap(() => protocolWeights)]);
  readonly #failures = new FailureCounts();
  readonly #transfers = new Map<Protocol, number>();

  constructor(settings: SelectionSettings, parts: SelectorParts) {
    this.#explore = settings.explore;
    this.#parts = parts;
    const { table, clock } = parts;
    if (table?.strategy !== 'bandit' || table.features !== featuresVersion || !this.#belief.restore(table)) return;
    this.#belief.drift((Math.max(0, clock.wallMs() - table.savedAt) / dayMs) * driftsPerDay);
    this.#failures.restore(table.failures);
    for (const { protocol, transfers } of table.known) this.#transfers.set(protocol, transfers);
  }

  pick(options: readonly Option[], conditions: LinkConditions): Pick {
    const drawn = this.#belief.draw(this.#parts.random);
    const rated = withRescue(
      this.#sensible(options, conditions).map((option) => this.#rate(option, conditions, drawn)),
    );
    const likeliest = rated.toSorted((a, b) => a.score - b.score)[0] as Rated;
    const taken = this.#explore ? (rated.toSorted((a, b) => a.drawnScore - b.drawnScore)[0] as Rated) : likeliest;
    const explored = taken !== likeliest;
    const seen = this.#transfers.get(taken.protocol) ?? 0;
    const known = seen === 0 ? 'not tried yet' : `${seen} ${seen === 1 ? 'transfer' : 'transfers'} known`;
    return {
      protocol: taken.protocol,
      why: `${explored ? 'tried to learn, ' : ''}${conditionsText(conditions)}, ${known}`,
      explored,
      learned: new Map(rated.map(({ protocol, seconds }) => [protocol, seconds])),
    };
  }

  learn({ choice, conditions, succeeded, seconds }: Outcome): void {
    const { protocol } = choice;
    this.#failures.learn(protocol, conditions, succeeded);
    this.#transfers.set(protocol, (this.#transfers.get(protocol) ?? 0) + 1);
    const expected = expectedSeconds(protocol, conditions, { connected: true });
    // A failure says nothing about how long it would have taken; nor does what worked although it cannot by the model.
    if (!succeeded || expected === null) return;
    const surprise = Math.log(Math.max(seconds, 1e-4) / expected);
    this.#belief.drift();
    const bounded = Math.min(surpriseMax, Math.max(-surpriseMax, surprise));
    this.#belief.observe(features(protocol, conditions), bounded, noiseDeviation);
  }

  save(): SelectionTable {
    return {
      version: 1,
      strategy: 'bandit',
      savedAt: this.#parts.clock.wallMs(),
      features: featuresVersion,
      known: [...this.#transfers].map(([protocol, transfers]) => ({ protocol, transfers })),
      failures: [...this.#failures.state],
      ...this.#belief.state,
    };
  }

  /** Of a network of which nothing is known, nobody's bandwidth is taken by bursts without congestion control. */
  #sensible(options: readonly Option[], { rttMs }: LinkConditions): readonly Option[] {
    const careful = options.filter(
      ({ protocol }) => protocolTraits[protocol].congestion !== 'none' || this.#transfers.has(protocol),
    );
    return rttMs !== null || careful.length === 0 ? options : careful;
  }

  #rate({ protocol, transferSeconds, connectSeconds }: Option, conditions: LinkConditions, drawn: Float64Array): Rated {
    const x = features(protocol, conditions);
    // An option that cannot work is only rated where none can: all are equal then.
    const closedForm = transferSeconds ?? 1;
    const seconds = closedForm * Math.exp(this.#belief.expected(x));
    const beside = connectSeconds + batterySeconds(protocol, conditions);
    const failure = this.#failures.chance(protocol, conditions);
    return {
      protocol,
      seconds,
      failure,
      score: seconds + beside,
      drawnScore: closedForm * Math.exp(dot(x, drawn)) + beside,
    };
  }
}

interface Rated {
  readonly protocol: Protocol;
  /** Expected of a transfer. */
  readonly seconds: number;
  /** Chance that it fails. */
  readonly failure: number;
  /** With what counts beside it. */
  readonly score: number;
  /** The same by the draw. */
  readonly drawnScore: number;
}

/** What fails has cost its time, and then the best of the others is dialed and sends it again. */
function withRescue(rated: readonly Rated[]): readonly Rated[] {
  return rated.map((own) => {
    const others = rated.filter((other) => other !== own);
    const rescue = (score: 'score' | 'drawnScore'): number =>
      others.length === 0 ? 0 : own.failure * Math.min(...others.map((other) => other[score]));
    return { ...own, score: own.score + rescue('score'), drawnScore: own.drawnScore + rescue('drawnScore') };
  });
}

/** Context, each about -1 to 1 over the networks of the field, unknown ones 0; then the protocol's own part. */
function features(protocol: Protocol, conditions: LinkConditions): readonly number[] {
  const { rttMs, lossRatio, bandwidthBytesPerS, payloadBytes } = conditions;
  const rtt = rttMs === null ? 0 : scaled(rttMs, 30, 4);
  const loss = lossRatio === null ? 0 : scaled(lossRatio + 1e-4, 2e-3, 3);
  const path = [
    1,
    rtt,
    loss,
    bandwidthBytesPerS === null ? 0 : scaled(bandwidthBytesPerS, 1e6, 4),
    scaled(payloadBytes, 1e6, 4),
    lossRatio === null ? 0 : 1,
    bandwidthBytesPerS === null ? 0 : 1,
  ];
  return [...path, ...protocols.flatMap((candidate) => (candidate === protocol ? [1, rtt, loss] : [0, 0, 0]))];
}

function scaled(value: number, middle: number, spread: number): number {
  return Math.max(-2, Math.min(2, Math.log(Math.max(value, 1e-9) / middle) / spread));
}

function batterySeconds(protocol: Protocol, { battery, payloadBytes }: LinkConditions): number {
  if (battery === null || battery.charging || battery.level >= 0.2) return 0;
  return (batteryWeight * payloadBytes) / protocolTraits[protocol].processingBytesPerS;
}
