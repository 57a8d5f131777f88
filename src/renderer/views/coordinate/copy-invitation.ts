import { spawn } from '#shared/base/spawn.ts';
import { copyText } from '#renderer/components/copy-text.ts';
import { showInfo, showToast } from '#renderer/session/toasts.ts';

export function copyInvitation(text: string, what: string): void {
  spawn(
    'copying',
    copyText(text).then((copied) =>
      copied
        ? showInfo(`${what} is on the clipboard.`)
        : showToast({
            level: 'warning',
            text: 'This browser does not let pages copy: select the line instead.',
            error: null,
          }),
    ),
  );
}
