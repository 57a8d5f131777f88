import type { JSX } from 'react';

export function CoordinateView(): JSX.Element {
  return <main />;
}
