import { useEffect, useMemo, useRef, useState } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import type { PacketRow } from '#shared/contract/packet.ts';
import { spawn } from '#shared/base/spawn.ts';
import { formatCount } from '#shared/base/text/counted.ts';
import { useSession } from '#renderer/session/hooks.ts';
import { followChoices } from './follow.ts';
import type { FollowChoice } from './follow.ts';

interface FollowBarProps {
  readonly row: PacketRow;
  readonly filter: string;
  readonly onFollow: (filter: string) => void;
}

/** What belongs together with this packet; each choice is a filter. Pressing it again brings back the filter before it. */
export function FollowBar({ row, filter, onFollow }: FollowBarProps): JSX.Element {
  const choices = useMemo(() => followChoices(row), [row]);
  const counts = useCounts(choices);
  const before = useRef('');
  const isFollowed = (text: string): boolean => choices.some((choice) => choice.filter === text.trim());
  const follow = (next: string): void => {
    if (filter.trim() === next) return onFollow(before.current);
    // From one choice to another is still the same following.
    if (!isFollowed(filter)) before.current = filter;
    onFollow(next);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const buttons = [...event.currentTarget.querySelectorAll('button')];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  };
  return (
    <div className="follow" role="group" aria-label="Follow" onKeyDown={onKeyDown}>
      <span className="t3">Follow</span>
      {choices.map((choice, i) => (
        <button
          type="button"
          key={choice.id}
          aria-pressed={filter.trim() === choice.filter}
          title={choice.filter}
          onClick={() => follow(choice.filter)}
        >
          {choice.label} <i>{counts === null ? '…' : wordOf(counts[i] ?? null)}</i>
        </button>
      ))}
    </div>
  );
}

function wordOf(count: number | null): string {
  return count === null ? '?' : formatCount(count);
}

/** Until a packet stays open so long, walking through packets with j and k asks for nothing. */
const settleMs = 60;

/** How many packets each choice would show; counted once, when the packet is opened. Null: still counting. */
function useCounts(choices: readonly FollowChoice[]): readonly (number | null)[] | null {
  const session = useSession();
  const [counts, setCounts] = useState<{
    readonly of: readonly FollowChoice[];
    readonly sums: readonly (number | null)[];
  } | null>(null);
  useEffect(() => {
    let ended = false;
    const count = async (filter: string): Promise<number | null> => {
      try {
        for (;;) {
          const tally = await session.request('tally_packets', { filter });
          if (ended || tally.filterError !== null) return null;
          if (tally.complete) return tally.count;
        }
      } catch {
        // A service that has gone says so elsewhere; a choice can be followed without its number.
        return null;
      }
    };
    const countAll = async (): Promise<void> => {
      const sums: (number | null)[] = [];
      for (const { filter } of choices) sums.push(await count(filter));
      if (!ended) setCounts({ of: choices, sums });
    };
    const timer = setTimeout(() => spawn('counting what belongs together', countAll()), settleMs);
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [choices, session]);
  return counts?.of === choices ? counts.sums : null;
}
