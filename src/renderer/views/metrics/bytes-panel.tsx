import { useMemo } from 'react';
import type { CSSProperties, JSX } from 'react';
import type { RunView } from '#shared/run-view/run-view.ts';
import { isParticipantSeat } from '#shared/run-view/seat.ts';
import { formatBytes } from '#renderer/components/words/format.ts';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { protocolColors } from '#renderer/theme/protocols.ts';
import { BoxMark, ChartPanel } from './chart-panel.tsx';
import { bytesByProtocol, seenHere } from './metric-series.ts';
import type { ProtocolBytes } from './metric-series.ts';

export function BytesPanel({ view }: { readonly view: RunView }): JSX.Element {
  const rows = useMemo(() => bytesByProtocol(seenHere(view)), [view]);
  const most = Math.max(1, ...rows.map((row) => row.wire));
  const sum = rows.reduce((all, row) => ({ payload: all.payload + row.payload, wire: all.wire + row.wire }), {
    payload: 0,
    wire: 0,
  });
  return (
    <ChartPanel
      title="Bytes"
      unit={
        isParticipantSeat(view)
          ? 'payload and wire of this node, both directions'
          : 'payload and wire, whole run, both directions'
      }
      legend={[]}
    >
      <div className="bt" role="table" aria-label="Bytes by transport">
        <div className="br hd" role="row">
          <span role="columnheader">transport</span>
          <span role="columnheader">
            <span className="vh">payload and overhead as bars</span>
          </span>
          <span role="columnheader" className="num">
            <BoxMark color="var(--text-2)" /> payload
          </span>
          <span role="columnheader" className="num">
            wire
          </span>
          <span role="columnheader" className="num" title="framing, headers, resends">
            <i className="bx hatch" /> overhead
          </span>
        </div>
        {rows.map((row) => (
          <BytesRow key={row.protocol} row={row} most={most} />
        ))}
        <div className="br tot" role="row">
          <span role="cell">all</span>
          <span role="cell" />
          <span role="cell" className="num">
            {formatBytes(sum.payload)}
          </span>
          <span role="cell" className="num">
            {formatBytes(sum.wire)}
          </span>
          <b role="cell" className="num">
            {overText(sum)}
          </b>
        </div>
      </div>
    </ChartPanel>
  );
}

function BytesRow({ row, most }: { readonly row: ProtocolBytes; readonly most: number }): JSX.Element {
  return (
    <div className="br" role="row">
      <span role="cell">
        <ProtocolMark protocol={row.protocol} />{' '}
        <span className="t3">
          {row.participants} {row.participants === 1 ? 'node' : 'nodes'}
        </span>
      </span>
      <span role="cell" className="bb" style={{ '--c': protocolColors[row.protocol] } as CSSProperties}>
        <i className="wv" style={{ width: `${(row.wire / most) * 100}%` }} />
        <i
          style={{
            width: `${(Math.min(row.payload, row.wire) / most) * 100}%`,
            background: protocolColors[row.protocol],
          }}
        />
      </span>
      <span role="cell" className="num">
        {formatBytes(row.payload)}
      </span>
      <span role="cell" className="num">
        {formatBytes(row.wire)}
      </span>
      <b role="cell" className="num">
        {overText(row)}
      </b>
    </div>
  );
}

function overText({ payload, wire }: { readonly payload: number; readonly wire: number }): string {
  return payload === 0 ? '–' : `+${((wire / payload - 1) * 100).toFixed(1)} %`;
}
