import type { JSX, ReactNode } from 'react';

/** The healthy line of the status slot: what it is first, then the rest as far as there is room. */
export function Line({ head, children }: { readonly head: ReactNode; readonly children: ReactNode }): JSX.Element {
  return (
    <div className="status" data-drops="">
      {head}
      {children}
    </div>
  );
}
