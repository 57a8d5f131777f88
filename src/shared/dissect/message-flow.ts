import { receiverOf, senderOf, type PacketRow } from '../contract/packet.ts';

/** One frame of a message as both ends saw it; null: that end has not reported it. */
export interface MessagePart {
  /** `2/9`; empty for what is no chunk. */
  readonly chunk: string;
  readonly kind: string;
  readonly sent: PacketRow | null;
  readonly received: PacketRow | null;
  readonly sizeBytes: number;
  /** From being handed over until it came; null where one of them is not known, or their clocks contradict each other. */
  readonly transitMs: number | null;
}

/** A message with all frames that carried it, in the order in which they left. */
export interface MessageFlow {
  /** Of its first frame; a chunk says nothing of its own. */
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly parts: readonly MessagePart[];
  /** Bytes of frames that were taken by the sender's side, and that came; null: that end reports nothing. */
  readonly sentBytes: number | null;
  readonly receivedBytes: number | null;
  /** From the first that left to the last that came. */
  readonly transitMs: number | null;
}

/**
 * Puts the reports of both ends together. Both report to one service only where they run on one machine, so their times can
 * be compared; the n-th that was sent under a number is the n-th that came under it, on the same connection.
 * @param rows of one message, in any order; null: none
 */
export function messageFlow(rows: readonly PacketRow[]): MessageFlow | null {
  const inOrder = rows.toSorted((a, b) => leftAt(a) - leftAt(b) || a.id - b.id);
  const [first] = inOrder;
  if (first === undefined) return null;
  const parts = pairs(inOrder);
  const sent = inOrder.filter(({ side }) => side === 'sent');
  const received = inOrder.filter(({ side }) => side === 'received');
  const [start, end] = [sent[0], received.at(-1)];
  const took = start === undefined || end === undefined ? null : end.at - leftAt(start);
  return {
    kind: inOrder.find(({ kind }) => kind !== 'chunk' && kind !== 'withdraw')?.kind ?? first.kind,
    from: senderOf(first),
    to: receiverOf(first),
    parts,
    sentBytes: bytesOf(sent),
    receivedBytes: bytesOf(received),
    transitMs: took === null || took < 0 ? null : took,
  };
}

function pairs(rows: readonly PacketRow[]): readonly MessagePart[] {
  const waiting = new Map<string, MessagePart[]>();
  const parts: MessagePart[] = [];
  const places = new Map<MessagePart, number>();
  for (const row of rows) {
    const key = `${row.participant} ${row.connection} ${row.kind} ${row.chunk} ${row.side === 'sent' ? 'received' : 'sent'}`;
    // What never left cannot be what came.
    const left = row.side === 'received' || row.status === 'ok';
    const other = left ? waiting.get(key)?.shift() : undefined;
    const sent = row.side === 'sent' ? row : (other?.sent ?? null);
    const received = row.side === 'received' ? row : (other?.received ?? null);
    const took = sent === null || received === null ? null : received.at - leftAt(sent);
    const part: MessagePart = {
      chunk: row.chunk,
      kind: row.kind,
      sent,
      received,
      sizeBytes: row.sizeBytes,
      transitMs: took === null || took < 0 ? null : took,
    };
    const place = other === undefined ? parts.length : (places.get(other) as number);
    parts[place] = part;
    places.set(part, place);
    if (other !== undefined || !left) continue;
    const own = `${row.participant} ${row.connection} ${row.kind} ${row.chunk} ${row.side}`;
    waiting.set(own, [...(waiting.get(own) ?? []), part]);
  }
  return parts;
}

/**
 * When an end had it: what is sent is reported once flow control has taken it, which may be after it came, so its time is
 * that at which it was handed over.
 */
export function leftAt({ side, at, durationMs }: PacketRow): number {
  return side === 'sent' ? at - (durationMs ?? 0) : at;
}

function bytesOf(rows: readonly PacketRow[]): number | null {
  const arrived = rows.filter(({ status }) => status === 'ok' || status === 'duplicate');
  return rows.length === 0 ? null : arrived.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
