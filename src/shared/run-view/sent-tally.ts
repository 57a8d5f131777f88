import { whatLeaves } from '../contract/app/what-leaves.ts';
import type { PacketRow } from '../contract/packet.ts';
import { sentFields, type SentField } from './sent-fields.ts';

/** What of a packet is counted, with its header as it is recorded. */
export interface SentPacket extends Pick<
  PacketRow,
  'id' | 'at' | 'kind' | 'round' | 'peer' | 'messageId' | 'sizeBytes' | 'bodyBytes' | 'status'
> {
  readonly header: string;
}

/** Frames of one kind that left, each as often as it was sent. */
export interface SentKind {
  readonly kind: string;
  readonly frames: number;
  /** With the pieces that carried its payload. */
  readonly bytes: number;
  readonly payloadBytes: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** Its last frame, a piece excluded; 0: only pieces are known. */
  readonly lastPacket: number;
  readonly lastRound: number;
  /** Fields of the list that these frames had. */
  readonly fields: readonly string[];
  /** Fields that the list does not know. */
  readonly unlisted: readonly string[];
  /** Texts among them, those that only keep the connection left out; the newest last. */
  readonly texts: readonly string[];
}

/** Decision 0113. What one machine has really sent, by kind, in the order in which each was first sent. */
export interface SentTally {
  readonly kinds: readonly SentKind[];
  readonly frames: number;
  readonly bytes: number;
  /** To whom. */
  readonly peers: readonly string[];
  /** Frames that no session took: they did not leave. */
  readonly notTaken: number;
  /** Frames whose fields are not known any more. */
  readonly unread: number;
}

export const emptyTally: SentTally = { kinds: [], frames: 0, bytes: 0, peers: [], notTaken: 0, unread: 0 };

const kindsMax = 64;
const unlistedMax = 32;
const textsMax = 12;
const textCharsMax = 120;
const peersMax = 8;
/** Pieces of a message that was announced before what is counted here. */
export const pieceOfUnknown = 'chunk';

const entryOf: ReadonlyMap<string, (typeof whatLeaves)[number]> = new Map(
  whatLeaves.flatMap((leaving) => leaving.fields.map((field) => [field, leaving] as const)),
);
/** The entry of what only keeps the connection: its texts are numbers of messages, proofs and the like. */
const upkeep = entryOf.get('envelope.id');

/** It names bytes, and says nothing by itself. */
const isHash = /^[0-9a-f]{64}$/;

/** The row of the list that a field stands in; undefined: it is on no list. */
export function leavingOf(field: string): (typeof whatLeaves)[number] | undefined {
  return entryOf.get(field);
}

/** Counts packets one after the other. `kindOf` says of a piece whose message is not among them what it belongs to. */
export class SentCounter {
  readonly #kinds = new Map<string, SentKind>();
  /** Kinds of the messages whose pieces come, by id; the oldest goes. */
  readonly #messages = new Map<string, string>();
  readonly #peers = new Set<string>();
  readonly #kindOf: (messageId: string) => string | null;
  #frames = 0;
  #bytes = 0;
  #notTaken = 0;
  #unread = 0;

  constructor(kindOf: (messageId: string) => string | null = () => null) {
    this.#kindOf = kindOf;
  }

