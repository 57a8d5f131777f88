import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { timing } from '#shared/contract/limits.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { dial, never, serve, stranger } from '#test/support/brokers/amqp-kit.ts';
import { until } from '#test/support/until.ts';
import { tapAmqp } from '#test/support/taps/amqp.ts';
import { missingRabbitmq, startRabbitmq, type RunningRabbitmq } from '#test/support/brokers/rabbitmq.ts';
import { sessionType } from './session-message.ts';

const run = 'r-will';

describe('a last will that is put again', { skip: missingRabbitmq() }, () => {
  let rabbitmq: RunningRabbitmq;
  before(async () => {
    rabbitmq = await startRabbitmq(run);
  });
  after(async () => {
    await rabbitmq[Symbol.asyncDispose]();
  });

  /** Messages of that queue which somebody keeps. */
  async function kept(queue: string): Promise<number> {
    const name = `rabbit_misc:r(<<"/">>, queue, <<"${queue}">>)`;
    const said = await rabbitmq.tell(
      `{ok, Q} = rabbit_amqqueue:lookup(${name}), proplists:get_value(messages_unacknowledged, rabbit_amqqueue:info(Q, [messages_unacknowledged])).`,
    );
    return Number(/\d+/.exec(said)?.[0]);
  }

  test('takes the place of the one before, so that none is kept for longer than a broker bears', async () => {
    const due: (() => void)[] = [];
    const timer = (ms: number, callback: () => void): Disposable => {
      if (ms !== timing.amqpWillMs) return systemClock.timer(ms, callback);
      due.push(callback);
      return { [Symbol.dispose]: () => undefined };
    };
    await using served = await serve(run, rabbitmq.url);
    const near = await dial(served, run, { clock: { ...systemClock, timer } });
    const { stream } = await near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal: never });
    const will = stream.replace('.control', '.will');
    for (let times = 1; times <= 3; times++) {
      due.at(-1)?.();
      await until(() => due.length > times);
    }
    await until(async () => (await kept(will)) === 1);

    near.abort?.();
    const end = await served.sessions[0]?.closed;
    assert.deepEqual([end?.code, end?.reason], ['lost', 'the broker says that the other end vanished']);
  });

  test('that is passed on while its sender lives ends nothing', async () => {
    const due: (() => void)[] = [];
    const timer = (ms: number, callback: () => void): Disposable => {
      if (ms !== timing.amqpWillMs) return systemClock.timer(ms, callback);
      due.push(callback);
      return { [Symbol.dispose]: () => undefined };
    };
    await using served = await serve(run, rabbitmq.url);
    const near = await dial(served, run, { clock: { ...systemClock, timer } });
    const { stream } = await near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal: never });
    await using tap = await tapAmqp(rabbitmq, { stream });
    due.at(-1)?.();
    assert.ok(typeof tap.sayGone === 'function');
    await tap.sayGone();
    await systemClock.sleep(timing.doubtMs + 300, { signal: never });
    const [far] = served.sessions;
    await far?.send({ lane: 'control', parts: [Uint8Array.of(2)] }, { signal: never });
    for await (const { parts } of near.frames()) {
      assert.equal(parts[0]?.[0], 2);
      break;
    }
    await near.close('clean', 'done');
  });

  test('stays in its place whatever somebody else puts there', async () => {
    await using served = await serve(run, rabbitmq.url);
    const near = await dial(served, run);
    const { stream } = await near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, { signal: never });
    const will = stream.replace('.control', '.will');
    const evil = await stranger(rabbitmq.url);
    for (let i = 0; i < 5; i++)
      await evil.publish('control', { queue: will, type: sessionType, content: Buffer.from('none of ours') });
    await until(async () => (await kept(will)) === 1);
    near.abort?.();
    assert.equal((await served.sessions[0]?.closed)?.reason, 'the broker says that the other end vanished');
    await evil.end();
  });
});
