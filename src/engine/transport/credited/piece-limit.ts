import { pieceBytesMin } from './piece-size.ts';

export interface PieceLimit {
  /** Bytes of the largest message that came through; null: not even a small one did. */
  readonly bytes: number | null;
  /** Why the next larger one did not, in the broker's words where it gave any; empty: the first that was tried came. */
  readonly said: string;
}

/**
 * For brokers that say at once what they do not take, where a session of ours would end over it: a message of `wantedBytes` is sent to oneself, then one of half its
 * size, ... until one comes.
 * @param pass resolves with null when the message came, else with why not
 */
export async function findPieceLimit(
  wantedBytes: number,
  pass: (bytes: number) => Promise<string | null>,
): Promise<PieceLimit> {
  let said = '';
  for (let bytes = wantedBytes; ; bytes = Math.max(pieceBytesMin, Math.floor(bytes / 2))) {
    const refusal = await pass(bytes);
    if (refusal === null) return { bytes, said };
    said = refusal;
    if (bytes <= pieceBytesMin) return { bytes: null, said };
  }
}

/** Of a broker that takes not even a small one; `setting`: what the broker's owner raises, such as `max_message_size`. */
export function takesNone(said: string, setting: string): string {
  const why = said === '' ? '' : ` (${said})`;
  return `takes no message of ${pieceBytesMin / 1024} KiB${why}: raise ${setting}`;
}
