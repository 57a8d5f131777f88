import type { Clock } from '#shared/base/time/clock.ts';
import type { MessageId, ParticipantId, RunId } from '#shared/contract/ids.ts';
import { contractVersion, type MessageHeader, type Outgoing } from '#shared/contract/messages.ts';

/** The header of a message as it is sent now. */
export function headerOf(
  { kind, round, body, replyTo, payload }: Outgoing,
  by: {
    readonly run: RunId;
    readonly sender: ParticipantId;
    readonly id: MessageId;
    readonly clock: Clock;
  },
): MessageHeader {
  return {
    version: contractVersion,
    run: by.run,
    sender: by.sender,
    kind,
    round,
    id: by.id,
    ...(replyTo === undefined ? {} : { replyTo }),
    sentAt: by.clock.wallMs(),
    body,
    ...(payload === undefined
      ? {}
      : {
          payload: {
            hash: payload.hash,
            length: payload.bytes.byteLength,
            encoding: kind === 'model_graph' ? 'onnx' : 'safetensors',
          },
        }),
  } as MessageHeader;
}
