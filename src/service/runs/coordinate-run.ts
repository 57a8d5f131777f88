import { homedir } from 'node:os';
import type { PortAnswers, RequestOf } from '#shared/contract/app/port-api.ts';
import { bareHost } from '#engine/transport/addresses.ts';
import type { AppService } from '../app-service.ts';
import { dataOf, namedFiles, namedModel } from '../checks/typed-paths.ts';

/** Whoever opens a run in a window sends invitations and may wait for people until the next day. */
const registrationDeadlineMs = 24 * 3600 * 1000;

/**
 * Serves a run as a window's user asked. Relative paths begin at their home folder.
 * @throws RoundscopeError `already_running`, `port_in_use`, `data_missing`, ... when it could not start
 */
export async function coordinateRun(
  service: AppService,
  asked: RequestOf<'coordinate_run'>,
): Promise<PortAnswers['coordinate_run']> {
  const { name, rounds, quorum, localEpochs, deadlineMs, transport, port, announce, keepAwake } = asked;
  const { host, invitation } = await service.startCoordinator(
    {
      settings: {
        name,
        rounds,
        quorum,
        localEpochs,
        weightCap: asked.weightCap,
        normClip: asked.normClip,
        minimumParticipants: asked.participants,
        seed: 1,
        trainingDeadlineMs: deadlineMs,
        evaluationDeadlineMs: deadlineMs,
        registrationDeadlineMs,
      },
      transport,
      control: 'same',
      host: bareHost(asked.host),
      port,
      data: dataOf(asked.data, homedir()),
      identityFolder: service.app.dataFolder,
      ...(announce === undefined || announce === '' ? {} : { announce }),
      ...(asked.admission === undefined ? {} : { admission: asked.admission }),
      ...namedModel(asked.model, homedir()),
      ...namedFiles({ modelOut: asked.modelOut, startFrom: asked.startFrom }, homedir()),
    },
    { keepAwake },
  );
  return { run: host.run, invitation };
}
