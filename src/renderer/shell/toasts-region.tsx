import { useEffect } from 'react';
import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { dismissToast, useToasts } from '#renderer/session/toasts.ts';
import type { Toast } from '#renderer/session/toasts.ts';

/** Good news goes by itself; bad news stays until it is read. */
const infoShownMs = 8_000;

export function Toasts(): JSX.Element {
  const toasts = useToasts();
  return (
    <div className="toasts" aria-live="polite" role="log" aria-label="Messages">
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastCard({ toast }: { readonly toast: Toast }): JSX.Element {
  useEffect(() => {
    if (toast.level !== 'info') return undefined;
    const timer = setTimeout(() => dismissToast(toast.id), infoShownMs);
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <div className={`toast ${toast.level}`}>
      {toast.error === null ? <span className="text">{toast.text}</span> : <ErrorCard error={toast.error} />}
      <button type="button" className="btn ghost sm" aria-label="Dismiss" onClick={() => dismissToast(toast.id)}>
        <Icon name="close" as="small" />
      </button>
    </div>
  );
}
