import type { JSX } from 'react';
import { formatCount } from '#shared/base/text/counted.ts';
import type { SentKind, SentTally } from '#shared/run-view/sent-tally.ts';
import { formatBytes, formatClock } from '#renderer/components/words/format.ts';
import { contentsOf, inOrder } from './kind-words.ts';

export function SentTable({
  tally,
  complete,
  chosen,
  onChoose,
}: {
  readonly tally: SentTally;
  readonly complete: boolean;
  readonly chosen: string | null;
  readonly onChoose: (kind: string | null) => void;
}): JSX.Element {
  const lastAt = Math.max(0, ...tally.kinds.map((one) => one.lastAt));
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key
    <div className="scroll" tabIndex={0} role="region" aria-label="Sent, by kind">
      <table className="lv-t">
        <thead>
          <tr>
            <th>Kind</th>
            <th>What is in it</th>
            <th className="num">Sent</th>
            <th className="num">Last</th>
            <th className="num lv-each">Each</th>
            <th className="num">Total</th>
            <th className="lv-share">Share</th>
          </tr>
        </thead>
        <tbody>
          {inOrder(tally.kinds).map((one) => (
            <KindRow key={one.kind} of={one} bytes={tally.bytes} chosen={one.kind === chosen} onChoose={onChoose} />
          ))}
          <tr className="lv-never">
            <th scope="row">pictures, labels</th>
            <td>
              {complete && tally.unread === 0 && tally.kinds.every(({ unlisted }) => unlisted.length === 0)
                ? 'in none of these; names of files and folders neither'
                : 'no field of the list holds one'}
            </td>
            <td className="num">0</td>
            <td className="num">never</td>
            <td className="num lv-each">–</td>
            <td className="num">0 B</td>
            <td className="lv-share" />
          </tr>
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">All</th>
            <td>
              {tally.peers.length === 0 ? 'nothing yet' : `to the ${tally.peers.join(', ')} alone`}
              {tally.notTaken > 0 && (
                <span className="t3 micro"> {formatCount(tally.notTaken)} more found no open connection</span>
              )}
            </td>
            <td className="num">{formatCount(tally.frames)}</td>
            <td className="num">{lastAt === 0 ? 'never' : formatClock(lastAt)}</td>
            <td className="lv-each" />
            <td className="num">{formatBytes(tally.bytes)}</td>
            <td className="lv-share" />
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function KindRow({
  of,
  bytes,
  chosen,
  onChoose,
}: {
  readonly of: SentKind;
  readonly bytes: number;
  readonly chosen: boolean;
  readonly onChoose: (kind: string | null) => void;
}): JSX.Element {
  const { kind, frames, unlisted, texts } = of;
  const share = bytes === 0 ? 0 : of.bytes / bytes;
  return (
    <tr className={chosen ? 'sel' : undefined}>
      <th scope="row">
        <button type="button" className="lv-k" aria-expanded={chosen} onClick={() => onChoose(chosen ? null : kind)}>
          {kind}
        </button>
      </th>
      <td className="lv-c">
        {contentsOf(of).join('; ')}
        {unlisted.length > 0 && <span className="stl">not on the list: {unlisted.join(', ')}</span>}
        {texts.length > 0 && <span className="t3 micro">texts: {texts.map((text) => `“${text}”`).join(', ')}</span>}
      </td>
      <td className="num">{formatCount(frames)}</td>
      <td className="num">{formatClock(of.lastAt)}</td>
      <td className="num lv-each">{frames === 0 ? '–' : formatBytes(of.bytes / frames)}</td>
      <td className="num">
        <b>{formatBytes(of.bytes)}</b>
      </td>
      <td className="lv-share">
        <span className="prog" title={`${(share * 100).toFixed(1)} % of all bytes`}>
          <i style={{ width: `${share * 100}%` }} />
        </span>
      </td>
    </tr>
  );
}
