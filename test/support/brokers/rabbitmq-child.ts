import { startRabbitmq } from './rabbitmq.ts';

/** A process that starts a broker, says where, and stays until it is ended. */
const { broker } = await startRabbitmq('r-child');
const { pid, folder } = broker.place;
process.stdout.write(`${JSON.stringify({ pid, folder })}\n`);
setInterval(() => undefined, 60_000);
