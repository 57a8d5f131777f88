import type { Protocol } from '#shared/contract/protocols.ts';
import type { LinkConditions, Outcome, SelectionSettings, SelectionTable } from '#shared/contract/selection.ts';
import { expectedSeconds, protocolTraits } from './expected-time.ts';
import { LinearPosterior } from './linear-posterior.ts';
import type { Option, Pick, SelectorParts, Strategy } from './strategy.ts';
import { conditionsText } from './words.ts';

/** Of `features` below; a saved table of another number does not fit. */
const featuresVersion = 1;
/** How wrong the model of the network is believed to be, in logarithms: by a factor of 1.8 at large, less per feature. */
const priorDeviations = [0.6, 0.25, 0.25, 0.25, 0.25];
/** How much transfers under the same conditions differ, in logarithms. */
const noiseDeviation = 0.35;
/** Kept of what is known about a protocol with each new transfer over it: a memory of some thirty transfers. */
const keepOwn = 0.97;
/** And about the others, so that one that went badly is tried again some day. */
const keepOthers = 0.995;
/** What a failure counts as: the time it took, this many times. Somebody has to notice and dial another. */
const failureFactor = 8;
/** A link is chosen for some rounds, so that many transfers share the time of opening it. */
const roundsPerLink = 5;
/** Beyond this factor one transfer tells no more. */
const surpriseMax = 5;
/** Half of what was learned is forgotten in a week: networks change while nobody looks. */
const halfLifeMs = 7 * 24 * 3600 * 1000;
/** On a low battery one second of the processor weighs as much as ten of waiting. */
const batteryWeight = 10;

interface Arm {
  readonly posterior: LinearPosterior;
  observations: number;
}

/**
 * A contextual bandit: per protocol a linear model of how far the closed form of `expected-time.ts` is off under which
 * conditions, in logarithms of time. The closed form is the informed prior, so the first choice is a good one already, and
 * a few transfers correct it. Thompson sampling (Thompson 1933; Agrawal & Goyal 2013, arXiv:1209.3352) tries what may well
 * be better in proportion to how likely that is.
 */
export class BanditStrategy implements Strategy {
  readonly #explore: boolean;
  readonly #parts: SelectorParts;
  readonly #arms = new Map<Protocol, Arm>();

  constructor(settings: SelectionSettings, parts: SelectorParts) {
    this.#explore = settings.explore;
    this.#parts = parts;
    const { table, clock } = parts;
    if (table?.strategy !== 'bandit' || table.features !== featuresVersion) return;
    const age = Math.max(0, clock.wallMs() - table.savedAt);
    for (const { protocol, observations, ...state } of table.models) {
      const arm = this.#arm(protocol);
      if (!arm.posterior.restore(state)) continue;
      arm.posterior.fade(0.5 ** (age / halfLifeMs));
      arm.observations = observations;
    }
  }

  pick(options: readonly Option[], conditions: LinkConditions): Pick {
    const x = features(conditions);
    const rated = options.map((option) => this.#rate(option, conditions, x));
    const best = rated.toSorted((a, b) => a.score - b.score)[0] as Rated;
    const likeliest = rated.toSorted((a, b) => a.plainScore - b.plainScore)[0] as Rated;
    const taken = this.#explore ? best : likeliest;
    const explored = taken !== likeliest;
    const seen = this.#arms.get(taken.protocol)?.observations ?? 0;
    const known = seen === 0 ? 'not tried yet' : `${seen} ${seen === 1 ? 'transfer' : 'transfers'} known`;
    return {
      protocol: taken.protocol,
      why: `${explored ? 'tried to learn, ' : ''}${conditionsText(conditions)}, ${known}`,
      explored,
      learned: new Map(rated.map(({ protocol, seconds }) => [protocol, seconds])),
    };
  }

  learn({ choice, conditions, succeeded, seconds }: Outcome): void {
    const expected = expectedSeconds(choice.protocol, conditions, { connected: true });
    // What cannot work by the model and worked all the same teaches nothing about how long it takes.
    if (expected === null) return;
    const took = succeeded ? seconds : failureFactor * Math.max(seconds, expected);
    const surprise = Math.log(Math.max(took, 1e-4) / expected);
    for (const [protocol, arm] of this.#arms) arm.posterior.fade(protocol === choice.protocol ? keepOwn : keepOthers);
    const arm = this.#arm(choice.protocol);
    const bounded = Math.min(surpriseMax, Math.max(-surpriseMax, surprise));
    arm.posterior.observe(features(conditions), bounded, noiseDeviation);
    arm.observations++;
  }

  save(): SelectionTable {
    return {
      version: 1,
      strategy: 'bandit',
      savedAt: this.#parts.clock.wallMs(),
      features: featuresVersion,
      models: [...this.#arms].map(([protocol, { posterior, observations }]) => ({
        protocol,
        observations,
        ...posterior.state,
      })),
    };
  }

  #rate(
    { protocol, transferSeconds, connectSeconds }: Option,
    conditions: LinkConditions,
    x: readonly number[],
  ): Rated {
    const { posterior } = this.#arm(protocol);
    // An option that cannot work is only rated where none can: all are equal then.
    const closedForm = transferSeconds ?? 1;
    const seconds = closedForm * Math.exp(posterior.predict(x).mean);
    const sampled = closedForm * Math.exp(posterior.sample(x, this.#parts.random));
    const beside = connectSeconds / roundsPerLink + batterySeconds(protocol, conditions);
    return { protocol, seconds, score: sampled + beside, plainScore: seconds + beside };
  }

  #arm(protocol: Protocol): Arm {
    const known = this.#arms.get(protocol);
    if (known !== undefined) return known;
    const fresh: Arm = { posterior: new LinearPosterior(priorDeviations), observations: 0 };
    this.#arms.set(protocol, fresh);
    return fresh;
  }
}

interface Rated {
  readonly protocol: Protocol;
  /** Expected of a transfer. */
  readonly seconds: number;
  /** With a draw from what is uncertain, and what else counts. */
  readonly score: number;
  readonly plainScore: number;
}

/** Context, each about -1 to 1 over the networks of the field, unknown ones 0. */
function features({ rttMs, lossRatio, bandwidthBytesPerS, payloadBytes }: LinkConditions): readonly number[] {
  return [
    1,
    rttMs === null ? 0 : scaled(rttMs, 30, 4),
    lossRatio === null ? 0 : scaled(lossRatio + 1e-4, 2e-3, 3),
    bandwidthBytesPerS === null ? 0 : scaled(bandwidthBytesPerS, 1e6, 4),
    scaled(payloadBytes, 1e6, 4),
  ];
}

function scaled(value: number, middle: number, spread: number): number {
  return Math.max(-2, Math.min(2, Math.log(Math.max(value, 1e-9) / middle) / spread));
}

function batterySeconds(protocol: Protocol, { battery, payloadBytes }: LinkConditions): number {
  if (battery === null || battery.charging || battery.level >= 0.2) return 0;
  return (batteryWeight * payloadBytes) / protocolTraits[protocol].processingBytesPerS;
}
