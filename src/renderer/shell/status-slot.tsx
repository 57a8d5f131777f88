import type { JSX } from 'react';

export function StatusSlot(): JSX.Element {
  return <div />;
}
