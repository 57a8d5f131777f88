import type { Packet } from '#shared/contract/packet.ts';
import { limits } from '#shared/contract/limits.ts';

/**
 * The one definition of `gap`: ms since the packet before of the same source and participant, by the source's clock, which
 * may be set back: then 0. Null where there is none before it, where packets between them were lost, or where so many
 * other links spoke since that the time is forgotten.
 */
export class PacketGaps {
  readonly #lastAt = new Map<string, Map<string, number>>();
  #links = 0;

  /** Takes the next packet, in the order of the recording. */
  gapOf({ source, participant, at }: Pick<Packet, 'source' | 'participant' | 'at'>): number | null {
    const links = this.#lastAt.get(source) ?? new Map<string, number>();
    this.#lastAt.set(source, links);
    const before = links.get(participant);
    // Put at the end: the first of the map is the one that was silent for longest.
    if (before === undefined) this.#links++;
    else links.delete(participant);
    links.set(participant, at);
    if (this.#links > limits.gapLinksMax) this.#forgetOne(links);
    return before === undefined ? null : Math.max(0, at - before);
  }

  /** Packets of this source were lost: how long its links were silent is not known. */
  lost(source: string): void {
    this.#links -= this.#lastAt.get(source)?.size ?? 0;
    this.#lastAt.delete(source);
  }

  /** Of the source that has just spoken: it is the one with many links. */
  #forgetOne(links: Map<string, number>): void {
    const [oldest] = links.keys();
    if (oldest === undefined) return;
    links.delete(oldest);
    this.#links--;
  }
}
