import type { JSX } from 'react';
import { formatClock } from '#renderer/components/words/format.ts';
import { errorWords } from '#shared/contract/error-words.ts';
import type { RunView } from '#shared/run-view/run-view.ts';

/** What the run has told of itself, newest first: restarts, files that could not be written, participants that gave up. */
export function MessageList({ notices }: { readonly notices: RunView['notices'] }): JSX.Element {
  return (
    <table className="msg-list" aria-label="Messages of this run">
      <tbody>
        {notices.toReversed().map((notice, i) => (
          <tr key={`${notice.at} ${i}`}>
            <td className="data">{formatClock(notice.at)}</td>
            <td>
              <span className={notice.level === 'info' ? 't2' : notice.level === 'error' ? 'stl' : 'wrn'}>
                {notice.level}
              </span>
            </td>
            <td>
              {notice.text}
              {notice.error !== undefined && <span className="t3"> {errorWords[notice.error.code].tryThis}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
