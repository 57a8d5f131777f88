import type { JSX } from 'react';
import type { Protocol } from '#shared/contract/protocols.ts';
import { secrecyOf } from '#shared/contract/app/secrecy.ts';
import { protocolColors, protocolGlyphs } from '#renderer/theme/protocols.ts';

/** Glyph of a protocol in its color; with its name unless `bare`, where the name stands beside it anyway. */
export function ProtocolMark({
  protocol,
  bare,
}: {
  readonly protocol: Protocol;
  readonly bare?: boolean;
}): JSX.Element {
  return (
    <span className={'proto'} title={secrecyOf[protocol].text}>
      <svg className="g" viewBox="0 0 10 10" fill={protocolColors[protocol]} aria-hidden="true">
        <path d={protocolGlyphs[protocol]} />
      </svg>
      {bare === true ? <span className="vh">{protocol}</span> : protocol}
    </span>
  );
}
