/**
 * Ends the process as soon as nothing holds it open. Left to itself Node 24 then tears its environment down and waits
 * there for every request and handle; where a socket went away at the wrong moment one of them never ends, and the process
 * stays, at full load and deaf to signals that JavaScript would answer. Ending it by word leaves that out.
 */
export function exitWhenIdle(): void {
  process.once('beforeExit', (status) => process.exit(status));
}
