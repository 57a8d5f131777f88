import type { JSX } from 'react';
import { counted } from '#shared/base/text/counted.ts';
import type { UnreadableRecording } from '#shared/contract/app/library.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { useShortPath } from '#renderer/session/recordings/use-short-path.ts';

interface UnreadableProps {
  readonly files: readonly UnreadableRecording[];
  /** Files beyond those that the library takes. */
  readonly left: number;
}

/** What is in the folders and not in the table, with the reason. */
export function Unreadable({ files, left }: UnreadableProps): JSX.Element | null {
  const short = useShortPath();
  if (files.length === 0 && left === 0) return null;
  return (
    <div className="unread">
      {left > 0 && <p>{counted(left, 'file')} more, with older names, are not listed.</p>}
      {files.length > 0 && (
        <details>
          <summary>
            <Icon name="warn" as="small" /> {counted(files.length, 'file')} cannot be read as a recording
          </summary>
          <ul>
            {files.map(({ path, error }) => (
              <li key={path}>
                <span className="data">{short(path)}</span>
                <span className="t2">{error.message}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
