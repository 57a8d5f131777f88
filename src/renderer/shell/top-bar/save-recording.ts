import { useCallback, useEffect } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { formatBytes } from '#renderer/components/words/format.ts';
import { useRequest } from '#renderer/session/hooks.ts';
import { showError, showInfo } from '#renderer/session/toasts.ts';

const minutes = 10;

/**
 * Copies the last minutes of the recording to a file and says where it lies.
 * @param bare for somebody else: without bodies, addresses and class names
 */
export function useSaveRecording(bare = false): { readonly pending: boolean; readonly save: () => void } {
  const { state, send } = useRequest('save_recording');
  useEffect(() => {
    if (state.kind === 'done')
      showInfo(
        `Saved ${formatBytes(state.value.sizeBytes)} ${bare ? 'without bodies, addresses and class names ' : ''}to ${state.value.path}`,
      );
    if (state.kind === 'failed') showError(state.error);
  }, [state, bare]);
  const save = useCallback(
    () => spawn('saving the recording', send(bare ? { minutes, bare } : { minutes })),
    [send, bare],
  );
  return { pending: state.kind === 'pending', save };
}
