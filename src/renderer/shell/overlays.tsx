import { useCallback, useState } from 'react';
import type { JSX } from 'react';
import { useEndingAsked } from '#renderer/session/ending.ts';
import { useFailedJoin } from '#renderer/session/failed-join.ts';
import { showError, showToast } from '#renderer/session/toasts.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { EndRunDialog } from './end-run-dialog.tsx';
import { CommandPalette } from './command-palette.tsx';
import { useGlobalCommands } from './global-commands.ts';
import { useKeyboard } from './keyboard.ts';
import { ShortcutSheet } from './shortcut-sheet.tsx';
import { useNoticeToasts } from './status-slot.tsx';
import { Toasts } from './toasts-region.tsx';
import { useWholeOnHover } from './whole-on-hover.ts';

type Overlay = 'none' | 'palette' | 'keys';

/** What lies over the window: palette, shortcut sheet, toasts. Owns the keyboard. */
export function Overlays(): JSX.Element {
  const [overlay, setOverlay] = useState<Overlay>('none');
  const openPalette = useCallback(() => setOverlay('palette'), []);
  const openKeys = useCallback(() => setOverlay('keys'), []);
  const close = useCallback(() => setOverlay('none'), []);
  const endingAsked = useEndingAsked();
  useGlobalCommands({ openPalette, openKeys });
  useKeyboard();
  useFailedJoin();
  useWholeOnHover();
  useNoticeToasts(showNotice);
  return (
    <>
      {overlay === 'palette' && <CommandPalette onClose={close} />}
      {overlay === 'keys' && <ShortcutSheet onClose={close} />}
      {endingAsked && <EndRunDialog />}
      <Toasts />
    </>
  );
}

function showNotice(view: RunView, index: number): void {
  const notice = view.notices[index];
  if (notice === undefined) return;
  if (notice.error === undefined) showToast({ level: notice.level, text: notice.text, error: null });
  else if (notice.level === 'error') showError(notice.error);
  else showToast({ level: notice.level, text: notice.text, error: notice.error });
}
