/** Why a verdict is over when its cause is. */
export function overBecause(rule: string, subject: string): string {
  return words[rule]?.(subject) ?? `${subject} is heard of again`;
}

const words: Readonly<Record<string, (subject: string) => string>> = {
  'connection-per-message': (subject) => `${subject} keeps one connection open again`,
  'participant-restarting': (subject) => `${subject} is back`,
  'participant-paused': (subject) => `${subject} goes on`,
  'process-frozen': (subject) => `${subject}'s process goes on`,
  'link-flapping': (subject) => `the link of ${subject} holds again`,
  'trainer-frozen': (subject) => `${subject} trains again`,
  'trainer-starved': (subject) => `${subject} trains again`,
  'first-step-slow': (subject) => `${subject} has made its first step`,
  'transfer-stuck': (subject) => `the transfer of ${subject} moves again`,
  'coordinator-restarting': () => 'the coordinator is back',
  'coordinator-frozen': () => 'the coordinator goes on',
  'answer-awaited': (subject) => `${subject} waits for your answer no more`,
  'waits-to-be-let-in': () => 'the coordinator has answered',
  'coordinator-silent': () => 'the coordinator answers again',
  'broker-lost': () => 'the broker is back',
  'broker-drops': () => 'the connection to the broker holds again',
  'broker-obstacle': () => 'nothing is held up by the broker any more',
  'broker-blocked': () => 'the broker takes messages again',
  'machine-overloaded': () => 'this machine keeps up again',
  'claims-more': (subject) => `${subject} says what it has registered`,
  'update-refused': (subject) => `an update of ${subject} counts`,
  'update-too-long': (subject) => `the update of ${subject} is as long as others`,
  'update-opposes': (subject) => `the update of ${subject} points where the others do`,
  'weighs-most': (subject) => `${subject} no longer carries most of a round`,
  'evaluation-outlier': (subject) => `${subject} reports what the others do`,
  'many-out-of-reach': () => 'they are heard of again',
};
