import { useCallback, useEffect } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { formatBytes } from '#renderer/components/format.ts';
import { useRequest } from '#renderer/session/hooks.ts';
import { showError, showInfo } from '#renderer/session/toasts.ts';

const minutes = 10;

/** Copies the last minutes of the recording to a file and says where it lies. */
export function useSaveRecording(): { readonly pending: boolean; readonly save: () => void } {
  const { state, send } = useRequest('save_recording');
  useEffect(() => {
    if (state.kind === 'done') showInfo(`Saved ${formatBytes(state.value.sizeBytes)} to ${state.value.path}`);
    if (state.kind === 'failed') showError(state.error);
  }, [state]);
  const save = useCallback(() => spawn('saving the recording', send({ minutes })), [send]);
  return { pending: state.kind === 'pending', save };
}
