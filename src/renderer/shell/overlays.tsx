import type { JSX } from 'react';

export function Overlays(): JSX.Element {
  return <div />;
}
