/** How a session ended. `goodbye`: the peer closed the link itself, with the code and reason that it gave. */
export interface SessionEnd {
  readonly code: string;
  readonly reason: string;
  readonly goodbye: boolean;
  readonly local: boolean;
}

/** Whose doing it was matters most to who reads it. */
export function wordsOf(end: SessionEnd): string {
  return end.local ? `${end.code}: ${end.reason}` : `closed by the other end (${end.code}): ${end.reason}`;
}
