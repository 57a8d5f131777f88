import { RoundscopeError } from '#shared/base/errors.ts';
import { previewSplit } from '#engine/trainer/data/preview.ts';
import { decideAdmission, expelParticipant, inviteParticipant, renewInvitation } from '../runs/admission.ts';
import type { AppService } from '../app-service.ts';
import { approvalsOf } from '../checks/approvals.ts';
import { checkInvitation } from '../checks/check-invitation.ts';
import { checkMachine } from '../checks/check-machine.ts';
import { completePath } from '../checks/complete-path.ts';
import { coordinateRun } from '../runs/coordinate-run.ts';
import { DataPreviews } from '../checks/data-previews.ts';
import { NetworkPreviews } from '../checks/network-previews.ts';
import type { Federation } from '../runs/federation.ts';
import { joinRun } from '../runs/join-run.ts';
import { libraryRequests } from '../library/library-requests.ts';
import { ownAddresses } from '../checks/own-addresses.ts';
import type { RequestHandlers } from './port-server.ts';
import { noDialog } from './service-errors.ts';
import { startNow } from '../runs/start-now.ts';
import { recordingRequests } from '../replay/recording-requests.ts';

/** What a renderer may ask, in terms of the service. */
export function requestHandlers(service: AppService): RequestHandlers {
  const previews = new DataPreviews(service.clock);
  const networks = new NetworkPreviews(service.clock);
  return {
    ...recordingRequests(service),
    ...libraryRequests(service),
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
    preview_split: ({ settings }) => previewSplit(settings),
    check_invitation: (asked) => checkInvitation(asked, service.lookingParts),
    preview_data: (asked) => previews.look(asked),
    preview_network: (asked) => networks.look(asked),
    coordinate_run: (asked) => coordinateRun(service, asked),
    start_now: async () => {
      startNow(service);
      return {};
    },
    decide_admission: async (asked) => {
      await decideAdmission(service, asked);
      return {};
    },
    expel_participant: async (asked) => expelParticipant(service, asked),
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
    complete_path: (asked) => completePath(asked),
    choose_folder: async ({ title, files = null }) => {
      if (service.desktop === undefined) throw noDialog();
      return { path: await service.desktop.chooseFolder(title, files) };
    },
    own_addresses: async () => ownAddresses(await checkMachine(service.app.dataFolder, service.clock)),
    approvals: async ({ participant }) => approvalsOf(service.app.dataFolder, participant),
    check: async () => ({ lines: await checkMachine(service.app.dataFolder, service.clock) }),
  };
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
