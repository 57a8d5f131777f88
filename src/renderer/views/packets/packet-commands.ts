import { useMemo } from 'react';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import type { PacketList, PacketListStore } from './packet-list.ts';

interface CommandInputs {
  readonly paused: boolean;
  /** The table of a recording stands still with it, and has no pause of its own. */
  readonly recording: boolean;
  readonly packet: number | null;
  readonly select: (id: number) => void;
  readonly open: (id: number | null) => void;
  readonly setLive: (live: boolean) => void;
  /** Read when a key is pressed: its list changes with every batch, the commands do not. */
  readonly store: PacketListStore;
}

const section = 'Packets';
const pauseId = 'packets.pause';

export function usePacketCommands({ paused, recording, packet, select, open, setLive, store }: CommandInputs): void {
  const walking = useMemo(() => walkingCommands(store, packet, select, open), [store, packet, select, open]);
  const table = useMemo(() => {
    const commands = tableCommands(store, paused, setLive);
    return recording ? commands.filter(({ id }) => id !== pauseId) : commands;
  }, [store, paused, recording, setLive]);
  useCommands(useMemo(() => [...table, ...walking], [table, walking]));
}

/** From nothing selected, the first step takes the newest row. */
export function move(list: PacketList, index: number, step: number, select: (id: number) => void): void {
  const last = list.rowCount - 1;
  let next = index < 0 ? last : Math.min(last, Math.max(0, index + step));
  // Over rows that tell of lost packets: on in the same direction, and back from the end.
  const way = index < 0 || step < 0 ? -1 : 1;
  while (list.lossAt(next) !== undefined) next += way;
  const row = list.at(next);
  if (row !== undefined) select(row.id);
}

function walkingCommands(
  store: PacketListStore,
  packet: number | null,
  select: (id: number) => void,
  open: (id: number | null) => void,
): readonly Command[] {
  const step = (by: number) => (): void => {
    const list = store.list();
    move(list, packet === null ? -1 : list.indexOfId(packet), by, select);
  };
  const needsOpen = packet === null ? { disabled: 'no packet is open' } : {};
  const enter = (): void => {
    if (packet === null) step(0)();
    else document.querySelector<HTMLElement>('.p-pd .scroll')?.focus();
  };
  const hidden = { group: 'do', hidden: true, section } as const;
  return [
    { ...hidden, id: 'packets.next', title: 'Next packet', key: 'j', run: step(1) },
    { ...hidden, id: 'packets.previous', title: 'Previous packet', key: 'k', run: step(-1) },
    {
      ...hidden,
      id: 'packets.open',
      title: 'Open the newest packet, or go into the open one',
      key: 'Enter',
      run: enter,
    },
    { ...hidden, ...needsOpen, id: 'packets.close', title: 'Close the packet', key: 'Escape', run: () => open(null) },
    {
      id: 'packets.follow',
      group: 'do',
      title: 'Follow the open packet',
      icon: 'link',
      key: 'f',
      section,
      ...needsOpen,
      run: () => document.querySelector<HTMLElement>('.follow button')?.focus(),
    },
  ];
}

function tableCommands(store: PacketListStore, paused: boolean, setLive: (live: boolean) => void): readonly Command[] {
  return [
    {
      id: 'packets.filter',
      group: 'filter',
      title: 'Edit the filter',
      icon: 'search',
      key: '/',
      section,
      run: () => document.getElementById('packet-filter')?.focus(),
    },
    {
      id: pauseId,
      group: 'do',
      title: paused ? 'Resume the packet table' : 'Pause the packet table',
      icon: 'pause',
      key: ' ',
      section,
      run: () => store.setPaused(!store.list().paused),
    },
    {
      id: 'packets.live',
      group: 'do',
      title: 'Keep the newest packet in sight',
      icon: 'down',
      key: 'End',
      section,
      run: () => setLive(true),
    },
  ];
}
