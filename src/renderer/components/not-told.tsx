import type { JSX } from 'react';
import './not-told.css';

/** In the place of what the coordinator alone knows: dotted, so that it is not taken for a finding. */
export function NotTold({ what = '' }: { readonly what?: string }): JSX.Element {
  return <div className="not-told">{what === '' ? '' : `${what}: `}not told to participants</div>;
}
