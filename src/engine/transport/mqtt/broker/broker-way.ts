/** What sessions need of a broker: a connection to one elsewhere, or a seat inside our own. */
export interface BrokerWay {
  /** Smoothed time until the broker has acknowledged a publish, ms; null where that tells nothing of a network. */
  readonly rttMs: number | null;
  /** How long the broker has acknowledged nothing though it could have, ms; 0: nothing waits for that. */
  readonly silentMs: number;
  readonly published: number;
  /** As in `BrokerSocket`. */
  readonly certificate: string | null;
  /** Resolves with what is known about why, when this way is gone. */
  readonly closed: Promise<string>;
  /** Resolves when the broker has taken it (QoS 1). `hand over`: nobody else has the payload, and its memory may go once it is written. */
  publish(topic: string, payload: Buffer, how?: 'retain' | 'pass' | 'hand over'): Promise<void>;
  /** As in `Carrier`. */
  room(): Promise<void> | null;
  subscribe(topics: readonly string[]): Promise<void>;
  /** Says goodbye to the broker. */
  end(): Promise<void>;
  /** Leaves without a word. */
  abort(): void;
}
