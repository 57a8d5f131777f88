import { after, before, describe } from 'node:test';
import type { TransportHarness } from './harness.ts';
import { describeLinks } from './link.ts';
import { openPair, type Pair } from './session-pair.ts';
import { describeCarried } from './transport-carried.ts';
import { describeEnds } from './transport-ends.ts';
import { describeFlow } from './transport-flow.ts';
import { describeFrames } from './transport-frames.ts';
import { describeMemory } from './transport-memory.ts';
import { describeOpening } from './transport-opening.ts';
import { describeSecurity } from './transport-security.ts';

export type { TransportHarness } from './harness.ts';

/** The promises of `transport.ts`, checked on any transport; called by a short test beside each. Decision 0045. */
export function describeTransport(name: string, makeHarness: () => Promise<TransportHarness>): void {
  describe(`transport contract: ${name}`, () => {
    let harness: TransportHarness;
    before(async () => {
      harness = await makeHarness();
    });
    after(async () => {
      await harness[Symbol.asyncDispose]();
    });
    const pair = (): Promise<Pair> => openPair(harness);

    // First: memory that earlier tests have left would hide what this one looks for.
    describeMemory(pair, () => harness);
    describeFrames(pair, () => harness);
    describeFlow(pair, () => harness);
    describeEnds(pair, () => harness);
    describeOpening(pair, () => harness);
    describeSecurity(pair, () => harness);
    describeCarried(pair, () => harness);
    describeLinks(() => harness);
  });
}
