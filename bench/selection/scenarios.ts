import { networkFigures, networkPresets, type NetworkFigures } from '#shared/contract/run/network.ts';
import type { Path } from './transfer.ts';

const kbit = 1000 / 8;

/** The nine networks of the reference framework, as the relay of a demo has them too. */
export const scenarios: Readonly<Record<string, Path>> = Object.fromEntries(
  networkPresets
    .filter((preset) => preset !== 'none')
    .map((preset) => [preset.replaceAll('_', ' '), pathOf(networkFigures[preset])]),
);

function pathOf({ latencyMs, jitterMs, lossPercent, bandwidthKbps }: NetworkFigures): Path {
  return {
    rttS: (2 * latencyMs) / 1000,
    jitterS: (2 * jitterMs) / 1000,
    loss: lossPercent / 100,
    bandwidthBytesPerS: bandwidthKbps * kbit,
    udpShare: 1,
  };
}
