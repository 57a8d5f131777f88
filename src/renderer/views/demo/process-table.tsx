import type { JSX, ReactNode } from 'react';
import { formatBytes } from '#renderer/components/words/format.ts';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import type { RunView } from '#shared/run-view/run-view.ts';

/** One row for each process of the demo; one that ended stays, with how it ended. */
export function ProcessTable({ view, end }: { readonly view: RunView | null; readonly end: ReactNode }): JSX.Element {
  const processes = view?.processes ?? [];
  // After the run all of them go; the end of one may not have been told yet.
  const over = view === null || view.endedAt !== null;
  const running = over ? 0 : processes.filter((process) => process.exited === null).length;
  const protocols = new Map(view?.participants.map((participant) => [participant.id, participant.protocol]));
  return (
    <section className="panel p-proc" aria-label="Processes">
      <div className="ph">
        <h2>Processes</h2>
        {processes.length > 0 && <span className="sub">{running} running</span>}
        <span className="end">{end}</span>
      </div>
      {processes.length === 0 ? (
        <div className="nothing">
          None yet. Start opens one process for the coordinator and one for each participant; a killed one is really
          killed.
        </div>
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key
        <div className="scroll" tabIndex={0} role="region" aria-label="List of processes">
          <table>
            <thead>
              <tr>
                <th>Name</th>
                <th>Process id</th>
                <th>Transport</th>
                <th>Doing</th>
                <th className="num">CPU</th>
                <th className="num">Memory</th>
              </tr>
            </thead>
            <tbody>
              {processes.map((process) => {
                const protocol = protocols.get(process.name);
                const lives = !over && process.exited === null;
                return (
                  <tr key={process.pid} className={lives ? '' : 'next'}>
                    <td>
                      <b>{process.name}</b>
                    </td>
                    <td className="data">{process.pid}</td>
                    <td>{protocol !== undefined && <ProtocolMark protocol={protocol} />}</td>
                    <td>
                      {lives
                        ? process.doing
                        : process.exited === null
                          ? 'ends with the run'
                          : `ended ${process.exited.replace(/^ended /, '').replace(/^exit/, 'with exit')}`}
                    </td>
                    <td className="num">{lives ? `${Math.round(process.cpuPercent)} %` : '–'}</td>
                    <td className="num">{lives ? formatBytes(process.memoryBytes) : '–'}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
