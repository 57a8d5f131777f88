import { useState } from 'react';
import { navigate } from '#renderer/session/navigation.ts';
import type { LossView } from '#shared/run-view/run-view.ts';
import type { PacketList } from './packet-list.ts';

export interface LossTour {
  /** Row of the table that was gone to; -1: none. */
  readonly index: number;
  /** To the next loss, the newest first; null: there is none here. */
  readonly next: (() => void) | null;
}

/** Goes from loss to loss, as to a packet: the table no longer follows its end, and no packet is open. */
export function useLossTour(list: PacketList, release: () => void): LossTour {
  const [chosen, setChosen] = useState<LossView | null>(null);
  const isChosen = (index: number): boolean => {
    const loss = list.lossAt(index);
    return loss?.afterPacket === chosen?.afterPacket && loss?.process === chosen?.process && loss?.at === chosen?.at;
  };
  const place = chosen === null ? -1 : list.losses.findIndex(isChosen);
  return {
    index: list.losses[place] ?? -1,
    next:
      list.losses.length === 0
        ? null
        : () => {
            release();
            navigate({ packet: null });
            setChosen(list.lossAt(list.losses.at(place <= 0 ? -1 : place - 1) ?? -1) ?? null);
          },
  };
}