  add(packet: SentPacket): void {
    if (packet.kind === 'connection_open' || packet.kind === 'connection_close') return;
    if (packet.status !== 'ok') {
      this.#notTaken++;
      return;
    }
    this.#frames++;
    this.#bytes += packet.sizeBytes;
    if (this.#peers.size < peersMax) this.#peers.add(packet.peer);
    const fields = sentFields(packet.header, packet.kind);
    if (fields === null) this.#unread++;
    const isPiece = packet.kind === 'chunk';
    const kind = isPiece ? this.#messageKind(packet.messageId) : packet.kind;
    if (!isPiece && packet.messageId !== '') this.#remember(packet.messageId, packet.kind);
    const before = this.#kinds.get(kind);
    if (before === undefined && this.#kinds.size >= kindsMax) return;
    this.#kinds.set(kind, joined(before, kindOf(kind, packet, { isPiece, fields: fields ?? [] })));
  }

  get tally(): SentTally {
    return {
      kinds: [...this.#kinds.values()],
      frames: this.#frames,
      bytes: this.#bytes,
      peers: [...this.#peers],
      notTaken: this.#notTaken,
      unread: this.#unread,
    };
  }

  #messageKind(messageId: string): string {
    const known = this.#messages.get(messageId) ?? this.#kindOf(messageId) ?? pieceOfUnknown;
    this.#remember(messageId, known);
    return known;
  }

  #remember(messageId: string, kind: string): void {
    this.#messages.delete(messageId);
    this.#messages.set(messageId, kind);
    const [oldest] = this.#messages.keys();
    if (this.#messages.size > kindsMax && oldest !== undefined) this.#messages.delete(oldest);
  }
}

function kindOf(
  kind: string,
  packet: SentPacket,
  { isPiece, fields }: { readonly isPiece: boolean; readonly fields: readonly SentField[] },
): SentKind {
  return {
    kind,
    frames: isPiece ? 0 : 1,
    bytes: packet.sizeBytes,
    payloadBytes: isPiece ? packet.bodyBytes : 0,
    firstAt: packet.at,
    lastAt: packet.at,
    lastPacket: isPiece ? 0 : packet.id,
    lastRound: packet.round,
    fields: [...new Set(fields.map(({ field }) => field).filter((field) => entryOf.has(field)))],
    unlisted: [...new Set(fields.map(({ field }) => field).filter((field) => !entryOf.has(field)))],
    texts: textsOf(fields),
  };
}

function textsOf(fields: readonly SentField[]): readonly string[] {
  return fields.flatMap(({ field, value }) =>
    typeof value === 'string' &&
    value !== '' &&
    !isHash.test(value) &&
    !field.startsWith('envelope.') &&
    entryOf.get(field) !== upkeep
      ? [value.slice(0, textCharsMax)]
      : [],
  );
}

function joined(before: SentKind | undefined, after: SentKind): SentKind {
  if (before === undefined)
    return { ...after, unlisted: within(after.unlisted, unlistedMax), texts: newest(after.texts) };
  return {
    kind: after.kind,
    frames: before.frames + after.frames,
    bytes: before.bytes + after.bytes,
    payloadBytes: before.payloadBytes + after.payloadBytes,
    firstAt: Math.min(before.firstAt, after.firstAt),
    lastAt: Math.max(before.lastAt, after.lastAt),
    lastPacket: Math.max(before.lastPacket, after.lastPacket),
    lastRound: Math.max(before.lastRound, after.lastRound),
    fields: union(before.fields, after.fields),
    unlisted: within(union(before.unlisted, after.unlisted), unlistedMax),
    texts: newest([...before.texts, ...after.texts]),
  };
}

/** The same list where nothing is new, which is nearly always. */
function union(before: readonly string[], after: readonly string[]): readonly string[] {
  const more = after.filter((one) => !before.includes(one));
  return more.length === 0 ? before : [...before, ...more];
}

function within(list: readonly string[], most: number): readonly string[] {
  return list.length <= most ? list : list.slice(0, most);
}

function newest(texts: readonly string[]): readonly string[] {
  const distinct = [...new Set(texts.toReversed())].slice(0, textsMax);
  return distinct.toReversed();
}

/** Counts of an earlier part of a run and of the part after it as one. */
export function joinTallies(before: SentTally, after: SentTally): SentTally {
  if (before.frames + before.notTaken === 0) return after;
  if (after.frames + after.notTaken === 0) return before;
  const kinds = new Map(before.kinds.map((one) => [one.kind, one]));
  for (const one of after.kinds)
    if (kinds.has(one.kind) || kinds.size < kindsMax) kinds.set(one.kind, joined(kinds.get(one.kind), one));
  return {
    kinds: [...kinds.values()],
    frames: before.frames + after.frames,
    bytes: before.bytes + after.bytes,
    peers: [...new Set([...before.peers, ...after.peers])].slice(0, peersMax),
    notTaken: before.notTaken + after.notTaken,
    unread: before.unread + after.unread,
  };
}
