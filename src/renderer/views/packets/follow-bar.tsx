import { useMemo } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import type { PacketRow } from '#shared/contract/packet.ts';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { formatCount } from '#renderer/components/format.ts';
import { useSession } from '#renderer/session/hooks.ts';
import { followChoices } from './follow.ts';

interface FollowBarProps {
  readonly row: PacketRow;
  readonly filter: string;
  readonly onFollow: (filter: string) => void;
}

/** What belongs together with this packet; each choice is a filter. Pressing it again clears it. */
export function FollowBar({ row, filter, onFollow }: FollowBarProps): JSX.Element {
  const choices = useMemo(() => followChoices(row), [row]);
  const session = useSession();
  // Counted when the packet is opened, over what is held: a number that ticks would say no more.
  const counts = useMemo(() => {
    const held = session.packets();
    const expressions = choices.map((choice) => parseFilter(choice.filter));
    const sums = choices.map(() => 0);
    for (let i = 0; i < held.length; i++) {
      const other = held.at(i);
      if (other === undefined) break;
      expressions.forEach((parsed, c) => {
        if (parsed.ok && matchesFilter(parsed.value, other, { gapMs: null })) sums[c] = (sums[c] ?? 0) + 1;
      });
    }
    return sums;
  }, [choices, session]);
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
        <button type="button" key={choice.id} aria-pressed={filter.trim() === choice.filter} title={choice.filter} onClick={() => onFollow(filter.trim() === choice.filter ? '' : choice.filter)}>
          {choice.label} <i>{formatCount(counts[i] ?? 0)}</i>
        </button>
      ))}
    </div>
  );
}
