import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { RoundscopeError } from '#shared/base/errors.ts';
import { ownFolder } from '#engine/host/own-folder.ts';
import { userPath } from '#engine/host/user-path.ts';
import { recordingSuffix } from '#engine/recorder/recording-names.ts';
import type { RequestOf } from '#shared/contract/app/port-api.ts';
import type { AppService } from '../app-service.ts';
import type { RequestHandlers } from '../windows/port-server.ts';
import type { RunRecording } from '../runs/run-recording.ts';

type RecordingRequest =
  | 'query_packets'
  | 'packet_detail'
  | 'tally_packets'
  | 'what_left'
  | 'open_recording'
  | 'close_recording'
  | 'seek'
  | 'play'
  | 'step'
  | 'recording_marks'
  | 'save_recording';

/** What a window may ask of what it is shown, and how it is shown something else. */
export function recordingRequests(service: AppService): Pick<RequestHandlers, RecordingRequest> {
  return {
    query_packets: (query, { source }) => source.queryPackets(query),
    packet_detail: async ({ id }, { source }) => ({ packet: await source.packetDetail(id) }),
    tally_packets: (query, { source }) => source.tallyPackets(query),
    what_left: (query, { source }) => source.whatLeft(query),
    open_recording: async ({ path }, viewer) => {
      await viewer.show(await service.recordings.open(userPath(path, homedir())));
      return {};
    },
    close_recording: async (_asked, viewer) => {
      service.recordings.showFirst(null);
      await viewer.showLive();
      return {};
    },
    seek: async ({ at }, { source }) => {
      await source.seek(at);
      return {};
    },
    play: async (asked, { source }) => {
      source.play(asked);
      return {};
    },
    step: async (asked, { source }) => {
      await source.step(asked);
      return {};
    },
    recording_marks: (_asked, { source }) => source.marks(),
    save_recording: async ({ minutes, bare }) => {
      const path = copyPath(service, { minutes, bare });
      ownFolder(dirname(path));
      return { path, ...(await recordingOf(service).saveCopy(path, { minutes, bare })) };
    },
  };
}

function copyPath(service: AppService, { minutes, bare }: RequestOf<'save_recording'>): string {
  const stamp = new Date(service.clock.wallMs()).toISOString().replace(/[:.]/g, '-');
  const run = service.host?.run ?? '';
  const name = `${run}-last-${minutes}-min-${bare === true ? 'for-others-' : ''}${stamp}${recordingSuffix}`;
  return join(service.app.dataFolder, 'saved', name);
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
