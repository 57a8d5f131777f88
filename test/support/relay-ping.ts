import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { systemClock } from '#engine/host/system-clock.ts';
import { seededRandom } from '#shared/base/random.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import { networkFigures } from '#shared/contract/run/network.ts';
import { ParticipantNetwork } from '#engine/relay/participant-network.ts';

/**
 * Pings over UDP on this namespace's loopback, one after the other, straight or through a relay; prints the median round
 * trip in milliseconds. Arguments: `straight`, or `relay LATENCY_MS`.
 */
const [way, latency = '0'] = process.argv.slice(2);
const pings = 15;

const echo = createSocket('udp4');
echo.on('message', (bytes, from) => echo.send(bytes, from.port, from.address));
echo.bind(0, '127.0.0.1');
await once(echo, 'listening');
const host = '127.0.0.1';
const { port } = echo.address();
await using network = new ParticipantNetwork({
  participant: asParticipantId('node-1'),
  clock: systemClock,
  random: seededRandom(1),
});
const [through] = await network.open([{ protocol: 'quic', provider: 'quinn', host, port }]);
const figures = { ...networkFigures.none, latencyMs: Number(latency) };
network.set({ preset: 'none', figures, outage: 'none' });

const socket = createSocket('udp4');
socket.connect(way === 'relay' ? (through?.port ?? 0) : port, host);
await once(socket, 'connect');
const times: number[] = [];
for (let i = 0; i < pings; i++) {
  const startedMs = systemClock.monotonicMs();
  const answered = once(socket, 'message');
  socket.send(String(i));
  await answered;
  times.push(systemClock.monotonicMs() - startedMs);
}
process.stdout.write(`${times.toSorted((a, b) => a - b)[Math.floor(pings / 2)]}\n`);
socket.close();
echo.close();
