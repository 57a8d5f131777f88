import { useMemo } from 'react';
import type { JSX } from 'react';
import { formatMs, formatMsRange, formatRate } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import type { RunView } from '#shared/run-view/run-view.ts';
import { transportBadges } from '../summary.ts';
import type { TransportBadge } from '../summary.ts';

/** The links by transport: a cell for each while there is room, else one cell of glyphs, counts and a range. */
export function TransportCells({ view }: { readonly view: RunView }): JSX.Element {
  const badges = useMemo(() => transportBadges(view), [view]);
  return (
    <>
      {badges.map((badge) => (
        <TransportCell key={`${badge.protocol} ${badge.stack}`} badge={badge} />
      ))}
      {badges.length > 0 && <AllTransports badges={badges} />}
    </>
  );
}

function badgeTitle({ protocol, stack, explanation, choice }: TransportBadge): string {
  return [`${protocol} over ${stack}`, explanation, choice].filter((part) => part !== '').join('. ');
}

function TransportCell({ badge }: { readonly badge: TransportBadge }): JSX.Element {
  const own = badge.stack === badge.protocol || badge.stack === 'mqtt.js';
  return (
    <div className="cell badge" title={badgeTitle(badge)}>
      <div className="k">
        <span className="proto">
          <ProtocolMark protocol={badge.protocol} /> × {badge.links}
        </span>
        {!own && <span className="t3 stack">{badge.stack}</span>}
        <Trouble badge={badge} />
      </div>
      <div className="v nw">
        {badge.closed ? (
          <span className="t2">closed</span>
        ) : (
          <>
            <span className="rtt">{rttWords([badge])}</span>
            <span className="t2 w-proj rate">{formatRate(badge.rateBytesPerS)}</span>
          </>
        )}
      </div>
    </div>
  );
}

function AllTransports({ badges }: { readonly badges: readonly TransportBadge[] }): JSX.Element {
  const bad = badges.filter((badge) => badge.trouble !== '');
  const worst = bad.find((badge) => badge.severity === 'stall') ?? bad[0];
  const rate = badges.reduce((sum, badge) => sum + badge.rateBytesPerS, 0);
  return (
    <div className="cell all-badges" title={badges.map((badge) => `${badge.links} × ${badgeTitle(badge)}`).join('\n')}>
      <div className="k">
        {badges.map((badge) => (
          <span key={`${badge.protocol} ${badge.stack}`} className="proto">
            <ProtocolMark protocol={badge.protocol} bare />
            <span className="name" aria-hidden="true">
              {badge.protocol}
            </span>
            {badge.links}
          </span>
        ))}
      </div>
      <div className="v nw">
        {worst !== undefined && <Trouble badge={worst} more={bad.length - 1} />}
        {badges.every((badge) => badge.closed) ? (
          <span className="t2">closed</span>
        ) : (
          <>
            <span className="rtt">{rttWords(badges)}</span>
            <span className="t2 w-proj rate">{formatRate(rate)}</span>
          </>
        )}
      </div>
    </div>
  );
}

function Trouble({ badge, more = 0 }: { readonly badge: TransportBadge; readonly more?: number }): JSX.Element | null {
  if (badge.trouble === '') return null;
  return (
    <span className={badge.severity === 'stall' ? 'stl' : 'wrn'}>
      <Icon name={badge.severity === 'stall' ? 'stop' : 'warn'} as="small" />
      {badge.trouble}
      {more > 0 && ` +${more}`}
    </span>
  );
}

/** One figure where the links agree, else from the fastest to the slowest: one slow link must not hide in a median. */
function rttWords(badges: readonly TransportBadge[]): string {
  const known = badges.flatMap((badge) => (badge.rttRange === null ? [] : [badge.rttRange]));
  if (known.length === 0) return 'round trip not measured yet';
  const low = Math.min(...known.map((range) => range.low));
  const high = Math.max(...known.map((range) => range.high));
  const words = high < low * 1.5 ? formatMs((low + high) / 2) : formatMsRange(low, high);
  return badges.every((badge) => badge.last) ? `last ${words}` : words;
}
