import { useCallback, useState } from 'react';
import type { JSX } from 'react';
import { useEndingAsked } from '#renderer/session/run/ending.ts';
import { useFailedJoin } from '#renderer/session/run/failed-join.ts';
import { useDemoKeys } from '#renderer/views/demo/demo-keys.ts';
import { EndRunDialog } from './dialogs/end-run-dialog.tsx';
import { CommandPalette } from './commands/command-palette.tsx';
import { DropRecording } from './dialogs/drop-recording.tsx';
import { OpenRecordingDialog } from './dialogs/open-recording-dialog.tsx';
import { useRecordingAsked, useShowsRecording } from '#renderer/session/recordings/recordings.ts';
import { useGlobalCommands } from './commands/global-commands.ts';
import { useKeyboard } from './keyboard.ts';
import { ShortcutSheet } from './commands/shortcut-sheet.tsx';
import { Toasts } from './dialogs/toasts-region.tsx';
import { useWholeOnHover } from './whole-on-hover.ts';

type Overlay = 'none' | 'palette' | 'keys';

/** What lies over the window: palette, shortcut sheet, toasts. Owns the keyboard. */
export function Overlays(): JSX.Element {
  const [overlay, setOverlay] = useState<Overlay>('none');
  const openPalette = useCallback(() => setOverlay('palette'), []);
  const openKeys = useCallback(() => setOverlay('keys'), []);
  const close = useCallback(() => setOverlay('none'), []);
  const endingAsked = useEndingAsked();
  const recordingAsked = useRecordingAsked();
  useGlobalCommands({ openPalette, openKeys });
  useDemoKeys(!useShowsRecording());
  useKeyboard();
  useFailedJoin();
  useWholeOnHover();
  return (
    <>
      {overlay === 'palette' && <CommandPalette onClose={close} />}
      {overlay === 'keys' && <ShortcutSheet onClose={close} />}
      {endingAsked && <EndRunDialog />}
      {recordingAsked && <OpenRecordingDialog />}
      <DropRecording />
      <Toasts />
    </>
  );
}
