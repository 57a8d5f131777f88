import mqtt from 'mqtt';
import { RoundscopeError } from '#shared/base/errors.ts';
import { PieceRefused } from '../credited/piece-size.ts';

/** Reason codes of CONNACK, MQTT 3.1.1 (table 3.1) and 5 (section 3.2.2.2), that another way of asking may help with. */
const unsupportedVersion: readonly unknown[] = [1, 132];
const retainNotSupported = 154;
/** Of PUBACK, MQTT 5. */
const packetTooLarge = 149;

/** How a broker wants to be spoken to, learnt from what it refuses. MQTT 5 first, since it says why. */
export class Dialect {
  version: 4 | 5;
  /** It keeps retained messages. */
  retains = true;

  constructor(version: 4 | 5 = 5) {
    this.version = version;
  }

  /** Whether another attempt may be accepted after this failure. */
  learn(error: unknown): boolean {
    const code = error instanceof RoundscopeError ? error.context['reasonCode'] : undefined;
    if (this.version === 5 && unsupportedVersion.includes(code)) {
      this.version = 4;
      return true;
    }
    if (!this.retains || code !== retainNotSupported) return false;
    this.retains = false;
    return true;
  }
}

/** What a broker says by a reason code, with the text that it gives beside it, if any. */
export function brokerWords(code: number, reasonString?: unknown): string {
  const known: Readonly<Record<number, string>> = mqtt.ReasonCodes;
  const words = known[code] ?? '';
  const text = typeof reasonString === 'string' ? reasonString.slice(0, 200) : '';
  if (words === '') return text === '' ? `reason code ${code}` : text;
  return text === '' || text === words ? words : `${words}, ${text}`;
}

/** Why a publish was not taken: a refusal with the broker's words, or what else befell it. */
export function refusalOf(error: Error, answer: unknown): Error {
  const code: unknown = Reflect.get(error, 'code');
  if (typeof code !== 'number') return error;
  return new PieceRefused(brokerWords(code, reasonStringOf(answer)), code === packetTooLarge);
}

export function reasonStringOf(packet: unknown): unknown {
  const properties: unknown = packet instanceof Object ? Reflect.get(packet, 'properties') : undefined;
  return properties instanceof Object ? Reflect.get(properties, 'reasonString') : undefined;
}
