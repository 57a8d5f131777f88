import { join } from 'node:path';
import { spawn } from '#shared/base/spawn.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import { seededRandom } from '#shared/base/random.ts';
import type { ParticipantStart } from '#shared/contract/child-messages.ts';
import { protocolSchema, type Protocol } from '#shared/contract/protocols.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import type { SelectionTable } from '#shared/contract/run/selection.ts';
import { readMachineState } from '#engine/host/process/machine-state.ts';
import { readSelectionTable, writeSelectionTable } from '#engine/host/selection-table-file.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import type { DialingLink } from '#engine/link/dial/dialing-link.ts';
import type { Link } from '#engine/link/link.ts';
import { selectionFromEnvironment } from '#engine/selection/environment.ts';
import { LinkObserver } from '#engine/selection/link-observer.ts';
import { createSelector } from '#engine/selection/selector.ts';
import type { Route } from '#engine/transport/registry.ts';
import { observedLink, ProtocolChoice } from './protocol-choice.ts';
import { TimedLink } from './timed-link.ts';

/** Why a session is changed goes with its end, for which protocols have room for some hundred bytes. */
const reasonCharsMax = 300;

/** What a participant that chooses its protocol dials with. */
export interface Choosing extends AsyncDisposable {
  readonly route: Route;
  /** To be given to the link, so that what it reports is seen. */
  readonly reporter: Reporter;
  /** The link as the round engine is to use it: it times updates, and changes its protocol between rounds. */
  through(link: DialingLink): Link;
}

/** The one protocol that this participant was told to take, or null: it chooses. */
export function toldProtocol(start: ParticipantStart, plan: string): Protocol | null {
  const only = protocolSchema.safeParse(start.transport ?? plan);
  return only.success ? only.data : null;
}

/**
 * Everything about choosing put together: settings, what earlier runs learned, the state of this machine.
 * @throws RoundscopeError `settings_invalid` for an environment variable with a value that it does not take
 */
export async function chooseProtocols(start: ParticipantStart, reporter: Reporter): Promise<Choosing> {
  const given = start.selection === undefined ? {} : { strategy: start.selection };
  const settings = selectionFromEnvironment(process.env, given);
  if (!settings.ok) throw settings.error;
  const { strategy } = settings.value.settings;
  const folder = start.identityFolder;
  const path = folder === undefined ? null : join(folder, `participant-${start.name}-selection-${strategy}.json`);
  const observer = new LinkObserver(systemClock);
  observer.machine(await readMachineState());
  const table = await firstTable([path, pretrainedPath(settings.value.pretrainedFolder, strategy)], reporter);
  const store = new TableStore(path, reporter);
  const choice = new ProtocolChoice({
    participant: start.name,
    selector: createSelector(settings.value.settings, {
      // A demo repeats its choices as far as times allow.
      random: seededRandom(
        start.share === undefined
          ? systemEntropy.bytes(8).join('.')
          : `${start.share.seed}/${start.share.index}/selection`,
      ),
      clock: systemClock,
      ...(table === null ? {} : { table }),
    }),
    observer,
    clock: systemClock,
    reporter,
    keep: (learned) => store.keep(learned),
  });
  return {
    route: choice,
    reporter: observedLink(reporter, observer),
    through: (link) =>
      new TimedLink(link, {
        clock: systemClock,
        told: ({ protocol, ...outcome }) => {
          spawn(
            'reading the state of this machine',
            readMachineState().then((machine) => observer.machine(machine)),
          );
          const wanted = choice.sent(protocol, outcome);
          if (wanted !== null) link.changeSession(`changes to ${wanted.reason}`.slice(0, reasonCharsMax));
        },
      }),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function pretrainedPath(folder: string | null, strategy: string): string | null {
  return folder === null ? null : join(folder, `selection-${strategy}.json`);
}

/** The first that is there; one that cannot be used is said, and the next is tried. */
async function firstTable(paths: readonly (string | null)[], reporter: Reporter): Promise<SelectionTable | null> {
  for (const path of paths) {
    if (path === null) continue;
    try {
      const table = await readSelectionTable(path);
      if (table !== null) return table;
    } catch (error) {
      warn(reporter, error);
    }
  }
  return null;
}

/** Writes what was learned, one at a time and only the newest; a disk that will not take it is said once. */
class TableStore implements AsyncDisposable {
  readonly #path: string | null;
  readonly #reporter: Reporter;
  #next: SelectionTable | null = null;
  #writing: Promise<void> | null = null;
  #failed = false;

  constructor(path: string | null, reporter: Reporter) {
    this.#path = path;
    this.#reporter = reporter;
  }

  keep(table: SelectionTable): void {
    if (this.#path === null) return;
    this.#next = table;
    this.#writing ??= this.#write(this.#path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
  }

  async #write(path: string): Promise<void> {
    while (this.#next !== null) {
      const table = this.#next;
      this.#next = null;
      try {
        await writeSelectionTable(path, table);
      } catch (error) {
        if (!this.#failed) warn(this.#reporter, error);
        this.#failed = true;
      }
    }
    this.#writing = null;
  }
}

function warn(reporter: Reporter, error: unknown): void {
  const report = toErrorReport(error);
  reporter.event('notice', { level: 'warning', text: report.message.slice(0, 1000), error: report });
}
