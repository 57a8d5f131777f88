import { useCallback, useMemo, useState } from 'react';
import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { folded, openedMax } from './folding.ts';
import type { FilterState } from '../filter/use-filter.ts';

export interface Folding {
  readonly on: boolean;
  /** Ids of the messages whose chunks are shown all the same. */
  readonly opened: readonly string[];
  /** What the table shows with it. */
  readonly shown: FilterState['shown'];
  readonly setOn: (on: boolean) => void;
  readonly toggle: (messageId: string) => void;
}

/** Whether a message is one row that opens into its chunks; without it every frame has its row. */
export function useFolding(shown: FilterState['shown']): Folding {
  const [on, setOn] = useState(false);
  const [opened, setOpened] = useState<readonly string[]>([]);
  const toggle = useCallback(
    (id: string) =>
      setOpened((before) =>
        before.includes(id) ? before.filter((one) => one !== id) : [...before, id].slice(-openedMax),
      ),
    [],
  );
  return useMemo(
    () => ({ on, opened, shown: (on ? folded(shown, opened) : null) ?? shown, setOn, toggle }),
    [on, opened, shown, toggle],
  );
}

export function FoldButton({ folding }: { readonly folding: Folding }): JSX.Element {
  return (
    <button
      type="button"
      className="btn"
      aria-pressed={folding.on}
      title="One row for each message, which opens into its chunks"
      onClick={() => folding.setOn(!folding.on)}
    >
      <Icon name="rounds" as="small" />
      Messages
    </button>
  );
}
