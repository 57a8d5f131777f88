import type { SupervisorSink } from '#demo/supervised-child.ts';
import type { Opening } from './opening.ts';
import type { RunHost } from './run-host.ts';

/** Of a run in which this machine has one part. */
export interface StartOptions {
  readonly recordPath?: string | undefined;
  /** This machine is not put to sleep while the run trains; absent: so it is. */
  readonly keepAwake?: boolean | undefined;
}

export interface Begin {
  readonly opening: Opening;
  readonly recordPath: string | undefined;
}

/** Where the processes of a run tell what they do. */
export function sinkOf(host: RunHost): SupervisorSink {
  return {
    batch: (source, batch) => host.ingest(source, batch),
    exited: (exit) => host.report('process_exited', exit),
    malformed: (name, what) => {
      host.malformed(name, 'events');
      host.report('notice', {
        level: 'warning',
        text: `The process of ${name} sent what its contract does not know: ${what}`,
      });
    },
  };
}
