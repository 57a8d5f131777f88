import { RoundscopeError } from '#shared/base/errors.ts';
import { findPieceLimit, takesNone } from '../credited/piece-limit.ts';
import type { AmqpConnection } from './connection.ts';

/** What a broker elsewhere takes, found out at its first connection and kept for the next ones. Decision 0063. */
export class MessageLimits {
  /** By address, without secrets. */
  readonly #known = new Map<string, number>();

  /**
   * Keeps the connection's messages to what its broker takes.
   * @param queue a name of one's own, for messages to oneself
   * @returns why larger ones are not taken, in the broker's words; null: those that were wanted are, or it was known
   * @throws RoundscopeError `broker_refused` when it takes none that is of use
   */
  async apply(connection: AmqpConnection, queue: string): Promise<string | null> {
    const { url } = connection;
    const known = this.#known.get(url);
    if (known !== undefined) {
      connection.limitContent(known);
      return null;
    }
    const { bytes, said } = await findPieceLimit(connection.contentBytesMax, (wanted) =>
      connection.echo(queue, wanted),
    );
    if (bytes === null) {
      throw new RoundscopeError('broker_refused', {
        layer: 'transport',
        message: `the broker at ${url} ${takesNone(said, 'max_message_size')}`,
        context: { url },
      });
    }
    this.#known.set(url, bytes);
    connection.limitContent(bytes);
    return said === '' ? null : said;
  }

  /** The broker has changed. */
  forget(url: string): void {
    this.#known.delete(url);
  }
}
