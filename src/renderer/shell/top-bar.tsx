import type { JSX } from 'react';

export function TopBar(): JSX.Element {
  return <div />;
}
