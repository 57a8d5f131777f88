import { dirname } from 'node:path';
import { RoundscopeError } from '#shared/base/errors.ts';
import { ownFolder } from '#engine/host/own-folder.ts';
import { previewSplit } from '#engine/trainer/data/preview.ts';
import { decideAdmission, expelParticipant, inviteParticipant, renewInvitation } from './admission.ts';
import type { AppService } from './app-service.ts';
import { checkInvitation } from './check-invitation.ts';
import { checkMachine } from './check-machine.ts';
import { completePath } from './complete-path.ts';
import { coordinateRun } from './coordinate-run.ts';
import { DataPreviews } from './data-previews.ts';
import type { Federation } from './federation.ts';
import { joinRun } from './join-run.ts';
import { ownAddresses } from './own-addresses.ts';
import type { RequestHandlers } from './port-server.ts';
import { startNow } from './start-now.ts';
import type { RunRecording } from './run-recording.ts';

/** What a renderer may ask, in terms of the service. */
export function requestHandlers(service: AppService): RequestHandlers {
  const previews = new DataPreviews();
  return {
    start_demo: async ({ settings }) => ({ run: (await service.startDemo(settings)).host.run }),
    start_comparison: async (settings) => {
      service.startComparison(settings);
      return {};
    },
    stop_run: async () => ({ stopped: await service.stop('stopped in the window') }),
    inject_fault: async ({ fault }) => {
      demoOf(service).inject(fault);
      return {};
    },
    clear_fault: async ({ fault }) => {
      demoOf(service).clear(fault);
      return {};
    },
    set_network: async ({ network }) => {
      await demoOf(service).setNetwork(network);
      return {};
    },
    join_run: (asked) => joinRun(service, asked),
    query_packets: (query) => recordingOf(service).queryPackets(query),
    packet_detail: async ({ id }) => ({ packet: await recordingOf(service).packetDetail(id) }),
    packet_histogram: (query) => recordingOf(service).histogram(query),
    save_recording: async ({ minutes, bare }) => {
      const path = service.recordingCopyPath(service.host?.run ?? '', { minutes, bare });
      ownFolder(dirname(path));
      return { path, ...(await recordingOf(service).saveCopy(path, { minutes, bare })) };
    },
    preview_split: ({ settings }) => previewSplit(settings),
    check_invitation: (asked) => checkInvitation(asked, service.lookingParts),
    preview_data: (asked) => previews.look(asked),
    coordinate_run: (asked) => coordinateRun(service, asked),
    start_now: async () => {
      startNow(service);
      return {};
    },
    decide_admission: async (asked) => {
      await decideAdmission(service, asked);
      return {};
    },
    expel_participant: async (asked) => {
      expelParticipant(service, asked);
      return {};
    },
    renew_invitation: async () => ({ invitation: await renewInvitation(service) }),
    invite_participant: async (asked) => ({ invitation: await inviteParticipant(service, asked) }),
    set_paused: async ({ paused }) => {
      const reason = paused ? 'paused by its user' : 'resumed by its user';
      service.tell('participant', { type: 'pause', on: paused, reason });
      return {};
    },
    keep_trying: async () => {
      service.tell('participant', { type: 'keep_trying' });
      return {};
    },
    try_now: async () => {
      service.tell('participant', { type: 'try_now' });
      return {};
    },
    recent_runs: async () => ({ runs: (await service.recents.list()).runs }),
    complete_path: ({ path }) => completePath(path),
    choose_folder: async ({ title }) => ({ path: await service.chooseFolder(title) }),
    own_addresses: async () => ownAddresses(await checkMachine(service.app.dataFolder)),
    check: async () => ({ lines: await checkMachine(service.app.dataFolder) }),
  };
}

function recordingOf(service: AppService): RunRecording {
  const recording = service.host?.recording;
  if (recording !== undefined && recording !== null) return recording;
  throw new RoundscopeError('not_running', {
    layer: 'recorder',
    message:
      service.host === null
        ? 'There is no recording yet: no run has been started.'
        : 'This run is not recorded; the notice at its start says why.',
  });
}

/** The parts of a running demo that a renderer may change. */
type Changeable = Required<Pick<Federation, 'inject' | 'clear' | 'setNetwork'>>;

function demoOf(service: AppService): Changeable {
  const federation = service.federation;
  if (federation?.inject !== undefined && federation.clear !== undefined && federation.setNetwork !== undefined) {
    return {
      inject: federation.inject.bind(federation),
      clear: federation.clear.bind(federation),
      setNetwork: federation.setNetwork.bind(federation),
    };
  }
  throw new RoundscopeError('not_running', {
    layer: 'service',
    message: 'Faults and networks can be changed only while a demo runs. Start one first.',
  });
}
