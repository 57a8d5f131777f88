import { amqp } from './amqp.ts';
import { dds } from './dds.ts';
import { grpc } from './grpc.ts';
import { memory } from './memory.ts';
import { mqtt } from './mqtt.ts';
import { quic } from './quic.ts';

/** One line for each transport between processes, in the order in which screens list them. Decision 0119. */
export const spoken = { quic, mqtt, amqp, grpc, dds };

/** `memory` joins both ends in one process. */
export const descriptors = { ...spoken, memory };
