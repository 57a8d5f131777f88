import type { Random } from '#shared/base/random.ts';
import { carrierOf, usualStack, type Protocol } from '#shared/contract/protocols.ts';
import { protocolTraits, type ProtocolTraits } from '#engine/selection/expected-time.ts';

/**
 * One transfer of a payload over a simulated path, round trip by round trip. This is the truth that strategies are measured
 * against, and on purpose not the closed form that some of them start from: windows grow and shrink here segment by segment
 * (CUBIC, RFC 9438, with its Reno-friendly region), losses are drawn, a bottleneck has a queue that overflows, TCP runs
 * into timeouts with the probability of Padhye et al. 1998 (Q = min(1, 3/w)), QUIC probes instead (RFC 9002), and DDS
 * bursts without congestion control and repairs by NACK.
 */
export interface Path {
  /** Both ways. */
  readonly rttS: number;
  readonly jitterS: number;
  readonly loss: number;
  readonly bandwidthBytesPerS: number;
  /** Share of the bandwidth that UDP gets: networks that throttle it exist (Langley et al. 2017, section 7.2). */
  readonly udpShare: number;
}

export interface Transferred {
  readonly seconds: number;
  readonly succeeded: boolean;
}

const segmentBytes = 1448;
/** Cyclone's history: what its writer sends in one go. */
const burstBytes = 8e6;
const nackDelayS = 0.01;
/** A participant whose heartbeats drown for this long is taken for gone. */
const leaseS = 10;
/** Chance that a full queue swallows all heartbeats of one lease. */
const leaseLossChance = 0.25;
/** A router holds about a round trip, and this at least. */
const queueBytesMin = 64e3;
const timeoutFloorS = 0.2;
const cubicScale = 0.4;
const cubicBeta = 0.7;
/** Nobody waits longer for one transfer. */
const patienceS = 3600;

/** `speed` is what this implementation makes of the path beside what the books say: 1 is as they say. */
export function transfer(
  protocol: Protocol,
  bytes: number,
  { path, speed, random }: { readonly path: Path; readonly speed: number; readonly random: Random },
): Transferred {
  const traits = protocolTraits[protocol];
  const bandwidth = path.bandwidthBytesPerS * (carrierOf(usualStack[protocol]) === 'UDP' ? path.udpShare : 1);
  const own: Path = { ...path, bandwidthBytesPerS: bandwidth };
  const done =
    traits.congestion === 'none' ? burstAndRepair(traits, bytes, own, random) : windowed(traits, bytes, own, random);
  // A broker stores and forwards: its second hop is the coordinator's own machine, a millisecond and one more copy.
  const hop = protocol === 'mqtt' || protocol === 'amqp' ? 0.001 + bytes / traits.processingBytesPerS : 0;
  return { ...done, seconds: (done.seconds + hop) / speed };
}

/** Seconds to open a link on this path. */
export function connect(protocol: Protocol, { rttS }: Path): number {
  const { connectSeconds, handshakeRoundTrips } = protocolTraits[protocol];
  return connectSeconds + handshakeRoundTrips * rttS;
}

function windowed(traits: ProtocolTraits, bytes: number, path: Path, random: Random): Transferred {
  const queue = Math.max(queueBytesMin, path.bandwidthBytesPerS * path.rttS);
  const room = (path.bandwidthBytesPerS * path.rttS + queue) / segmentBytes;
  let left = Math.ceil(bytes / segmentBytes);
  let seconds = path.rttS / 2;
  let window = 10;
  let threshold = Number.POSITIVE_INFINITY;
  let peak = 0;
  let sinceLossS = 0;
  while (left > 0 && seconds < patienceS) {
    const sent = Math.max(1, Math.min(window, traits.windowBytes / segmentBytes, left));
    const rttS = Math.max(path.rttS / 2, path.rttS + path.jitterS * random.normal() * 0.5);
    const roundS = Math.max(
      rttS,
      (sent * segmentBytes) / path.bandwidthBytesPerS,
      (sent * segmentBytes) / traits.processingBytesPerS,
    );
    const overflow = Math.max(0, sent - room);
    const lost = Math.min(sent, drawLosses(sent, path.loss, random) + overflow);
    left -= sent - lost;
    seconds += roundS;
    sinceLossS += roundS;
    if (lost === 0) {
      window = window < threshold ? window * 2 : grown(window, peak, sinceLossS, path.rttS);
      continue;
    }
    peak = window;
    threshold = Math.max(2, window * cubicBeta);
    window = threshold;
    sinceLossS = 0;
    const stuck = random.next() < Math.min(1, 3 / sent);
    if (!stuck) continue;
    seconds += traits.congestion === 'tcp' ? Math.max(timeoutFloorS, 2 * path.rttS) : path.rttS;
    if (traits.congestion === 'tcp') window = 1;
  }
  return { seconds: seconds + path.rttS / 2, succeeded: left <= 0 };
}

/** CUBIC's curve around the last peak, and Reno's line where that is faster. */
function grown(window: number, peak: number, sinceLossS: number, rttS: number): number {
  const plateauS = Math.cbrt((peak * (1 - cubicBeta)) / cubicScale);
  const cubic = cubicScale * (sinceLossS - plateauS) ** 3 + peak;
  const reno = peak * cubicBeta + ((3 * (1 - cubicBeta)) / (1 + cubicBeta)) * (sinceLossS / rttS);
  return Math.max(window, Math.min(window * 1.5, Math.max(cubic, reno)));
}

function burstAndRepair(traits: ProtocolTraits, bytes: number, path: Path, random: Random): Transferred {
  const queue = Math.max(queueBytesMin, path.bandwidthBytesPerS * path.rttS);
  let left = bytes;
  let seconds = path.rttS / 2;
  while (left >= 1 && seconds < patienceS) {
    const burst = Math.min(left, burstBytes);
    const sendS = burst / traits.processingBytesPerS;
    const through = Math.min(burst, queue + path.bandwidthBytesPerS * sendS);
    const segments = Math.max(1, Math.ceil(through / segmentBytes));
    const arrived = through * (1 - Math.min(segments, drawLosses(segments, path.loss, random)) / segments);
    const roundS = Math.max(sendS, through / path.bandwidthBytesPerS);
    left -= arrived;
    // The heartbeat that the reader answers by NACK stands behind the data in the queue.
    seconds += left >= 1 ? roundS + path.rttS + nackDelayS : roundS;
    const drowned = through < burst && random.next() < (leaseLossChance * roundS) / leaseS;
    if (drowned) return { seconds: seconds + leaseS, succeeded: false };
  }
  return { seconds: seconds + path.rttS / 2, succeeded: left < 1 };
}

/** Of so many segments: exact for few, the normal distribution for many. */
function drawLosses(segments: number, loss: number, random: Random): number {
  if (loss <= 0) return 0;
  const mean = segments * loss;
  if (segments > 60 && mean > 5) return Math.max(0, Math.round(mean + Math.sqrt(mean * (1 - loss)) * random.normal()));
  // Poisson by its product of uniforms.
  const limit = Math.exp(-mean);
  let product = random.next();
  let lost = 0;
  while (product > limit) {
    product *= random.next();
    lost++;
  }
  return lost;
}
