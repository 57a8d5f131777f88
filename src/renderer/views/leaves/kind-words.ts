import { whatLeaves } from '#shared/contract/app/what-leaves.ts';
import { participantKinds } from '#shared/contract/messages.ts';
import { leavingOf, pieceOfUnknown } from '#shared/run-view/sent-tally.ts';
import type { SentKind } from '#shared/run-view/sent-tally.ts';

/** Messages first, then what keeps the connection; within each in the order in which they were first sent. */
export function inOrder(kinds: readonly SentKind[]): readonly SentKind[] {
  return [...kinds.filter(({ kind }) => isMessage(kind)), ...kinds.filter(({ kind }) => !isMessage(kind))];
}

export function isMessage(kind: string): boolean {
  return participantKinds.some((one) => one === kind);
}

/** What is in frames of a kind, by the list: what each message has besides stands only where there is nothing else. */
export function contentsOf({ kind, fields }: SentKind): readonly string[] {
  if (kind === pieceOfUnknown) return ['Pieces of a message that is not among these packets'];
  const everywhere = isMessage(kind) ? /^(envelope\.(?!payload)|link )/ : /^$/;
  const own = fields.filter((field) => !everywhere.test(field));
  const named = new Set((own.length === 0 ? fields : own).map(leavingOf));
  return whatLeaves.filter((leaving) => named.has(leaving)).map(({ what }) => what);
}
