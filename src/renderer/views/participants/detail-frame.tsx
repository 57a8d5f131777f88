import type { JSX, ReactNode } from 'react';
import { Icon } from '#renderer/components/icon.tsx';

interface DetailFrameProps {
  readonly participant: string;
  /** Beside its name. */
  readonly head: ReactNode;
  /** Below what scrolls. */
  readonly acts?: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** The pane about one participant. */
export function DetailFrame({ participant, head, acts, onClose, children }: DetailFrameProps): JSX.Element {
  return (
    <aside className="panel p-det" aria-label={`Participant ${participant}`}>
      <div className="ph">
        <h2>{participant}</h2>
        {head}
        <div className="end">
          <button
            type="button"
            className="btn ghost sm"
            aria-label={`Close ${participant}`}
            title="Close (Esc)"
            onClick={onClose}
          >
            <Icon name="close" />
          </button>
        </div>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key */}
      <div className="scroll" tabIndex={0} role="region" aria-label={`Details of ${participant}`}>
        {children}
      </div>
      {acts !== undefined && <div className="acts">{acts}</div>}
    </aside>
  );
}
