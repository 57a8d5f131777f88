import { violated } from '#shared/base/invariant.ts';
import { limits } from '#shared/contract/limits.ts';

/** What can be seen of an outbox from outside at the cost of a look at its open transfers. */
export interface OutboxFigures {
  readonly controls: number;
  /** Number of the oldest control message that is not acknowledged; 0: all are. */
  readonly firstSeq: number;
  /** Number of the newest one in the outbox; 0: none is. */
  readonly newestSeq: number;
  /** Number of the newest one that was ever put in. */
  readonly lastSeq: number;
  readonly bytes: number;
  readonly transfers: Iterable<{ readonly totalBytes: number; readonly peerBytes: number }>;
}

/** Numbers without gaps, bytes that add up, and no more of either than there is room for. @throws InvariantError */
export function checkOutbox({ controls, firstSeq, newestSeq, lastSeq, bytes, transfers }: OutboxFigures): void {
  if (controls > 0 && (newestSeq !== lastSeq || newestSeq - firstSeq + 1 !== controls))
    violated(`${controls} messages are numbered ${firstSeq} to ${newestSeq}, and ${lastSeq} was the last`);
  let [count, sum] = [0, 0];
  for (const { totalBytes, peerBytes } of transfers) {
    count++;
    sum += totalBytes;
    if (peerBytes > totalBytes) violated(`${peerBytes} of ${totalBytes} bytes are acknowledged`);
  }
  if (sum !== bytes) violated(`the outbox holds ${sum} bytes and counts ${bytes}`);
  if (count > 1 && bytes > limits.outboxBytesMax) violated(`the outbox holds ${bytes} bytes`);
  // One more: the answer that a message cannot be read takes no turn.
  if (controls + count > limits.outboxMessagesMax + 1) violated(`the outbox holds ${controls + count} messages`);
}

export interface InboxFigures {
  readonly received: number;
  readonly finished: number;
  readonly transfers: Iterable<{ readonly receivedBytes: number; readonly info: { readonly length: number } }>;
}

/** What has been received only grows, and is bounded whatever the peer sends. @throws InvariantError */
export function checkInbox(before: number, { received, finished, transfers }: InboxFigures): void {
  if (received < before || received > before + 1) violated(`message ${received} was received after ${before}`);
  if (finished > limits.seenMessagesMax) violated(`${finished} finished transfers are remembered`);
  let open = 0;
  for (const { receivedBytes, info } of transfers) {
    open++;
    if (receivedBytes > info.length) violated(`${receivedBytes} bytes of a transfer of ${info.length}`);
  }
  if (open > limits.transfersPerPeerMax) violated(`${open} transfers are open`);
}

/** Of what has arrived and was not read, at most one message is beyond the limit at which reading stops. @throws InvariantError */
export function checkQueue({ messages, bytes }: { readonly messages: number; readonly bytes: number }): void {
  if (messages < 0 || bytes < 0 || (messages === 0 && bytes !== 0)) violated(`${messages} messages of ${bytes} bytes`);
  if (messages > limits.outboxMessagesMax) violated(`${messages} messages wait for their reader`);
  if (bytes > (limits.unreadPayloadsMax + 1) * limits.payloadBytesMax) violated(`${bytes} bytes wait for their reader`);
}
