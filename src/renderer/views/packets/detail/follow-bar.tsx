import { useEffect, useMemo, useRef, useState } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import type { PacketRow } from '#shared/contract/packet.ts';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
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
          {choice.label} <i>{counts === null ? '…' : formatCount(counts[i] ?? 0)}</i>
        </button>
      ))}
    </div>
  );
}

/** Rows counted in one go, so that walking through packets with j and k stays smooth. */
const rowsPerSlice = 10_000;

/** How many of the rows held each choice would show; counted once, when the packet is opened. Null: still counting. */
function useCounts(choices: readonly FollowChoice[]): readonly number[] | null {
  const session = useSession();
  const [counts, setCounts] = useState<{
    readonly of: readonly FollowChoice[];
    readonly sums: readonly number[];
  } | null>(null);
  useEffect(() => {
    const held = session.packets();
    const expressions = choices.map((choice) => parseFilter(choice.filter));
    const sums = choices.map(() => 0);
    let next = 0;
    const slice = (): void => {
      const end = Math.min(held.length, next + rowsPerSlice);
      for (; next < end; next++) {
        const other = held.at(next);
        if (other === undefined) continue;
        expressions.forEach((parsed, c) => {
          if (parsed.ok && matchesFilter(parsed.value, other)) sums[c] = (sums[c] ?? 0) + 1;
        });
      }
      if (next < held.length) timer = setTimeout(slice, 0);
      else setCounts({ of: choices, sums });
    };
    let timer = setTimeout(slice, 60);
    return () => clearTimeout(timer);
  }, [choices, session]);
  return counts?.of === choices ? counts.sums : null;
}
