import { useEffect, useState } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { formatBytes } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { useSession } from '#renderer/session/hooks.ts';
import { stopTaking, takeRecording, useTaking } from '#renderer/session/recordings/take-recording.ts';
import './drop-recording.css';

/** A recording that is dropped on the window, on whatever view, is copied into the library and opened. */
export function DropRecording(): JSX.Element | null {
  const session = useSession();
  const taking = useTaking();
  const over = useFileOver((file) => spawn('taking a recording in', takeRecording(session, file)));
  if (taking !== null) {
    const share = Math.round((taking.takenBytes / taking.sizeBytes) * 100);
    return (
      <div className="taking" role="status">
        <Icon name="file" />
        <span>
          <b>{taking.name}</b>, {formatBytes(taking.sizeBytes)}: {share} % copied into the library
        </span>
        <button type="button" className="btn sm" onClick={stopTaking}>
          Stop
        </button>
      </div>
    );
  }
  if (!over) return null;
  return (
    <div className="drop-here" role="status">
      <div>
        <Icon name="file" />
        <b>Drop the recording to open it</b>
        <span>The file stays where it is; a copy goes into the library.</span>
      </div>
    </div>
  );
}

/** Whether a file is held over the window. Text that is dragged is none of it, and goes to the field below the pointer. */
function useFileOver(onFile: (file: File) => void): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const hasFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    const onOver = (event: DragEvent): void => {
      if (!hasFile(event)) return;
      // Without this the browser goes to the file, and the window is gone.
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      setOver(false);
      if (!hasFile(event)) return;
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (file !== undefined) onFile(file);
    };
    window.addEventListener('dragover', onOver);
    window.addEventListener('dragleave', onLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onOver);
      window.removeEventListener('dragleave', onLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, [onFile]);
  return over;
}
