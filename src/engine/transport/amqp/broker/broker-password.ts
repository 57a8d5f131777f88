import { createHmac } from 'node:crypto';

/** Password at the coordinator's own broker of everybody who has the invitation. */
export function brokerPassword(token: string, run: string): string {
  return createHmac('sha256', token).update(`amqp broker\n${run}`).digest('hex');
}
