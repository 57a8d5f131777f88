import type { JSX, ReactNode } from 'react';

interface LineProps {
  readonly head: ReactNode;
  readonly children: ReactNode;
  /** What can be done, at the end: it stays whatever of the words has to go. */
  readonly acts?: ReactNode;
}

/** The healthy line of the status slot: what it is first, then the rest as far as there is room. */
export function Line({ head, children, acts }: LineProps): JSX.Element {
  if (acts === undefined)
    return (
      <div className="status" data-drops="">
        {head}
        {children}
      </div>
    );
  return (
    <div className="status-acts">
      <div className="status" data-drops="">
        {head}
        {children}
      </div>
      <span className="acts">{acts}</span>
    </div>
  );
}
