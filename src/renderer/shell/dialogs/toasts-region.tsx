import { useEffect, useState } from 'react';
import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { dismissToast, useToasts } from '#renderer/session/toasts.ts';
import type { Toast } from '#renderer/session/toasts.ts';

/** Long enough to be read; bad news has more to read. Whoever points at one has all the time. */
const shownMs = { info: 8_000, warning: 15_000, error: 25_000 } as const;

/** The newest answer to what the user did, and how many others wait behind it. */
export function Toasts(): JSX.Element {
  const toasts = useToasts();
  const toast = toasts.at(-1);
  return (
    <div className="toasts" aria-live="polite" role="log" aria-label="Messages">
      {toast !== undefined && <ToastCard key={toast.id} toast={toast} more={toasts.length - 1} />}
    </div>
  );
}

function ToastCard({ toast, more }: { readonly toast: Toast; readonly more: number }): JSX.Element {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return undefined;
    const timer = setTimeout(() => dismissToast(toast.id), shownMs[toast.level]);
    return () => clearTimeout(timer);
  }, [toast, held]);
  return (
    <div
      className={`toast ${toast.level}`}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {toast.error === null ? <span className="text">{toast.text}</span> : <ErrorCard error={toast.error} />}
      <span className="ta">
        {more > 0 && <span className="t3">and {more} more</span>}
        <button type="button" className="btn ghost sm" aria-label="Dismiss" onClick={() => dismissToast(toast.id)}>
          <Icon name="close" as="small" />
        </button>
      </span>
    </div>
  );
}
