import type { Clock } from '#shared/base/time/clock.ts';
import { entryPath } from '#engine/host/entries.ts';
import { Library } from './library.ts';
import type { RecentRuns } from '../runs/recent-runs.ts';
import type { RunHost } from '../runs/run-host.ts';
import type { OpenToRead } from '../replay/shown-recordings.ts';
import { writtenRecordings } from './written-recordings.ts';

interface Parts {
  readonly app: { readonly dataFolder: string };
  readonly clock: Clock;
  readonly openToRead: OpenToRead;
}

interface Running {
  readonly recents: RecentRuns;
  readonly host: () => RunHost | null;
}

/** The library of this data folder; what is being written is told by the runs of this machine. */
export function appLibrary({ app, clock, openToRead }: Parts, { recents, host }: Running): Library {
  return new Library({
    dataFolder: app.dataFolder,
    clock,
    openToRead,
    entry: entryPath('recorder-worker'),
    written: () => writtenRecordings(recents, host(), clock.wallMs()),
  });
}
