import type { PacketRow } from '#shared/contract/packet.ts';

/** A packet's note for people: who hung up stands in it by name. */
export function noteWords({ note, participant }: Pick<PacketRow, 'note' | 'participant'>): string {
  const hungUp = /^closed by the other end \(clean\): (hung up .*)$/s.exec(note)?.[1];
  return hungUp === undefined || participant === '' ? note : `${participant} ${hungUp}`;
}
