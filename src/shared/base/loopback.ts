/** Whether what is sent to this host stays on the machine, so that others neither reach nor read it. With or without an IPv6 address's brackets. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
