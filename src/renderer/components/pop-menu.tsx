import { useEffect, useRef, useState } from 'react';
import type { JSX, ReactNode } from 'react';
import './pop-menu.css';

interface PopMenuProps {
  readonly label: string;
  readonly button: ReactNode;
  /** Gets a function that closes the menu. */
  readonly children: (close: () => void) => ReactNode;
}

/** A button with a panel under it; Escape, or pressing elsewhere, closes it. */
export function PopMenu({ label, button, children }: PopMenuProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const onPointerDown = (event: PointerEvent): void => {
      if (!(event.target instanceof Node) || root.current?.contains(event.target) !== true) setOpen(false);
    };
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      // Before the window's shortcuts: Escape closes this and nothing behind it.
      event.stopPropagation();
      event.preventDefault();
      setOpen(false);
      opener.current?.focus();
    };
    document.addEventListener('pointerdown', onPointerDown);
    document.addEventListener('keydown', onKeyDown, true);
    return () => {
      document.removeEventListener('pointerdown', onPointerDown);
      document.removeEventListener('keydown', onKeyDown, true);
    };
  }, [open]);
  return (
    <div className="pm" ref={root}>
      <button
        type="button"
        ref={opener}
        className="btn"
        aria-expanded={open}
        aria-haspopup="true"
        aria-label={label}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open ? (
        <div className="pm-p" role="group" aria-label={label}>
          {children(() => setOpen(false))}
        </div>
      ) : null}
    </div>
  );
}
