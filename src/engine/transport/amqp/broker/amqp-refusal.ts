import { createRequire } from 'node:module';

/** connection.close: class 10, method 50 (AMQP 0-9-1, section 1.4). */
const connectionClose = (10 << 16) + 50;

type OnFrame = (error: Error | null, frame: object | null) => void;

/** What is used of amqplib's connection before it is open, which its types do not show. */
interface Opening {
  /** Calls back with the next frame. */
  step(onFrame: OnFrame): void;
}

let heard = false;

/**
 * A broker that does not let us into a virtual host closes the connection with its reason. amqplib 2.3 keeps that to itself:
 * "Expected ConnectionOpenOk; got <ConnectionClose channel:0>" is all that it says, of a missing virtual host as of a limit of
 * connections, of which one passes. From now on its error holds the broker's words, as it does of a connection that was open.
 * Another version that is made otherwise says what it says by itself.
 */
export function hearRefusals(): void {
  if (heard) return;
  heard = true;
  const opening = openingOfAmqplib();
  if (opening === null) return;
  const { step } = opening;
  opening.step = function hearing(this: Opening, onFrame: OnFrame): void {
    step.call(this, (error, frame) => {
      const refusal = error === null ? refusalIn(frame) : null;
      if (refusal === null) onFrame(error, frame);
      else onFrame(new Error(refusal), null);
    });
  };
}

/** In amqplib's own form for it. */
function refusalIn(frame: object | null): string | null {
  if (frame === null || !('id' in frame) || frame.id !== connectionClose || !('fields' in frame)) return null;
  const { replyCode, replyText } = frame.fields as { readonly replyCode?: unknown; readonly replyText?: unknown };
  return `Connection closed: ${String(replyCode)} with message "${String(replyText)}"`;
}

function openingOfAmqplib(): Opening | null {
  try {
    // The package exports no path to it.
    const inAmqplib = createRequire(createRequire(import.meta.url).resolve('amqplib'));
    const { Connection } = inAmqplib('./lib/connection.js') as { readonly Connection?: { readonly prototype: object } };
    const prototype = Connection?.prototype;
    return prototype !== undefined && 'step' in prototype && typeof prototype.step === 'function'
      ? (prototype as Opening)
      : null;
  } catch {
    // Another version: its files lie elsewhere.
    return null;
  }
}
