/** Whether an update was refused because it came too late, as the coordinator's reason says. */
export function isLateReason(reason: string): boolean {
  return /^training of round \d+ is over$|^this is round \d+,/.test(reason);
}
